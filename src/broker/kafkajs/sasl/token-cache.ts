import { asFailure } from '../../../../actors/failure.ts';
import type { Failure } from '../../../../actors/failure.ts';
import { Backoff } from '../backoff.ts';

/** A token, and until when it is good: milliseconds since 1970. */
export interface Token {
  readonly value: string;
  readonly expiresAt: number;
}

/** A token is replaced when this much of its life is over, or when so little is left, as by the Java client (sasl.login.refresh.window.factor, …buffer.seconds); but one that lives shortly not before half of it. */
const freshShare = 0.8;
const freshBuffer = 300_000;
const leastShare = 0.5;
/** A token this close to its end may be over before the broker sees it. */
const leastLife = 5_000;
/** How long a refusal holds before it is asked about again: no account is locked by asking, and no server is pressed. */
const refusalHolds = 10_000;

/** The token of one identity: got when it is needed, kept while it is fresh, one request at a time. */
export class TokenCache {
  readonly #fetch: () => Promise<Token>;
  readonly #now: () => number;
  readonly #backoff = new Backoff(500, 30_000);
  #token: (Token & { readonly staleAt: number }) | null = null;
  #fetching: Promise<Token> | null = null;
  #failed: { readonly failure: Failure; readonly until: number } | null = null;

  constructor(fetch: () => Promise<Token>, now: () => number = Date.now) {
    this.#fetch = fetch;
    this.#now = now;
  }

  /** A token that is good for some seconds at least. Rejects with the `Failure` of getting one. */
  async get(): Promise<string> {
    const now = this.#now();
    const token = this.#token;
    if (token !== null && now < token.staleAt) return token.value;
    const usable = token !== null && now < token.expiresAt - leastLife ? token : null;
    if (this.#failed !== null && now < this.#failed.until) {
      if (usable !== null) return usable.value;
      throw this.#failed.failure;
    }
    try {
      return (await this.#refresh()).value;
    } catch (error) {
      // One that is not fresh, but still good, carries over a server that is away.
      if (usable !== null) return usable.value;
      throw error;
    }
  }

  /** The broker refuses this one: the next is asked for anew. */
  forget(value: string): void {
    if (this.#token?.value === value) this.#token = null;
  }

  /** Whom the last token is about, where that can be read from it (`sub` of a JWT, which is what brokers take for the principal). */
  get subject(): string | null {
    const subject = this.#token === null ? undefined : claimsOf(this.#token.value)['sub'];
    return typeof subject === 'string' ? subject : null;
  }

  #refresh(): Promise<Token> {
    this.#fetching ??= this.#fetchOnce().finally(() => { this.#fetching = null; });
    return this.#fetching;
  }

  async #fetchOnce(): Promise<Token> {
    const asked = this.#now();
    try {
      const token = await this.#fetch();
      this.#token = { ...token, staleAt: staleAt(asked, token.expiresAt) };
      this.#failed = null;
      this.#backoff.reset();
      return token;
    } catch (error) {
      const failure = asFailure(error, 'broker_unavailable');
      const wait = failure.kind === 'fatal' ? refusalHolds : this.#backoff.next();
      this.#failed = { failure, until: this.#now() + wait };
      throw failure;
    }
  }
}

/** A broker ends a session with its token, so one that begins should have some time. */
function staleAt(asked: number, expiresAt: number): number {
  const life = expiresAt - asked;
  return asked + Math.max(life * leastShare, Math.min(life * freshShare, life - freshBuffer));
}

/** The claims of a JWT (RFC 7519), unchecked; none for other tokens. */
export function claimsOf(token: string): Readonly<Record<string, unknown>> {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return typeof claims === 'object' && claims !== null ? (claims as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
