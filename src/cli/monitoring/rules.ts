import type { Plan } from '../../topology/model.ts';

/** A rule as Prometheus has it. */
interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: 'critical' | 'warning'; readonly topology?: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

/** Rules for Prometheus: a group for each topology, and one for the daemons. */
export function prometheusRules(plans: readonly Plan[]): { readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[] } {
  return { groups: [...plans.map((plan) => ({ name: `millrace-${plan.name}`, rules: topologyRules(plan) })), { name: 'millrace-daemons', rules: daemonRules }] };
}

function topologyRules(plan: Plan): Rule[] {
  const t = `topology="${plan.name}"`;
  const rule = (alert: string, severity: Rule['labels']['severity'], wait: string | null, expr: string, summary: string, description: string): Rule => ({
    alert: `Millrace${alert}`,
    expr,
    ...(wait === null ? {} : { for: wait }),
    labels: { severity, topology: plan.name },
    annotations: { summary: `${plan.name}: ${summary}`, description }
  });
  const has = (part: boolean, ...rules: Rule[]): Rule[] => (part ? rules : []);
  const actions = new Set(plan.nodes.map(({ onError }) => onError.action));
  const lag = `sum(millrace_consumer_lag_records{${t}})`;
  const failing = (fate: string): string => `sum(rate(millrace_records_total{${t},fate="${fate}"}[5m])) > 0.01 * sum(rate(millrace_records_in_total{${t},kind="source"}[5m]))`;
  return [
    rule('TopologyDown', 'critical', '2m', `(max(millrace_topology_up{${t}}) or vector(0)) == 0`, 'no daemon runs it', 'Either no daemon answers, or the topology has failed or waits for its broker: /readyz and the log say why.'),
    rule('TasksDown', 'warning', '10m', `sum(millrace_tasks{${t},state="assigned"}) - sum(millrace_tasks{${t},state="running"}) > 0`, 'tasks do not run', '{{ $value }} tasks are assigned and do not run: they restore state, or start again and again.'),
    rule('NoProgress', 'critical', '5m', `sum(rate(millrace_checkpoints_total{${t}}[5m])) == 0 and ${lag} > 0`, 'nothing is committed', 'There are records to read, and no checkpoint for five minutes.'),
    rule('LagGrowing', 'warning', '15m', `deriv(${lag}[15m:1m]) > 0 and ${lag} > 10000`, 'it is slower than its input', 'The lag grows by {{ $value }} records a second.'),
    rule('LagOld', 'warning', '10m', `max(millrace_consumer_lag_seconds{${t}}) > 300`, 'it is behind', 'The oldest record that is not committed is {{ $value }} seconds old.'),
    ...has(actions.has('dead_letter'), rule('DeadLetters', 'warning', '5m', failing('dead_lettered'), 'many dead letters', 'More than one record in a hundred fails: {{ $value }} a second. The log and millrace_records_failed_total name node and code.')),
    ...has(actions.has('skip'), rule('RecordsSkipped', 'warning', '5m', failing('skipped'), 'many records are skipped', 'More than one record in a hundred fails and is lost: {{ $value }} a second.')),
    rule('TaskRestarts', 'warning', null, `sum(increase(millrace_task_restarts_total{${t}}[15m])) > 10`, 'tasks start again and again', '{{ $value }} restarts in a quarter of an hour; the log has the cause.'),
    ...has(plan.subTopologies.some(({ timed }) => timed), rule('WatermarkStuck', 'warning', '15m', `max(deriv(millrace_watermark_delay_seconds{${t}}[15m])) > 0.95 and sum(rate(millrace_records_in_total{${t},kind="source"}[15m])) > 0`, 'a watermark stands still', 'Records come and event time does not go on: one partition or source holds it back. Windows wait.')),
    ...has(plan.internalTopics.some(({ kind }) => kind === 'changelog'), rule('RestoreLong', 'warning', '30m', `sum(millrace_restore_remaining_records{${t}}) > 0`, 'state is restored for long', '{{ $value }} changelog offsets are still to be read.')),
    ...has(plan.tables.length > 0, rule('TableOld', 'warning', '10m', `min by (table) (millrace_table_ready{${t}}) == 0 or max by (table) (millrace_table_age_seconds{${t}}) > 3600`, 'table {{ $labels.table }} is not up to date', 'Its source is away, or cannot be used; the log says why.')),
    rule('Accounting', 'critical', null, `max(abs(millrace_accounting_imbalance_records{${t}})) > 0`, 'records are not accounted for', 'A node has lost count of {{ $value }} records: a bug in Millrace, please report it.')
  ];
}

const daemonRules: readonly Rule[] = [
  {
    alert: 'MillraceEventLoopBlocked',
    expr: 'max by (instance) (millrace_event_loop_delay_seconds{quantile="0.99"}) > 0.5',
    for: '5m',
    labels: { severity: 'warning' },
    annotations: { summary: 'Millrace on {{ $labels.instance }} is overloaded', description: 'What is due waits {{ $value }} seconds: give it fewer partitions, by another daemon of the same group, or cheaper nodes.' }
  },
  {
    alert: 'MillraceReloadRefused',
    expr: 'sum by (instance) (increase(millrace_config_reloads_total{result="refused"}[15m])) > 0',
    labels: { severity: 'warning' },
    annotations: { summary: 'Millrace on {{ $labels.instance }} refused its topology files', description: 'What ran before goes on; millrace validate says what is wrong.' }
  }
];
