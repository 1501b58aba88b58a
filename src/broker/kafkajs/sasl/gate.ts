import type { Failure } from '../../../../actors/failure.ts';
import { SecurityError } from '../security-error.ts';

/** After a refusal nobody asks again for so long: many servers lock an account after a few wrong passwords. */
const refusalHolds = 10_000;
/** Once a broker has taken the credentials, all that come within this time go on side by side. */
const proofHolds = 1_000;

/**
 * Lets the connections of a daemon authenticate one after the other at each broker until the first is through, so that credentials that became
 * wrong are refused once, not once for each connection.
 */
export class Gate {
  readonly #leading = new Map<string, Promise<void>>();
  readonly #provenAt = new Map<string, number>();
  #refused: { readonly failure: Failure; readonly until: number } | null = null;

  /** Runs one authentication at an address, or rejects as another one just did. */
  async pass(address: string, authenticate: () => Promise<void>): Promise<void> {
    this.#assertNotRefused();
    if (Date.now() - (this.#provenAt.get(address) ?? -Infinity) < proofHolds) return this.#run(address, authenticate);
    const leader = this.#leading.get(address);
    if (leader !== undefined) {
      await leader;
      return this.#run(address, authenticate);
    }
    const leading = this.#run(address, authenticate);
    this.#leading.set(address, leading);
    try {
      await leading;
    } finally {
      this.#leading.delete(address);
    }
  }

  async #run(address: string, authenticate: () => Promise<void>): Promise<void> {
    try {
      await authenticate();
      this.#provenAt.set(address, Date.now());
    } catch (error) {
      if (error instanceof SecurityError && error.cause.kind === 'fatal') {
        this.#provenAt.clear();
        this.#refused ??= { failure: error.cause, until: Date.now() + refusalHolds };
      }
      throw error;
    }
  }

  #assertNotRefused(): void {
    if (this.#refused === null) return;
    if (Date.now() < this.#refused.until) throw new SecurityError(this.#refused.failure);
    this.#refused = null;
  }
}
