import { rateWindow } from '../../actors/alert-variables.ts';
import type { AlertValues } from '../../actors/alert-variables.ts';
import type { PartitionStatus, TopologyStatus } from '../../actors/status.ts';

/** What a look at a topology saw, as far as rates are told from it. */
interface Look {
  readonly at: number;
  readonly partitions: ReadonlyMap<string, PartitionStatus>;
  readonly written: number;
  readonly deadLetters: number;
  readonly skipped: number;
  readonly late: number;
  readonly latency: { readonly sum: number; readonly count: number };
}

/** Looks at one topology, one behind the other, and what the variables of its alerts are by them. Times are in milliseconds since 1970. */
export class Observations {
  /** The latest last; the first is as old as the window of rates, or older. */
  readonly #looks: Look[] = [];
  #started: number | null = null;

  /** Takes a look; gives the values of all variables. */
  look(status: TopologyStatus, now: number): AlertValues {
    this.#started ??= now;
    const look = lookOf(status, now);
    // Where the clock was put back, rates begin anew.
    if ((this.#looks.at(-1)?.at ?? now) > now) this.#looks.length = 0;
    this.#looks.push(look);
    while (this.#looks.length > 2 && (this.#looks[1] as Look).at <= now - rateWindow * 1000) this.#looks.shift();
    return { ...this.#rates(this.#looks[0] as Look, look), ...valuesNow(status, now, this.#started) };
  }

  #rates(first: Look, last: Look): Pick<AlertValues, 'input_rate' | 'processing_rate' | 'output_rate' | 'dead_letter_rate' | 'skipped_rate' | 'late_rate' | 'e2e_latency_seconds'> {
    const seconds = (last.at - first.at) / 1000;
    // Less than before: the topology was started anew.
    const rate = (before: number, after: number): number => (seconds > 0 ? Math.max(0, after - before) / seconds : 0);
    let input = 0;
    let processed = 0;
    for (const [key, { end, position }] of last.partitions) {
      const before = first.partitions.get(key);
      if (before === undefined) continue;
      input += rate(before.end, end);
      processed += rate(before.position, position);
    }
    const count = last.latency.count - first.latency.count;
    return {
      input_rate: input,
      processing_rate: processed,
      output_rate: rate(first.written, last.written),
      dead_letter_rate: rate(first.deadLetters, last.deadLetters),
      skipped_rate: rate(first.skipped, last.skipped),
      late_rate: rate(first.late, last.late),
      e2e_latency_seconds: count > 0 ? (last.latency.sum - first.latency.sum) / count : 0
    };
  }
}

function lookOf({ partitions, nodes, measured }: TopologyStatus, at: number): Look {
  const sum = (of: (node: TopologyStatus['nodes'][number]) => number): number => nodes.reduce((total, node) => total + of(node), 0);
  return {
    at,
    partitions: new Map(partitions.map((partition) => [`${partition.partition}/${partition.topic}`, partition])),
    written: sum(({ kind, counts }) => (kind === 'sink' ? counts.forwarded : 0)),
    deadLetters: sum(({ counts }) => counts.dead_lettered),
    skipped: sum(({ counts }) => counts.skipped),
    late: sum(({ counts }) => counts.late),
    latency: measured.latency.reduce((total, { records }) => ({ sum: total.sum + records.sum, count: total.count + records.count }), { sum: 0, count: 0 })
  };
}

function valuesNow({ state, tasks, lag, partitions, measured, lastCheckpoint, restores, tables }: TopologyStatus, now: number, started: number): Omit<AlertValues, `${string}_rate` | 'e2e_latency_seconds'> {
  const highest = (values: readonly number[]): number => values.reduce((most, value) => Math.max(most, value), 0);
  const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
  const { prepare, write, commit, apply } = lastCheckpoint?.times ?? { prepare: 0, write: 0, commit: 0, apply: 0 };
  return {
    up: state === 'running' || state === 'stopping' || state === 'stopped' ? 1 : 0,
    tasks_assigned: tasks.assigned,
    tasks_running: tasks.running,
    lag_records: lag,
    lag_seconds: highest(partitions.map(({ lagSeconds }) => lagSeconds ?? 0)),
    watermark_delay_seconds: highest(measured.watermarks.map(({ watermark }) => (now - watermark) / 1000)),
    checkpoint_age_seconds: lag === 0 ? 0 : Math.max(0, now - (lastCheckpoint?.at ?? started)) / 1000,
    checkpoint_seconds: (prepare + write + commit + apply) / 1000,
    queue_records: total(measured.edges.map(({ records }) => records)),
    state_entries: total(measured.stores.map(({ entries }) => entries)),
    state_bytes: total(measured.stores.map(({ bytes }) => bytes)),
    restore_remaining_records: total(restores.map((restore) => restore.total - restore.done)),
    table_age_seconds: highest(tables.map(({ current }) => (current === null ? 0 : (now - current) / 1000)))
  };
}
