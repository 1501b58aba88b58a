import { findEntries, summarize } from '../state/inspect.ts';
import type { FoundEntry, StoreSummary } from '../state/inspect.ts';
import { nearest } from '../topology/suggest.ts';
import type { Arguments } from './command.ts';
import { UsageError } from './command.ts';
import { exitCode } from './exit-code.ts';
import type { Output } from './output.ts';
import { showEntry } from './state-entry.ts';
import { showKey } from './state-key.ts';
import { rangesOf, rangesOfKey } from './state-places.ts';
import { nothingIn, stateTarget } from './state-selection.ts';
import type { StateTarget } from './state-selection.ts';

/** `millrace state get`: entries as JSON lines; with --json as one list. */
export function getState(args: Arguments, output: Output): number {
  const [, , store = '', text = ''] = args.positionals;
  const key = args.text('key');
  if (key !== undefined && text !== '') throw new UsageError('Say TEXT, which keys have in them, or --key KEY, not both.');
  const limit = limitOf(args.text('limit') as string);
  const target = stateTarget(args, output);
  if (target === null) return exitCode.config;
  const tasks = summarize(target.stateDir, target.selection);
  if (tasks.length === 0) {
    output.complain(nothingIn(target));
    return exitCode.ok;
  }
  const holds = holdsOf(store, tasks.flatMap(({ stores }) => stores));
  const found = take(key === undefined ? findEntries(target.stateDir, target.selection, store, { text, ranges: rangesOf(holds) }) : entriesOf(key, target, store, holds), limit);
  const shown = found.entries.map((entry) => ({ task: entry.task, ...showEntry(entry.key, entry.value, holds) }));
  output.print(args.on('json') ? `${JSON.stringify({ entries: shown, more: found.more }, null, 2)}\n` : shown.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
  if (shown.length === 0) output.complain(`Store ${store} has no entry${key !== undefined ? ` of key ${key}` : text === '' ? '' : ` with ${text} in its key`} here.\n`);
  else if (found.more && !args.on('json')) output.complain(`There are more: --limit, now ${limit}, says how many are printed.\n`);
  return exitCode.ok;
}

/** The entries of one key: from where they are, or, where they lie among others, out of all. */
function* entriesOf(key: string, { stateDir, selection }: StateTarget, store: string, holds: StoreSummary['holds']): Iterable<FoundEntry> {
  const ranges = rangesOfKey(holds, Buffer.from(key).toString('latin1'));
  for (const entry of findEntries(stateDir, selection, store, { text: key, ranges })) if (ranges !== null || showKey(entry.key, holds).key === key) yield entry;
}

function limitOf(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`--limit is a whole number from 1, not ${text}.`);
  return Number(text);
}

function holdsOf(store: string, stores: readonly StoreSummary[]): StoreSummary['holds'] {
  const found = stores.find(({ name }) => name === store);
  if (found !== undefined) return found.holds;
  const names = [...new Set(stores.map(({ name }) => name))];
  const near = nearest(store, names);
  throw new UsageError(`There is no store ${store} here${near !== null ? ` (did you mean ${near}?)` : names.length === 0 ? '' : `, but ${names.join(', ')}`}.`);
}

function take(entries: Iterable<FoundEntry>, limit: number): { readonly entries: FoundEntry[]; readonly more: boolean } {
  const taken: FoundEntry[] = [];
  for (const entry of entries) {
    if (taken.length === limit) return { entries: taken, more: true };
    taken.push(entry);
  }
  return { entries: taken, more: false };
}
