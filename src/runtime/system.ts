import { dispatch, spawn, start, stop } from 'nact';
import type { Ref } from 'nact';

/** How an actor is made. */
export interface ActorSpec<M> {
  readonly name: string;
  /** Handles one message; the next one waits until a returned promise is settled. */
  receive(message: M): void | Promise<void>;
  /** Called once, with what `receive` threw; the actor takes no more messages after that. */
  onFault(error: unknown): void;
}

/**
 * An actor of nact, with the traps of nact 7.6 closed: a crash neither stops silently nor escalates (an
 * escalation lets two messages of one actor be handled at once), and telling a dead actor is no silent no-op.
 */
export class Actor<M> {
  readonly name: string;
  readonly #ref: Ref<M>;
  readonly #onUndelivered: () => void;
  #alive = true;

  constructor(parent: Ref<never>, spec: ActorSpec<M>, onUndelivered: () => void) {
    this.name = spec.name;
    this.#onUndelivered = onUndelivered;
    const receive = async (_: undefined, message: M): Promise<undefined> => {
      if (!this.#alive) return undefined;
      try {
        await spec.receive(message);
      } catch (error) {
        this.#alive = false;
        spec.onFault(error);
      }
      return undefined;
    };
    this.#ref = spawn(parent, receive as never, spec.name, { onCrash: (_m: unknown, _e: unknown, context: { resume: unknown }) => context.resume } as never);
  }

  /** Puts a message into the mailbox; false when the actor is no more, which is counted. */
  tell(message: M): boolean {
    if (!this.#alive) {
      this.#onUndelivered();
      return false;
    }
    dispatch(this.#ref, message);
    return true;
  }

  /** Starts a child; it stops with its parent. */
  spawn<N>(spec: ActorSpec<N>): Actor<N> {
    return new Actor(this.#ref, spec, this.#onUndelivered);
  }

  /** Stops the actor and its children; what is still in its mailbox is dropped. Safe to call twice. */
  stop(): void {
    if (!this.#alive) {
      // A faulted actor is dead to us but nact still holds it: release its name.
      stop(this.#ref);
      return;
    }
    this.#alive = false;
    stop(this.#ref);
  }
}

/** The root of all actors of a daemon. This file alone knows nact. */
export class ActorSystem {
  readonly #ref = start();
  /** Messages told to actors that were gone. */
  undelivered = 0;

  spawn<M>(spec: ActorSpec<M>): Actor<M> {
    return new Actor(this.#ref, spec, () => {
      this.undelivered += 1;
    });
  }

  /** Stops every actor. */
  stop(): void {
    stop(this.#ref);
  }
}
