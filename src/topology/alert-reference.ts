import { alertVariables, rateWindow } from '../../actors/alert-variables.ts';

/** The chapter on metrics and alerts of the reference. */
export const alertsText = `
## Metrics and alerts

\`/metrics\` has all of a daemon in Prometheus' text format. Where the environment says \`OTEL_EXPORTER_OTLP_ENDPOINT\`, \`OTEL_EXPORTER_OTLP_METRICS_ENDPOINT\` or \`OTEL_METRICS_EXPORTER=otlp\`, the same goes to a collector by OTLP (JSON over HTTP),
every \`OTEL_METRIC_EXPORT_INTERVAL\` milliseconds (60000); headers, timeout, compression and resource attributes are OpenTelemetry's own variables. \`OTEL_METRICS_EXPORTER=none\` keeps metrics where traces alone are wanted. A collector that is away holds nothing up.

- **Lag.** \`millrace_consumer_lag_records\` and \`millrace_consumer_lag_seconds\` go by the committed position, records that retention took not counted. The seconds are the age of the oldest record that was fetched and is not committed; where nothing of it was fetched yet, since the
  last record before it or since there was nothing to read, whichever is later. They are absent where nothing of a partition was read, or its records have no timestamp.
- **Latency.** \`millrace_e2e_latency_seconds\` is from a record's timestamp to the commit; of a window's result, from the latest record in it. It is told from the first and the last record of each batch a sink takes, at most eight per sink and epoch.
- **Nodes.** \`millrace_process_duration_seconds\` is a node's work on a batch; the rate of its sum is how busy the node keeps the daemon's thread. \`millrace_edge_queue_records\` is what lies before a node, the rate of \`millrace_edge_wait_seconds_total\` the mean of that: the node behind the longest queue is the bottleneck.
- **Bounds.** Beyond 200 partitions of a topology on one daemon lags have the label \`topic\` alone, beyond 200 topics not even that, summed (seconds: the highest); beyond 200 tasks watermark delays are one, the highest. Names never change.
- \`millrace dashboard FILE\` prints a dashboard for Grafana, \`millrace alerts FILE\` rules for Prometheus, both for the nodes of the file.

### Alerts of a topology

\`\`\`yaml
alerts:
  behind: { when: lag_seconds > 60, for: 2m, notify: { webhook: "\${env:ALERT_WEBHOOK}", secret: "\${env:ALERT_SECRET}" } }
  too_slow: { when: processing_rate < input_rate * 0.9 && lag_records > 10000, for: 5m }
  broken_records: { when: dead_letter_rate > 1, for: 30s, notify: [log, { command: [./page.sh, millrace] }] }
  no_progress: { when: checkpoint_age_seconds > 60, for: 1m }
  watermark_stuck: { when: watermark_delay_seconds > 3600, for: 10m }
\`\`\`

The daemon looks every 5 seconds. An alert fires once its condition has held at each look for as long as \`for\` says, and has resolved at the first look at which it does not; both are in the log, and told to \`notify\`. Each daemon judges by what it has itself of the topology; where the daemon is gone, only
alerts outside of it can say so. A topology that fails and so ends its daemon is looked at once more: \`when: up == 0\` is told then too, where it says \`for: 0s\`.

- **Webhooks** are told by POST, in JSON: \`topology\`, \`alert\`, \`status\` (\`firing\` or \`resolved\`), \`when\`, \`since\`, \`at\`, \`values\`. Without an answer, or with 408, 429 or 5xx, the same notice is tried seven times more in about four minutes; redirects are not followed. With \`secret\` it is signed as
  [Standard Webhooks](https://www.standardwebhooks.com) has it: \`webhook-signature\` is \`v1,\` and the base64 of HMAC-SHA256 over \`webhook-id\`, \`webhook-timestamp\` and the body, with dots in between.
- **Commands** get the same JSON on their input, and are killed after \`timeout\`. They are not tried again. Relative paths are from where the daemon was started.
- The URL of a webhook and its secret are never shown.

| Variable | Holds |
| --- | --- |
${alertVariables.map(({ name, description }) => `| \`${name}\` | ${description} |`).join('\n')}

Rates are means of the last ${rateWindow} seconds.
`;
