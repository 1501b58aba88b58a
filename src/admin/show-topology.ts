import type { z } from 'zod';
import type { AlertView } from '../../actors/alert.ts';
import type { CheckpointTimes, TopologyStatus } from '../../actors/status.ts';
import type { alertsAnswer, progressAnswer, topologyDetail, topologySummary } from './answers.ts';
import type { DaemonApi } from './api.ts';
import type { Rates } from './rates.ts';

/** A topology in the list of all. */
export function showSummary({ name, state, tasks, lag, failure }: TopologyStatus, paused: boolean): z.infer<typeof topologySummary> {
  return { name, state, paused, tasks, lag, failure };
}

/** What is known of a topology besides its status. */
interface Known {
  readonly assigned: z.infer<typeof topologyDetail>['assigned'];
  readonly nodes: ReturnType<DaemonApi['nodes']>;
}

/** A topology with all of its nodes. */
export function showDetail(status: TopologyStatus, paused: boolean, { assigned, nodes: known }: Known): z.infer<typeof topologyDetail> {
  const { nodes, tables, restores, checkpoints, lastCheckpoint } = status;
  return {
    ...showSummary(status, paused),
    assigned,
    nodes: nodes.map(({ name, kind, counts }) => ({ name, kind, counts: { ...counts }, ...pacedBy(name, known) })),
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
    const { topic, partition: number, position, end, lag: behind, lagSeconds } = partition;
    return { topic, partition: number, position, end, lag: behind, lag_seconds: lagSeconds === null ? null : round(lagSeconds), input_rate: input, processing_rate: processing, quiet_seconds: round(rates.quiet(name, partition, now)) };
  });
  const sum = (rate: (partition: (typeof partitions)[number]) => number): number => round(partitions.reduce((total, partition) => total + rate(partition), 0));
  const times = lastCheckpoint?.times;
  const mean = rates.batch(name);
  return {
    topology: name,
    window_seconds: round(rates.seconds(name)),
    input_rate: sum(({ input_rate: rate }) => rate),
    processing_rate: sum(({ processing_rate: rate }) => rate),
    batch_ms: times === undefined ? null : showPhases(times),
    batch_mean_ms: mean === null ? null : showPhases(mean),
    nodes: rates.nodes(name).map(({ node, busy, received }) => ({ node, busy: Math.round(busy * 100) / 100, received_rate: round(received) })),
    elsewhere: rates.busiestBut(name),
    state_seconds: round(rates.stateSeconds(name, now)),
    behind_seconds: round(rates.behindSeconds(name, now)),
    seconds_since_checkpoint: lastCheckpoint === null ? null : round(Math.max(0, (now - lastCheckpoint.at) / 1000)),
    lag,
    partitions
  };
}

function showPhases({ prepare, write, commit, apply }: CheckpointTimes): NonNullable<z.infer<typeof progressAnswer>['batch_ms']> {
  return { prepare: round(prepare), write: round(write), commit: round(commit), apply: round(apply), total: round(prepare + write + commit + apply) };
}

function pacedBy(name: string, nodes: Known['nodes']): { readonly paced?: { readonly by: string; readonly records: number | null } } {
  const paced = nodes.find((node) => node.name === name)?.paced;
  return paced === undefined ? {} : { paced };
}

/** Its alerts. */
export function showAlerts(topology: string, alerts: readonly AlertView[]): z.infer<typeof alertsAnswer> {
  return { topology, alerts: alerts.map(({ alert: name, when, for: wait, state, since, values, broken }) => ({ name, when, for_seconds: wait / 1000, state, since, values: { ...values }, broken })) };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
