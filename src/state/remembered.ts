import type { RememberedTask } from '../../actors/remembered.ts';
import type { Attempt } from '../../actors/store.ts';
import { summarize } from './inspect.ts';
import { readPositions } from './positions.ts';

/**
 * What a state directory knows of a task, by the topology's group; null where it knows nothing. Where the task has stores it is what they were committed
 * at: an epoch that was only prepared counts where the daemon got as far as noting its commit. Where they do not say, there are no offsets.
 */
export function rememberedTask(stateDir: string, topology: string, task: string): RememberedTask | null {
  const noted = readPositions(stateDir, `${topology}/${task}`);
  const { applied = null, prepared = null } = summarize(stateDir, { topology, task })[0] ?? {};
  if (prepared !== null && isSame(prepared, noted)) return noted;
  if (applied === null || isSame(applied, noted)) return noted;
  return { offsets: {}, ...applied.at, epoch: applied.epoch, nonce: applied.nonce };
}

function isSame({ epoch, nonce }: Attempt, noted: RememberedTask | null): boolean {
  return noted?.epoch === epoch && noted.nonce === nonce;
}
