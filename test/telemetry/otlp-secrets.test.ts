import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { otlpSecrets } from '../../src/telemetry/otlp-secrets.ts';
import { secret } from '../support/secrets.ts';

describe('what collectors are told', () => {
  const [key, token, password] = [secret('key-of-a-collector', 'header'), secret('t0ken-of-traces', 'header'), secret('pass/of:metrics')];

  it('is secret where it is a header, of each signal, however it is written', () => {
    const found = otlpSecrets({ OTEL_EXPORTER_OTLP_HEADERS: `x-api-key=${key}, tenant = a`, OTEL_EXPORTER_OTLP_TRACES_HEADERS: `authorization=Bearer%20${token}`, OTEL_EXPORTER_OTLP_METRICS_HEADERS: `authorization=Basic ${password}` }, null);
    assert.deepEqual(found, [key, `Bearer%20${token}`, token, `Bearer ${token}`, `Basic ${password}`, password]);
  });

  it('is secret where it is a password in an endpoint', () => {
    const written = encodeURIComponent(password);
    const basic = Buffer.from(`me:${password}`).toString('base64');
    for (const found of [otlpSecrets({ OTEL_EXPORTER_OTLP_ENDPOINT: `https://me:${written}@collector:4318` }, null), otlpSecrets({}, `grpcs://me:${written}@collector:4317`)]) assert.deepEqual(found, [written, password, basic]);
  });

  it('is nothing secret otherwise', () => {
    assert.deepEqual(otlpSecrets({ OTEL_EXPORTER_OTLP_HEADERS: '', OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'nothing', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, 'grpc://collector:4317'), []);
    assert.deepEqual(otlpSecrets({ OTEL_EXPORTER_OTLP_ENDPOINT: 'not a url', OTEL_EXPORTER_OTLP_HEADERS: 'a=%zz,b=1' }, 'neither'), []);
  });
});
