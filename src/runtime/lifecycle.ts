import type { LifecycleState } from '../../actors/status.ts';

/*
 *            ┌──────────────┐
 *            v              │ (assigned, broker back)
 *  created → starting → running ⇄ waiting
 *     │         │          │         │
 *     │         └────┬─────┴────┬────┘
 *     v              v          v
 *   stopped ←──── stopping   failing ──→ failed
 */

const transitions: Readonly<Record<LifecycleState, readonly LifecycleState[]>> = {
  created: ['starting', 'stopping'],
  starting: ['running', 'waiting', 'stopping', 'failing'],
  running: ['waiting', 'stopping', 'failing'],
  waiting: ['running', 'stopping', 'failing'],
  stopping: ['stopped', 'failing'],
  failing: ['failed'],
  stopped: [],
  failed: []
};

/** True once nothing can change any more. */
export function isFinal(state: LifecycleState): boolean {
  return transitions[state].length === 0;
}

/** A topology's state, which changes only along the table. */
export class Lifecycle {
  readonly #onChange: (to: LifecycleState, from: LifecycleState) => void;
  #state: LifecycleState = 'created';

  constructor(onChange: (to: LifecycleState, from: LifecycleState) => void) {
    this.#onChange = onChange;
  }

  get state(): LifecycleState {
    return this.#state;
  }

  /** True where the table allows the change. */
  allows(to: LifecycleState): boolean {
    return transitions[this.#state].includes(to);
  }

  /** Changes the state; a change the table does not have is a programmer's error. */
  become(to: LifecycleState): void {
    if (this.#state === to) return;
    if (!this.allows(to)) throw new Error(`A topology cannot go from ${this.#state} to ${to}.`);
    const from = this.#state;
    this.#state = to;
    this.#onChange(to, from);
  }
}
