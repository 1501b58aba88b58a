import type { z } from 'zod';
import type { StoreKey, StoreValue } from '../../actors/store.ts';
import type { ownAnswer } from '../admin/answers.ts';
import type { OpenState } from '../state/watched-directory.ts';
import { showEntry } from './state-entry.ts';
import { showKey } from './state-key.ts';
import { rangesOf, rangesOfKey } from './state-places.ts';

type TaskEntries = z.infer<typeof ownAnswer>['tasks'][number];

/** Entries that are looked at where those of one key lie among others: all of this happens in one go, and nothing else does meanwhile. */
const mostScanned = 200_000;

/** The state under a key in the stores that are open, as the applied epoch left it; at most `limit` entries of each task. */
export function entriesOfKey(open: readonly OpenState[], store: string, key: string, limit: number): { readonly tasks: TaskEntries[]; readonly more: boolean } {
  const tasks: TaskEntries[] = [];
  let more = false;
  for (const { task, state, stores } of open) {
    const holds = stores.get(store);
    if (holds === undefined) continue;
    const found = take(state.appliedRange.bind(state, store), holds, key, limit);
    more ||= found.more;
    if (found.entries.length > 0) tasks.push({ task, epoch: state.applied?.epoch ?? null, entries: found.entries });
  }
  return { tasks, more };
}

function take(read: (from: StoreKey, to: StoreKey) => Iterable<readonly [StoreKey, StoreValue]>, holds: Readonly<Record<string, unknown>>, key: string, limit: number): { entries: TaskEntries['entries']; more: boolean } {
  const exact = rangesOfKey(holds, Buffer.from(key).toString('latin1'));
  const entries: TaskEntries['entries'] = [];
  let scanned = 0;
  for (const [from, to] of exact ?? rangesOf(holds) ?? [['', '\u00ff'] as const]) {
    for (const [found, value] of read(from, to)) {
      scanned += 1;
      if (scanned > mostScanned) return { entries, more: true };
      const shown = exact === null ? showKey(found, holds) : null;
      if (shown !== null && (shown.key !== key || shown.entry === 'internal')) continue;
      if (entries.length === limit) return { entries, more: true };
      entries.push({ ...showEntry(found, value, holds) });
    }
  }
  return { entries, more: false };
}
