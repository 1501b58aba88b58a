import { versionsRange } from '../../actors/join/table-rows.ts';
import type { KeyRange, StoreSummary } from '../state/inspect.ts';

/** What `state get` looks at of a store; of a table the rows and what they replaced, not what is kept for the node itself; null for all. */
export function rangesOf(holds: StoreSummary['holds']): readonly KeyRange[] | null {
  return typeof holds['table'] === 'string' ? [['r', 's'], ['v', 'w']] : null;
}

/** Where the entries of one key are, a binary string, in a store that has them together; null where it has not. */
export function rangesOfKey(holds: StoreSummary['holds'], key: string): readonly KeyRange[] | null {
  const exactly = (place: string): KeyRange => [place, `${place}\0`];
  if (typeof holds['table'] === 'string') return [exactly(`r${key}`), versionsRange(key)];
  if (!('window' in holds)) return null;
  const { kind } = (holds['window'] ?? { kind: 'unbounded' }) as { readonly kind?: string };
  if (kind === 'unbounded') return [exactly(`k${key}`)];
  return kind === 'session' ? [exactly(`s${key}`)] : null;
}
