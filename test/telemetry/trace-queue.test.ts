import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ExportResultCode } from '@opentelemetry/core';
import type { ExportResult } from '@opentelemetry/core';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { SpanQueue } from '../../src/telemetry/trace-queue.ts';

/** A collector that answers when it is told. */
function staged(): { readonly queue: SpanQueue; readonly dropped: [number, string][]; readonly sent: number[]; readonly asked: ((result: ExportResult) => void)[]; readonly end: (spans: number) => void } {
  const asked: ((result: ExportResult) => void)[] = [];
  const dropped: [number, string][] = [];
  const sent: number[] = [];
  const exporter = { export: (_spans: ReadableSpan[], done: (result: ExportResult) => void) => void asked.push(done), shutdown: () => Promise.resolve() };
  const queue = new SpanQueue(exporter, { size: 10, batch: 4, delay: 1, onDropped: (spans, reason) => dropped.push([spans, reason]), onSent: (spans) => sent.push(spans) });
  const tracer = new TracerProvider({ spanProcessors: [queue] }).getTracer('test');
  return { queue, dropped, sent, asked, end: (spans) => { for (let index = 0; index < spans; index += 1) tracer.startSpan('a').end(); } };
}

describe('spans on their way', () => {
  it('a collector that hangs costs what the queue holds, and what is dropped is counted', async () => {
    const { queue, dropped, asked, end } = staged();
    end(100);
    assert.equal(asked.length, 1);
    // Four are on their way, ten wait.
    assert.equal(queue.unsent, 14);
    assert.deepEqual([dropped.length, dropped[0]], [86, [1, 'the queue is full']]);
    // Once it answers, all that waited goes.
    for (let index = 0; queue.unsent > 0; index += 1) {
      while (asked.length <= index) await new Promise((resolve) => setTimeout(resolve, 2));
      asked[index]?.({ code: ExportResultCode.SUCCESS });
    }
    assert.equal(dropped.length, 86);
  });

  it('what a collector refuses is dropped, what it takes is not; each span is one of both, or waits', async () => {
    const { queue, dropped, sent, asked, end } = staged();
    end(4);
    asked[0]?.({ code: ExportResultCode.FAILED, error: new Error('connect ECONNREFUSED') });
    assert.deepEqual(dropped, [[4, 'connect ECONNREFUSED']]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    end(4);
    assert.equal(asked.length, 2);
    asked[1]?.({ code: ExportResultCode.SUCCESS });
    assert.deepEqual([sent, queue.unsent], [[4], 0]);
  });
});
