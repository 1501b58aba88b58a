import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ExportResultCode } from '@opentelemetry/core';
import { createLog } from '../../src/telemetry/log.ts';
import { readTraceOptions } from '../../src/telemetry/trace-options.ts';
import { startTracing } from '../../src/telemetry/tracing.ts';
import { evidence } from '../support/evidence.ts';
import { until } from '../support/kafkajs.ts';
import { secret } from '../support/secrets.ts';

it("OpenTelemetry's own words go to the log without secrets, and nowhere else", async (t) => {
  const key = secret('key-in-an-answer', 'header');
  const lines: string[] = [];
  const console = (['log', 'info', 'warn', 'error', 'debug', 'trace'] as const).map((name) => t.mock.method(globalThis.console, name, () => undefined));
  process.env['OTEL_LOG_LEVEL'] = 'error';
  t.after(() => { delete process.env['OTEL_LOG_LEVEL']; });
  const options = readTraceOptions({ OTEL_BSP_SCHEDULE_DELAY: '1' }, 'http://127.0.0.1:1') ?? assert.fail();
  const tracing = await startTracing({
    options, version: 'test', perSecond: 10, onDropped: () => undefined,
    log: createLog({ level: 'info', secrets: [key], to: { write: (line) => void lines.push(line) } }),
    exporter: { export: (_, done) => { done({ code: ExportResultCode.FAILED, error: new Error(`you said ${key}`) }); }, shutdown: () => Promise.resolve() }
  });
  tracing.tracer.start({ name: 'poll', kind: 'client', parent: null, links: [], attributes: {} }).end();
  await until('it says so', () => lines.some((line) => line.includes('OpenTelemetry')));
  await tracing.close();
  evidence('log', lines.join(''));
  assert.match(lines.join(''), /"level":50,.*"msg":"OpenTelemetry: .*you said \[redacted\]/);
  assert.ok(lines.every((line) => !line.includes(key)));
  assert.deepEqual(console.map(({ mock }) => mock.callCount()), [0, 0, 0, 0, 0, 0]);
});
