import { failedIn } from '../../actors/failed-span.ts';
import type { Span } from '../../actors/trace.ts';
import type { SourceProgress } from './outlet.ts';
import { codeOf } from './trace.ts';
import type { TaskTrace } from './trace.ts';
import { endSends } from './trace-sends.ts';
import type { Sending } from './trace-sends.ts';

/** Batches of an epoch and source whose traces get a `commit` span of their own, at most. */
const maxCommits = 32;

/** What is traced of an epoch. */
export interface TracedEpoch {
  readonly epoch: number;
  readonly progress: readonly SourceProgress[];
  readonly sends: readonly Sending[] | null;
}

/** The last spans of an epoch: its outputs on their way, and its commit in the trace of each batch that was traced. */
export class CommitSpans {
  readonly #trace: TaskTrace;
  readonly #work: TracedEpoch;
  #sends: readonly Sending[] | null;
  #commits: readonly Span[] = [];

  constructor(trace: TaskTrace, work: TracedEpoch) {
    this.#trace = trace;
    this.#work = work;
    this.#sends = work.sends;
  }

  /** The transaction is open. */
  begin(): void {
    const { epoch, progress } = this.#work;
    this.#commits = progress.flatMap(({ topic, partition, position, traced }) => (traced ?? []).slice(0, maxCommits).map((context) => this.#trace.commit({ topic, partition, offset: position }, epoch, context)));
  }

  /** Outputs are written, and visible once the epoch is committed. */
  written(): void {
    endSends(this.#sends);
    this.#sends = null;
  }

  committed(): void {
    for (const span of this.#commits) span.end();
    this.#commits = [];
  }

  /** What was not done by now is not known to have happened. */
  failed(error: unknown): void {
    const code = codeOf(error);
    const span = this.#commits[0] ?? this.#sends?.[0]?.span;
    if (span !== undefined) failedIn(error, span.context);
    endSends(this.#sends, code);
    for (const span of this.#commits) span.end({}, code);
    this.#sends = null;
    this.#commits = [];
  }
}

/** Null where nothing of an epoch is traced. */
export function commitSpans(trace: TaskTrace, epoch: TracedEpoch): CommitSpans | null {
  return epoch.sends === null && epoch.progress.every(({ traced }) => traced === null) ? null : new CommitSpans(trace, epoch);
}
