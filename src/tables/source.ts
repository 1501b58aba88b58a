import type { Failure } from '../../actors/failure.ts';

/** Why a source is looked at: its time has come, somebody waits for what it has by now, or that whatever it costs. */
export type Reason = 'due' | 'asked' | 'forced';

/** What a table is read from. */
export interface Source {
  /** Milliseconds between two looks. */
  readonly interval: number;
  /** Brings the table to what the source has now. Rejects with a `Failure`; retryable ones are tried again, and what was reached so far is kept. */
  look(reason: Reason, signal: AbortSignal): Promise<void>;
}

/** Whom a source tells. */
export interface SourceListener {
  /** The table holds a new state of the source. */
  loaded(): void;
  /** Rows were left out; why the first of them was. */
  skipped(rows: number, reason: Failure): void;
}
