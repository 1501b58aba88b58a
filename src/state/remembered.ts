import { summarize } from './inspect.ts';
import { readPositions } from './positions.ts';
import type { TaskPositions } from './positions.ts';

/** What a state directory knows of a task, by the topology's group; null where it knows nothing. Where the task has stores, the attempt is theirs. */
export function rememberedTask(stateDir: string, topology: string, task: string): TaskPositions | null {
  const positions = readPositions(stateDir, `${topology}/${task}`);
  const applied = summarize(stateDir, { topology, task })[0]?.applied ?? null;
  if (applied === null) return positions;
  return { offsets: {}, ...positions, epoch: applied.epoch, nonce: applied.nonce };
}
