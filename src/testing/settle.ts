import { setImmediate } from 'node:timers/promises';
import type { Rest } from '../runtime/rest.ts';
import type { CaseClock } from './clock.ts';

/** What is waited for. */
export interface Settling {
  readonly rest: Rest;
}

/** Turns of the event loop without work after which nothing is on its way any more: what one part tells another arrives within a few. */
const stillTurns = 20;

/** Time of the clock that a step may take, in milliseconds. */
const longest = 3_600_000;

/** Time of the machine that a step may take, in milliseconds. */
const patience = 30_000;

/** A step that does not come to an end. */
export class NotSettled extends Error {}

/** Resolves when nothing happens any more without the clock. */
export async function still(settling: Settling): Promise<void> {
  const deadline = performance.now() + patience;
  for (let turns = 0; turns < stillTurns; turns += 1) {
    await setImmediate();
    if (settling.rest !== 'busy') continue;
    turns = 0;
    if (performance.now() > deadline) throw new NotSettled(`still at work after ${patience / 1000} seconds`);
  }
}

/** Resolves when all that came in is worked on and committed; the clock goes on as far as that needs. */
export async function settle(settling: Settling, clock: CaseClock): Promise<void> {
  const end = clock.elapsed() + longest;
  for (;;) {
    await still(settling);
    if (settling.rest === 'rests') return;
    if (!clock.next(end - clock.elapsed())) throw new NotSettled('what came in is not all committed after an hour on the clock');
  }
}

/** Waits for what ends by itself, and lets the clock go on where that waits for it. */
export async function settleUntil(promise: Promise<unknown>, clock: CaseClock): Promise<void> {
  let over = false;
  const ended = promise.finally(() => {
    over = true;
  });
  // A rejection is told below.
  ended.catch(() => undefined);
  const isOver = (): boolean => over;
  while (!isOver()) {
    for (let turns = 0; turns < 2 * stillTurns && !isOver(); turns += 1) await setImmediate();
    if (!isOver()) clock.next(longest);
  }
  await ended;
}
