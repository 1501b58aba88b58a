/** How still something is. `busy`: at work; `waits`: its work goes on when the clock does; `rests`: nothing is left to do until records come, or a time that nothing waits for. */
export type Rest = 'busy' | 'waits' | 'rests';

/** That of the least still one. */
export function leastStill(all: Iterable<Rest>): Rest {
  let least: Rest = 'rests';
  for (const rest of all) {
    if (rest === 'busy') return rest;
    if (rest === 'waits') least = rest;
  }
  return least;
}
