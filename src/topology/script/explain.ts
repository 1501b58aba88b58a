import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadMark } from './load.ts';

/** Longest text taken from an error. */
const maxLength = 300;

/** A place in a file of a script, in a stack or above the text of a syntax error. */
const place = new RegExp(`(file:[^\\s()]+?)${loadMark.source}:(\\d+)`);

/** What a script threw, in one line: `enrich.ts:3: expected a number`. */
export function explain(error: unknown, name: string): string {
  try {
    const [text = ''] = messageOf(error).split('\n', 1);
    return `${placeOf(error) ?? name}: ${text.replaceAll(new RegExp(loadMark.source, 'g'), '').slice(0, maxLength)}`;
  } catch {
    // Its message may itself be code that throws.
    return `${name}: threw an error that cannot be read`;
  }
}

/** Whether an error comes from a script: its stack names one, or it is none of the errors that Millrace itself throws. */
export function isOfScript(error: unknown): boolean {
  return !(error instanceof Error) || place.test(String(error.stack));
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return `threw ${typeof error === 'string' ? error : typeof error}`;
  const kind = error.name === 'Error' ? '' : `${error.name}: `;
  return `${kind}${error.message}`;
}

function placeOf(error: unknown): string | null {
  const match = place.exec(error instanceof Error ? String(error.stack) : '');
  if (match === null) return null;
  const [, url = '', line = ''] = match;
  return `${basename(fileURLToPath(url))}:${line}`;
}
