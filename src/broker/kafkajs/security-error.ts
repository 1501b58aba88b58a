import type { Failure } from '../../../actors/failure.ts';

/** A failure on its way through kafkajs that is not to be tried again there, of security for the most part: its retry loops end at `retriable: false` and keep only an error's `cause`. */
export class SecurityError extends Error {
  readonly retriable = false;
  override readonly cause: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.name = 'SecurityError';
    this.cause = failure;
  }
}
