import { binaryToTime } from '../../actors/keyed/binary.ts';
import type { StoreSummary } from '../state/inspect.ts';

/** A store's key as people read it. */
export interface ShownKey {
  /** What records are grouped by, where the key tells; else the whole key. */
  readonly key: string;
  /** Of an entry that is one window. */
  readonly window?: { readonly start: string; readonly end: string };
  /** Of an entry that is what one point of event time came to. */
  readonly time?: string;
  /** Of an entry that is kept for the node itself: when something is due, how far the tasks upstream are. */
  readonly entry?: 'internal';
}

/** Takes the key of a window node's store apart; its first character says how it is made (actors/window). Other keys are shown as they are. */
export function showKey(key: string, holds: StoreSummary['holds']): ShownKey {
  if (!('window' in holds)) return { key: showText(key) };
  const size = (holds['window'] as { readonly size?: number } | null)?.size;
  switch (key.charAt(0)) {
    case 'w':
      if (key.length < 9 || size === undefined) break;
      return { key: showText(key.slice(9)), window: { start: showTime(binaryToTime(key, 1)), end: showTime(binaryToTime(key, 1) + size) } };
    case 'p':
      if (key.length < 21) break;
      return { key: showText(key.slice(5, -16)), time: showTime(binaryToTime(key, key.length - 16)) };
    case 's':
    case 'k':
      return { key: showText(key.slice(1)) };
    default:
  }
  return { key: showText(key), entry: 'internal' };
}

/** A time as ISO 8601. */
export function showTime(time: number): string {
  return Math.abs(time) <= 8.64e15 ? new Date(time).toISOString() : String(time);
}

/** As text where it is UTF-8 that can be printed; other bytes as `\xNN`. */
export function showText(binary: string): string {
  const bytes = Buffer.from(binary, 'latin1');
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (!/\p{Cc}/u.test(text)) return text;
  } catch {
    // Not UTF-8.
  }
  return binary.replaceAll(/[^\x20-\x7e]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
