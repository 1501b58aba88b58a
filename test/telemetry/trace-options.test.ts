import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readTraceOptions } from '../../src/telemetry/trace-options.ts';

const asked = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };

describe('whether and where traces are sent', () => {
  it('nowhere, where nobody asks', () => {
    assert.equal(readTraceOptions({}, null), null);
    assert.equal(readTraceOptions({ OTEL_TRACES_SAMPLER: 'always_on', OTEL_EXPORTER_OTLP_ENDPOINT: '' }, null), null);
    assert.equal(readTraceOptions({ ...asked, OTEL_TRACES_EXPORTER: 'none' }, null), null);
    assert.equal(readTraceOptions({ ...asked, OTEL_SDK_DISABLED: 'TRUE' }, 'http://127.0.0.1:4318'), null);
  });

  it('where a variable or the option says; of batches without a context one in a hundred begins a trace', () => {
    const { warnings, queue, ...options } = readTraceOptions(asked, null) ?? assert.fail();
    assert.deepEqual(options, { protocol: 'http/protobuf', url: null, ratio: 0.01, parents: true });
    assert.deepEqual([warnings, queue], [[], { size: 2048, batch: 512, delay: 5000 }]);
    for (const env of [{ OTEL_TRACES_EXPORTER: 'otlp' }, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://a/v1/traces' }]) assert.notEqual(readTraceOptions(env, null), null);
    for (const [url, protocol, sent] of [['http://j:4318', 'http/protobuf', 'http://j:4318/v1/traces'], ['https://j/otlp/v1/traces', 'http/protobuf', 'https://j/otlp/v1/traces'], ['grpc://j:4317', 'grpc', 'http://j:4317'], ['grpcs://j:4317', 'grpc', 'https://j:4317']] as const) {
      const found = readTraceOptions({ OTEL_TRACES_EXPORTER: 'none' }, url);
      assert.deepEqual([found?.protocol, found?.url, found?.warnings], [protocol, sent, []]);
    }
    assert.equal(readTraceOptions({ ...asked, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, null)?.protocol, 'grpc');
    for (const wrong of ['j:4318', 'ftp://j', 'grpc:', '']) assert.throws(() => readTraceOptions({}, wrong), /expected http/);
  });

  it('samplers and their argument, the queue and its bounds', () => {
    const of = (name: string, arg?: string): [number, boolean] => {
      const { ratio, parents } = readTraceOptions({ ...asked, OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: arg }, null) ?? assert.fail();
      return [ratio, parents];
    };
    assert.deepEqual([of('always_on'), of('always_off'), of('traceidratio', '0.5'), of('parentbased_always_on'), of('parentbased_always_off'), of('parentbased_traceidratio', '0.2'), of('traceidratio')], [[1, false], [0, false], [0.5, false], [1, true], [0, true], [0.2, true], [0.01, false]]);
    assert.deepEqual(readTraceOptions({ ...asked, OTEL_BSP_MAX_QUEUE_SIZE: '100', OTEL_BSP_SCHEDULE_DELAY: '50' }, null)?.queue, { size: 100, batch: 100, delay: 50 });
  });

  it('what is asked for and does not exist is told, and traces go on', () => {
    const { warnings, ...options } = readTraceOptions({ ...asked, OTEL_TRACES_EXPORTER: 'zipkin', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_TRACES_SAMPLER: 'toString', OTEL_TRACES_SAMPLER_ARG: '7', OTEL_BSP_SCHEDULE_DELAY: 'soon' }, null) ?? assert.fail();
    assert.deepEqual([options.protocol, options.ratio, options.parents, options.queue.delay], ['http/protobuf', 0.01, true, 5000]);
    assert.deepEqual(warnings.map((warning) => warning.split(':')[0]), ['OTEL_TRACES_EXPORTER', 'OTEL_EXPORTER_OTLP_PROTOCOL', 'OTEL_TRACES_SAMPLER', 'OTEL_TRACES_SAMPLER_ARG', 'OTEL_BSP_SCHEDULE_DELAY']);
  });
});
