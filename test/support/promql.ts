import { parser } from '@prometheus-io/lezer-promql';

/** What a query in Prometheus' language is wrong in; null for nothing. Grafana's interval is a duration to it. */
export function promqlMistake(query: string): string | null {
  const text = query.replaceAll('$__rate_interval', '5m');
  let mistake: string | null = null;
  parser.parse(text).iterate({ enter: ({ type, from }) => { if (type.isError) mistake ??= `at ${from}: ${text}`; } });
  return mistake;
}

/** The metrics that a query reads. */
export function metricsIn(query: string): string[] {
  return [...query.matchAll(/\bmillrace_\w+/g)].map(([name]) => name);
}
