import type { FailureCode } from '../../actors/failure.ts';
import type { StreamRecord } from '../../actors/record.ts';

/** Records of an epoch that failed at a node in one way: how many, and where one of them was read. */
export interface FailedRecords {
  readonly node: number;
  readonly code: FailureCode;
  readonly count: number;
  readonly example: string;
}

/** Counts the records of a node that fail, by code, so that somebody is told without a line for each. */
export class FailedRecordCounts {
  readonly #counts = new Map<string, { node: number; code: FailureCode; count: number; example: string }>();

  note(node: number, code: FailureCode, { origin, offset }: StreamRecord): void {
    const key = `${node} ${code}`;
    const known = this.#counts.get(key);
    if (known !== undefined) known.count += 1;
    else this.#counts.set(key, { node, code, count: 1, example: `${origin.topic}[${origin.partition}] offset ${offset}` });
  }

  /** What was counted since the last call. */
  take(): FailedRecords[] {
    const failed = [...this.#counts.values()];
    this.#counts.clear();
    return failed;
  }
}
