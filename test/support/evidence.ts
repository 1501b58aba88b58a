import { appendFileSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';

/** What a test saw of the program from outside. */
export type EvidenceKind = 'daemon' | 'command' | 'answer' | 'trace' | 'letter' | 'webhook' | 'error' | 'problem' | 'log';

/** Where a run of the tests gathers what the program shows; absent where one file runs by itself. */
const folder = process.env['MILLRACE_TEST_EVIDENCE'];

/** Characters that wait in memory before they are written. */
const most = 256 * 1024;

const waiting = new Map<EvidenceKind, string[]>();
const sizes = new Map<EvidenceKind, number>();
if (folder !== undefined) {
  process.on('exit', () => {
    for (const kind of waiting.keys()) flush(kind, folder);
  });
}

/** True where what the program shows is gathered. */
export const gathering = folder !== undefined;

/** Keeps a text that the program showed; `test/run.ts` searches all of them for secrets. */
export function evidence(kind: EvidenceKind, text: string): void {
  if (folder === undefined) return;
  const texts = waiting.get(kind) ?? [];
  waiting.set(kind, texts);
  texts.push(text);
  const size = (sizes.get(kind) ?? 0) + text.length;
  sizes.set(kind, size);
  if (size > most) flush(kind, folder);
}

function flush(kind: EvidenceKind, to: string): void {
  const texts = waiting.get(kind) ?? [];
  if (texts.length === 0) return;
  mkdirSync(to, { recursive: true });
  appendFileSync(join(to, `${kind} of ${basename(process.argv[1] ?? 'node')} ${process.pid}`), `${texts.join('\n')}\n`);
  texts.length = 0;
  sizes.set(kind, 0);
}
