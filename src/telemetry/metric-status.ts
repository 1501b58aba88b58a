import type { Attributes, BatchObservableResult, Meter, Observable } from '@opentelemetry/api';
import { fates, imbalance } from '../../actors/accounting.ts';
import { lifecycleStates } from '../../actors/status.ts';
import type { PartitionStatus, TopologyStatus, WatermarkStatus } from '../../actors/status.ts';

/** Partitions, and tasks, of one topology on one daemon that have labels of their own; beyond that they are one per topic, and one in all. */
export const maxLabelled = 200;

/** Instruments that say what one kind of thing is at, and how it is written. */
interface Part {
  readonly instruments: readonly Observable[];
  write(result: BatchObservableResult, status: TopologyStatus): void;
}

/** Makes the instruments that are read from the status at each collection. */
export function observeStatus(meter: Meter, status: () => readonly TopologyStatus[]): void {
  const parts = [nodes(meter), partitions(meter), edges(meter), state(meter), tables(meter), life(meter)];
  meter.addBatchObservableCallback(
    (result) => { for (const each of status()) for (const part of parts) part.write(result, each); },
    parts.flatMap(({ instruments }) => instruments)
  );
}

type Maker = (name: string, description: string) => Observable;

/** Short words for the two kinds, so that a line is an instrument. */
function makers(meter: Meter): { readonly counter: Maker; readonly gauge: Maker } {
  return {
    counter: (name, description) => meter.createObservableCounter(name, { description }),
    gauge: (name, description) => meter.createObservableGauge(name, { description })
  };
}

function nodes(meter: Meter): Part {
  const { counter, gauge } = makers(meter);
  const received = counter('millrace_records_in', 'Records a node received, in committed epochs.');
  const outputs = counter('millrace_records_out', 'Records a node sent on, in committed epochs.');
  const fate = counter('millrace_records', 'Input records of a node by what became of them, in committed epochs; they add up to millrace_records_in_total.');
  const lost = gauge('millrace_accounting_imbalance_records', 'Records a node received of which nothing is known in committed epochs: always 0.');
  return {
    instruments: [received, outputs, fate, lost],
    write(result, { name: topology, nodes }) {
      for (const { name: node, kind, counts } of nodes) {
        const labels: Attributes = { topology, node, kind };
        result.observe(received, counts.received, labels);
        result.observe(outputs, counts.outputs, labels);
        result.observe(lost, imbalance(counts), labels);
        for (const key of fates) if (counts[key] > 0) result.observe(fate, counts[key], { ...labels, fate: key });
      }
    }
  };
}

function partitions(meter: Meter): Part {
  const { gauge } = makers(meter);
  const lag = gauge('millrace_consumer_lag_records', 'Readable records after the committed position; beyond 200 partitions one per topic, summed.');
  const seconds = gauge('millrace_consumer_lag_seconds', 'Age of the oldest record after the committed position, 0 where there is none; beyond 200 partitions the highest of a topic.');
  const delay = gauge('millrace_watermark_delay_seconds', 'How far the watermark of a task is behind the clock; none for tasks that are idle or know no event time. Beyond 200 tasks the highest.');
  return {
    instruments: [lag, seconds, delay],
    write(result, { name: topology, partitions, measured }) {
      for (const { labels, ...each } of labelled(partitions)) {
        result.observe(lag, each.lag, { topology, ...labels });
        if (each.lagSeconds !== null) result.observe(seconds, each.lagSeconds, { topology, ...labels });
      }
      for (const { labels, watermark } of labelledTasks(measured.watermarks)) result.observe(delay, Math.max(0, Date.now() - watermark) / 1000, { topology, ...labels });
    }
  };
}

/** Partitions as they are labelled: each by itself where there are few. */
export function labelled(partitions: readonly PartitionStatus[]): { readonly labels: Attributes; readonly lag: number; readonly lagSeconds: number | null }[] {
  if (partitions.length <= maxLabelled) return partitions.map(({ topic, partition, lag, lagSeconds }) => ({ labels: { topic, partition }, lag, lagSeconds }));
  const topics = new Map<string, { lag: number; lagSeconds: number | null }>();
  const few = new Set(partitions.map(({ topic }) => topic)).size <= maxLabelled;
  for (const { topic, lag, lagSeconds } of partitions) {
    const key = few ? topic : '';
    const sum = topics.get(key) ?? { lag: 0, lagSeconds: null };
    topics.set(key, { lag: sum.lag + lag, lagSeconds: lagSeconds === null ? sum.lagSeconds : Math.max(sum.lagSeconds ?? 0, lagSeconds) });
  }
  return [...topics].map(([topic, sum]) => ({ labels: few ? { topic } : {}, ...sum }));
}

function labelledTasks(watermarks: readonly WatermarkStatus[]): { readonly labels: Attributes; readonly watermark: number }[] {
  if (watermarks.length <= maxLabelled) return watermarks.map(({ task, watermark }) => ({ labels: { task }, watermark }));
  return [{ labels: {}, watermark: watermarks.reduce((least, { watermark }) => Math.min(least, watermark), Infinity) }];
}

function edges(meter: Meter): Part {
  const { counter, gauge } = makers(meter);
  const queue = gauge('millrace_edge_queue_records', 'Records between two nodes, sent by one and not taken yet by the other.');
  const wait = counter('millrace_edge_wait_seconds', 'Seconds that records have waited between two nodes, added up over all of them; its rate is the mean length of the queue.');
  return {
    instruments: [queue, wait],
    write(result, { name: topology, measured }) {
      for (const { from, to, records, waited } of measured.edges) {
        result.observe(queue, records, { topology, from, to });
        result.observe(wait, waited, { topology, from, to });
      }
    }
  };
}

function state(meter: Meter): Part {
  const { gauge } = makers(meter);
  const entries = gauge('millrace_state_entries', "Entries in a node's store on this daemon, looked at every 5 seconds at most.");
  const bytes = gauge('millrace_state_bytes', "Bytes of a node's store on this daemon's disk.");
  const restore = gauge('millrace_restore_remaining_records', 'Changelog offsets still to be read by tasks whose state is restored.');
  return {
    instruments: [entries, bytes, restore],
    write(result, { name: topology, measured, restores }) {
      for (const { store, ...size } of measured.stores) {
        result.observe(entries, size.entries, { topology, store });
        result.observe(bytes, size.bytes, { topology, store });
      }
      result.observe(restore, restores.reduce((sum, { done, total }) => sum + total - done, 0), { topology });
    }
  };
}

function tables(meter: Meter): Part {
  const { gauge } = makers(meter);
  const rows = gauge('millrace_table_rows', 'Rows of a replicated table on this daemon.');
  const age = gauge('millrace_table_age_seconds', 'Seconds since the source of a replicated table was last seen to be as the table is.');
  const ready = gauge('millrace_table_ready', '1 once a replicated table was read to the end there was at the start, else 0.');
  return {
    instruments: [rows, age, ready],
    write(result, { name: topology, tables }) {
      for (const table of tables) {
        const labels: Attributes = { topology, table: table.name };
        result.observe(rows, table.rows, labels);
        if (table.current !== null) result.observe(age, Math.max(0, (Date.now() - table.current) / 1000), labels);
        result.observe(ready, table.ready ? 1 : 0, labels);
      }
    }
  };
}

function life(meter: Meter): Part {
  const { counter, gauge } = makers(meter);
  const checkpoints = counter('millrace_checkpoints', 'Epochs committed.');
  const tasks = gauge('millrace_tasks', 'Tasks assigned to this daemon, and those of them that run.');
  const up = gauge('millrace_topology_up', '1 while the topology runs, else 0.');
  const states = gauge('millrace_topology_state', '1 for the state the topology is in, 0 for the others.');
  return {
    instruments: [checkpoints, tasks, up, states],
    write(result, { name: topology, ...each }) {
      result.observe(checkpoints, each.checkpoints, { topology });
      result.observe(tasks, each.tasks.assigned, { topology, state: 'assigned' });
      result.observe(tasks, each.tasks.running, { topology, state: 'running' });
      result.observe(up, each.state === 'running' ? 1 : 0, { topology });
      for (const name of lifecycleStates) result.observe(states, each.state === name ? 1 : 0, { topology, state: name });
    }
  };
}
