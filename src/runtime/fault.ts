/**
 * Points in the life of an epoch, for tests that kill the process there: while records are processed (P0), and
 * after state is prepared (P1), outputs written (P2), offsets sent (P3), committed (P4), applied (P5), credited (P6).
 */
export type FaultPoint = 'P0' | 'P1' | 'P2' | 'P3' | 'P4' | 'P5' | 'P6';

/** Called at each point an epoch reaches. */
export type Reached = (point: FaultPoint, epoch: number) => void;

/** Nothing happens at any point. */
export const noFaults: Reached = () => undefined;

/**
 * Reads `P3:kill@5`: the process kills itself (SIGKILL) at P3 of the fifth epoch it sees there; without `@n`
 * at the first after the start's own epoch 0. For tests only.
 */
export function faultsFrom(text: string | undefined): Reached {
  const match = /^(P[0-6]):kill(?:@(\d+))?$/.exec(text ?? '');
  if (match === null) return noFaults;
  const [, point, nth = '1'] = match;
  let left = Number(nth);
  return (reached, epoch) => {
    if (reached !== point || epoch === 0) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  };
}
