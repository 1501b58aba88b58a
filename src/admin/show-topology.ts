import type { z } from 'zod';
import type { TopologyStatus } from '../../actors/status.ts';
import type { progressAnswer, topologyDetail, topologySummary } from './answers.ts';
import type { Rates } from './rates.ts';

/** A topology in the list of all. */
export function showSummary({ name, state, tasks, lag, failure }: TopologyStatus, paused: boolean): z.infer<typeof topologySummary> {
  return { name, state, paused, tasks, lag, failure };
}

/** A topology with all of its nodes. */
export function showDetail(status: TopologyStatus, paused: boolean, assigned: z.infer<typeof topologyDetail>['assigned']): z.infer<typeof topologyDetail> {
  const { nodes, tables, restores, checkpoints, lastCheckpoint } = status;
  return {
    ...showSummary(status, paused),
    assigned,
    nodes: nodes.map(({ name, kind, counts }) => ({ name, kind, counts: { ...counts } })),
    tables: tables.map(({ name, ready, rows, trouble }) => ({ name, ready, rows, trouble })),
    restores: restores.map(({ task, done, total, secondsLeft }) => ({ task, done, total, seconds_left: secondsLeft })),
    checkpoints,
    last_checkpoint: lastCheckpoint?.at ?? null
  };
}

/** How it gets on; `now` by the wall clock. */
export function showProgress(status: TopologyStatus, rates: Rates, now: number): z.infer<typeof progressAnswer> {
  const { name, lag, lastCheckpoint } = status;
  const partitions = status.partitions.map((partition) => {
    const { input, processing } = rates.of(name, partition);
    const { topic, partition: number, position, end, lag: behind } = partition;
    return { topic, partition: number, position, end, lag: behind, input_rate: input, processing_rate: processing, quiet_seconds: round(rates.quiet(name, partition, now)) };
  });
  const sum = (rate: (partition: (typeof partitions)[number]) => number): number => round(partitions.reduce((total, partition) => total + rate(partition), 0));
  const times = lastCheckpoint?.times;
  return {
    topology: name,
    window_seconds: round(rates.seconds(name)),
    input_rate: sum(({ input_rate: rate }) => rate),
    processing_rate: sum(({ processing_rate: rate }) => rate),
    batch_ms: times === undefined ? null : { prepare: round(times.prepare), write: round(times.write), commit: round(times.commit), apply: round(times.apply), total: round(times.prepare + times.write + times.commit + times.apply) },
    seconds_since_checkpoint: lastCheckpoint === null ? null : round(Math.max(0, (now - lastCheckpoint.at) / 1000)),
    lag,
    partitions
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
