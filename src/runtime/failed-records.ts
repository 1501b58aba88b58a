import type { FailureCode } from '../../actors/failure.ts';
import type { StreamRecord } from '../../actors/record.ts';
import type { TraceContext } from '../../actors/trace.ts';

/** Records of an epoch that failed at a node in one way: how many, and where one of them was read. */
export interface FailedRecords {
  readonly node: number;
  readonly code: FailureCode;
  readonly count: number;
  readonly example: string;
  /** The span in which one of them failed; null where none was traced. */
  readonly trace: TraceContext | null;
}

/** Counts the records of a node that fail, by code, so that somebody is told without a line for each. */
export class FailedRecordCounts {
  readonly #counts = new Map<string, { node: number; code: FailureCode; count: number; example: string; trace: TraceContext | null }>();

  note(node: number, code: FailureCode, { origin, offset }: StreamRecord, trace: TraceContext | null = null): void {
    const key = `${node} ${code}`;
    const known = this.#counts.get(key);
    if (known === undefined) this.#counts.set(key, { node, code, count: 1, example: `${origin.topic}[${origin.partition}] offset ${offset}`, trace });
    else {
      known.count += 1;
      known.trace ??= trace;
    }
  }

  /** What was counted since the last call. */
  take(): FailedRecords[] {
    const failed = [...this.#counts.values()];
    this.#counts.clear();
    return failed;
  }
}
