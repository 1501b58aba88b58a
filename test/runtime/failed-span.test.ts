import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failedIn, failedSpan } from '../../actors/failed-span.ts';
import { asFailure, Failure } from '../../actors/failure.ts';
import type { Span, TraceContext, Tracer } from '../../actors/trace.ts';
import { CommitSpans } from '../../src/runtime/trace-commit.ts';
import { TaskTrace, within } from '../../src/runtime/trace.ts';
import { planOf } from '../support/plan.ts';

const context = (name: string): TraceContext => ({ traceparent: name, tracestate: null });

/** A span whose context is its name. */
function span(name: string): Span {
  return { context: context(name), link: () => undefined, end: () => undefined };
}

const tracer: Tracer = { sample: () => null, start: ({ name }) => span(name) };
const plan = planOf('name: test\nbroker: { type: embedded, path: ./data }\nsources: { in: { type: kafka, topic: in } }\nsinks: { out: { type: kafka, from: in, topic: out } }\n');
const trace = new TaskTrace(tracer, { plan, task: 'in-0' });

describe('the span in which something failed', () => {
  it('is that of the node at work, whether it fails at once or later', async () => {
    const [now, later] = [new Error('now'), new Error('later')];
    assert.throws(() => within(span('one'), { trace: null }, () => { throw now; }), now);
    await assert.rejects(async () => within(span('two'), { trace: null }, () => Promise.reject(later)), later);
    assert.deepEqual([failedSpan(asFailure(now, 'task_crashed')), failedSpan(later)], [context('one'), context('two')]);
  });

  it('is the innermost of several, found behind the causes of a failure', () => {
    const error = new Error('oops');
    assert.throws(() => within(span('outer'), { trace: null }, () => within(span('inner'), { trace: null }, () => { throw error; })));
    assert.deepEqual(failedSpan(new Failure('crash_loop', 'again', { cause: asFailure(error, 'task_crashed') })), context('inner'));
  });

  it('is the commit of a traced batch for an epoch that was not committed, and its first output before that began', () => {
    const traced = { topic: 'in', partition: 0, position: 5, watermark: -Infinity, idle: false, bytes: 0, batches: 1, traced: [context('poll')] };
    const sends = [{ span: span('send out'), headers: [], records: 1 }];
    const failing = (begun: boolean): Error => {
      const spans = new CommitSpans(trace, { epoch: 7, progress: [traced], sends });
      if (begun) spans.begin();
      const error = new Error('refused');
      spans.failed(error);
      return error;
    };
    assert.deepEqual([failedSpan(failing(true)), failedSpan(failing(false))], [context('commit in'), context('send out')]);
  });

  it('is none where nothing was traced, and of what is no error', () => {
    failedIn('a text', context('one'));
    assert.equal(failedSpan(new Error('oops', { cause: 'a text' })), null);
    const circle = new Error('circle');
    circle.cause = circle;
    assert.equal(failedSpan(circle), null);
  });
});
