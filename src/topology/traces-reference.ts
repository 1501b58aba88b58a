/** The chapter on traces of the reference. */
export const tracesText = `
## Traces

\`millrace run FILE --traces http://HOST:4318\` (or \`grpc://HOST:4317\`), or any of \`OTEL_EXPORTER_OTLP_ENDPOINT\`, \`OTEL_EXPORTER_OTLP_TRACES_ENDPOINT\` and \`OTEL_TRACES_EXPORTER=otlp\`, sends traces by OTLP, over HTTP (protobuf) or gRPC. Headers, certificates, timeouts, the service's name (\`millrace\`), its attributes and
the queue's bounds are OpenTelemetry's own: \`OTEL_EXPORTER_OTLP_*\`, \`OTEL_SERVICE_NAME\`, \`OTEL_RESOURCE_ATTRIBUTES\`, \`OTEL_BSP_*\`; \`OTEL_SDK_DISABLED=true\` turns all of it off.

- **Spans** follow OpenTelemetry's conventions for messaging: \`poll TOPIC\` for each batch that was fetched, \`process NODE\` for each node it passes, \`send TOPIC\` for what it has for a topic, from the first record until the epoch is written, and \`commit TOPIC\`: one trace. They have topics, offsets and counts as attributes,
  and never a record's data. What failed has the failure's code as \`error.type\`.
- **What is traced** is decided where a batch is fetched. A record with a sampled \`traceparent\` header has its batch traced; where all such records of a batch are of one trace the batch goes on with it, else it has a trace of its own, with links to at most 32 of theirs. Of batches whose records say nothing, one in a hundred begins a
  trace (\`OTEL_TRACES_SAMPLER_ARG=0.01\`; \`OTEL_TRACES_SAMPLER\` takes OpenTelemetry's names), at most 10 a second (\`--traces-per-second\`); producers' traces are gone on with ten times as often.
- **Outputs** of a traced batch have the context of their \`send\` as \`traceparent\`, in the place of the producer's, which becomes a link, and \`tracestate\` as it came. All other records keep their headers byte for byte. Dead letters keep them always.
- **Windows and joins** keep contexts with what they hold: the first result of a group that counts a traced record goes on with its trace, on whatever machine that is, with links to at most 4 inputs. Of a traced batch whose records have no context of their own 16 groups are remembered, of a task 256. A pair goes on with the traces of both records.
- **A collector** that is away, or hangs, holds nothing up. Spans for which the queue has no room (2,048), and those it refuses, are dropped, counted as \`millrace_trace_spans_dropped_total\`, and told once a minute. A stop waits for it for two seconds at most.
- **Log lines** about records that failed in a traced batch have \`trace_id\` and \`span_id\`.
`;
