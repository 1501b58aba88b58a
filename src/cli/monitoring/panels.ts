import type { Plan } from '../../topology/model.ts';

/** What one panel shows, in Prometheus' language. */
export interface Panel {
  readonly title: string;
  readonly description: string;
  /** Grafana's name of it. */
  readonly unit: 'cps' | 'short' | 's' | 'percentunit' | 'bytes';
  readonly queries: readonly { readonly expr: string; readonly legend: string }[];
}

/** Time over which rates are told; Grafana puts in what its resolution allows. */
const rate = '[$__rate_interval]';

/** The panels of a topology: those that its nodes have something to say in. */
export function topologyPanels(plan: Plan): Panel[] {
  const t = `topology="${plan.name}"`;
  const has = (part: boolean, ...panels: Panel[]): Panel[] => (part ? panels : []);
  return [
    ...flow(t),
    ...time(t),
    ...work(t),
    ...has(plan.subTopologies.some(({ timed }) => timed), {
      title: 'Watermark delay',
      description: 'How far event time is behind the clock, by task: it grows by a second a second where a watermark stands still.',
      unit: 's',
      queries: [{ expr: `max by (task) (millrace_watermark_delay_seconds{${t}})`, legend: '{{task}}' }]
    }),
    ...has(plan.subTopologies.some(({ stores }) => stores.length > 0), ...state(t)),
    ...has(plan.tables.length > 0, ...tables(t)),
    ...health(t),
    ...has(plan.alerts.length > 0, { title: 'Alerts of the topology', description: '1 while an alert fires.', unit: 'short', queries: [{ expr: `max by (alert) (millrace_alert_firing{${t}})`, legend: '{{alert}}' }] })
  ];
}

function flow(t: string): Panel[] {
  return [
    {
      title: 'Records read and written',
      description: 'By source and by sink, as they are committed.',
      unit: 'cps',
      queries: [
        { expr: `sum by (node) (rate(millrace_records_in_total{${t},kind="source"}${rate}))`, legend: 'in {{node}}' },
        { expr: `sum by (node) (rate(millrace_records_out_total{${t},kind="sink"}${rate}))`, legend: 'out {{node}}' }
      ]
    },
    {
      title: 'Records that go no further',
      description: 'What nodes filter, take for repeated or late, and what fails.',
      unit: 'cps',
      queries: [{ expr: `sum by (node, fate) (rate(millrace_records_total{${t},fate=~"filtered|deduped|late|skipped|dead_lettered"}${rate}))`, legend: '{{node}} {{fate}}' }]
    },
    {
      title: 'Failed records',
      description: 'By node and code; the codes are in the reference.',
      unit: 'cps',
      queries: [{ expr: `sum by (node, code) (rate(millrace_records_failed_total{${t}}${rate}))`, legend: '{{node}} {{code}}' }]
    }
  ];
}

function time(t: string): Panel[] {
  const quantile = (q: number): string => `histogram_quantile(${q}, sum by (le, sink) (rate(millrace_e2e_latency_seconds_bucket{${t}}${rate})))`;
  return [
    { title: 'Lag, records', description: 'Readable records that are not committed yet.', unit: 'short', queries: [{ expr: `sum by (topic) (millrace_consumer_lag_records{${t}})`, legend: '{{topic}}' }] },
    { title: 'Lag, time', description: 'Age of the oldest of them.', unit: 's', queries: [{ expr: `max by (topic) (millrace_consumer_lag_seconds{${t}})`, legend: '{{topic}}' }] },
    {
      title: 'Latency',
      description: "From a record's timestamp to the commit of what became of it.",
      unit: 's',
      queries: [{ expr: quantile(0.5), legend: '{{sink}} half' }, { expr: quantile(0.99), legend: '{{sink}} 99%' }]
    }
  ];
}

function work(t: string): Panel[] {
  return [
    { title: 'Work of nodes', description: "Share of a daemon's one thread; at 100% in all there is no more to have on it.", unit: 'percentunit', queries: [{ expr: `sum by (node) (rate(millrace_process_duration_seconds_sum{${t}}${rate}))`, legend: '{{node}}' }] },
    {
      title: 'Queues between nodes',
      description: 'Mean number of records before a node: the longest queue is before the bottleneck.',
      unit: 'short',
      queries: [{ expr: `sum by (from, to) (rate(millrace_edge_wait_seconds_total{${t}}${rate}))`, legend: '{{from}} to {{to}}' }, { expr: `sum by (from, to) (millrace_edge_queue_records{${t}})`, legend: '{{from}} to {{to}}, now' }]
    },
    {
      title: 'Checkpoints',
      description: 'How long 99% of them take at most, by phase.',
      unit: 's',
      queries: [{ expr: `histogram_quantile(0.99, sum by (le, phase) (rate(millrace_checkpoint_duration_seconds_bucket{${t}}${rate})))`, legend: '{{phase}}' }]
    }
  ];
}

function state(t: string): Panel[] {
  return [
    { title: 'State, entries', description: 'Of each store, over all daemons.', unit: 'short', queries: [{ expr: `sum by (store) (millrace_state_entries{${t}})`, legend: '{{store}}' }] },
    { title: 'State, bytes', description: 'On disk.', unit: 'bytes', queries: [{ expr: `sum by (store) (millrace_state_bytes{${t}})`, legend: '{{store}}' }] },
    { title: 'Restore', description: 'Changelog offsets still to be read by tasks whose state is restored.', unit: 'short', queries: [{ expr: `sum(millrace_restore_remaining_records{${t}})`, legend: 'to be read' }] }
  ];
}

function tables(t: string): Panel[] {
  return [
    { title: 'Tables, rows', description: 'Of each replicated table.', unit: 'short', queries: [{ expr: `max by (table) (millrace_table_rows{${t}})`, legend: '{{table}}' }] },
    { title: 'Tables, age', description: 'Since the source of a table was last seen to be as the table is.', unit: 's', queries: [{ expr: `max by (table) (millrace_table_age_seconds{${t}})`, legend: '{{table}}' }] }
  ];
}

function health(t: string): Panel[] {
  return [
    {
      title: 'Tasks',
      description: 'Assigned, and running.',
      unit: 'short',
      queries: [{ expr: `sum by (state) (millrace_tasks{${t}})`, legend: '{{state}}' }]
    },
    {
      title: 'Restarts, rebalances',
      description: 'Tasks opened again after a failure, by its code; assignments of the group; tasks that a newer owner fenced.',
      unit: 'short',
      queries: [
        { expr: `sum by (code) (increase(millrace_task_restarts_total{${t}}${rate}))`, legend: 'restarts {{code}}' },
        { expr: `sum(increase(millrace_rebalances_total{${t}}${rate}))`, legend: 'rebalances' },
        { expr: `sum(increase(millrace_fenced_total{${t}}${rate}))`, legend: 'fenced' }
      ]
    },
    { title: 'Accounting', description: 'Records of which nothing is known: always 0.', unit: 'short', queries: [{ expr: `sum by (node) (millrace_accounting_imbalance_records{${t}})`, legend: '{{node}}' }] }
  ];
}

/** What daemons are asked for as such. */
export const daemonPanels: readonly Panel[] = [
  { title: 'Event loop', description: 'How late the thread of a daemon comes to what is due.', unit: 's', queries: [{ expr: 'max by (instance, quantile) (millrace_event_loop_delay_seconds)', legend: '{{instance}} {{quantile}}' }] },
  { title: 'Versions', description: 'Daemons that are there, by version.', unit: 'short', queries: [{ expr: 'count by (version, commit) (millrace_build_info)', legend: '{{version}} {{commit}}' }] },
  { title: 'Reloads', description: 'Of topology files, by result.', unit: 'short', queries: [{ expr: `sum by (result) (increase(millrace_config_reloads_total${rate}))`, legend: '{{result}}' }] }
];
