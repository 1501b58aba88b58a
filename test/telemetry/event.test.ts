import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failedIn } from '../../actors/failed-span.ts';
import { Failure } from '../../actors/failure.ts';
import { createEvents } from '../../src/telemetry/event.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { createMetrics } from '../../src/telemetry/metric.ts';

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly code?: string;
  readonly remedy?: string;
  readonly stack?: string;
  readonly trace_id?: string;
  readonly span_id?: string;
}

const span = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', tracestate: null };
const ids = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
const none = [undefined, undefined];
const idsOf = ({ trace_id: trace, span_id: its }: Line): (string | undefined)[] => [trace, its];

function recorded(level = 'info'): { lines: Line[]; events: ReturnType<typeof createEvents> } {
  const lines: Line[] = [];
  const log = createLog({ level, secrets: [], to: { write: (line) => void lines.push(JSON.parse(line) as Line) } });
  return { lines, events: createEvents(log, createMetrics('test')) };
}

describe('what happens inside', () => {
  it('is told with a stable code and what to do', () => {
    const { lines, events } = recorded();
    events.topologyChanged('orders', 'failed', new Failure('topic_missing', 'Topic orders does not exist.'));
    assert.deepEqual([lines[0]?.level, lines[0]?.code, lines[0]?.msg], [50, 'topic_missing', 'topology failed: topic_missing: Topic orders does not exist.']);
    assert.match(lines[0]?.remedy ?? '', /Create the topic/);
    assert.equal(lines[0]?.stack, undefined);
  });

  it('is told once per task while a broker is away, and again when it is over', () => {
    const { lines, events } = recorded();
    for (let turn = 0; turn < 5; turn += 1) {
      for (const task of ['in-0', 'in-1']) events.taskRetried('orders', task, new Failure('broker_unavailable', 'away'), 100);
    }
    assert.equal(lines.length, 2);
    events.taskOpened('orders', 'in-0', 7);
    assert.equal(lines.at(-1)?.msg, 'task opened again');
    events.taskRetried('orders', 'in-1', new Failure('fenced', 'another'), 100);
    assert.equal(lines.at(-1)?.code, 'fenced');
  });

  it('counts records that fail, tells them once in a while, and the rest when the topology ends', () => {
    const { lines, events } = recorded();
    for (let offset = 0; offset < 5; offset += 1) events.recordsFailed('orders', 'copy', { code: 'unencodable', count: 10, example: `in[0] offset ${offset}` });
    assert.deepEqual(lines.map(({ msg }) => msg), ['10 records failed at copy: unencodable, one of them in[0] offset 0']);
    events.topologyChanged('others', 'stopped', null);
    events.topologyChanged('orders', 'stopped', null);
    assert.deepEqual(lines.slice(1).map(({ msg }) => msg), ['topology stopped', '40 records failed at copy: unencodable, one of them in[0] offset 4', 'topology stopped']);
  });

  it('names the span in which a task, or a whole topology, failed; nothing where it was not traced', () => {
    const { lines, events } = recorded();
    const crash = new Error('oops');
    failedIn(crash, span);
    events.taskRetried('orders', 'in-0', new Failure('task_crashed', 'oops', { cause: crash }), 100);
    events.topologyChanged('orders', 'failed', new Failure('crash_loop', 'oops', { cause: new Failure('task_crashed', 'oops', { cause: crash }) }));
    events.taskRetried('orders', 'in-1', new Failure('fenced', 'another'), 100);
    assert.deepEqual(lines.map(idsOf), [ids, ids, none]);
  });

  it('names a span of an epoch that was committed, where a batch of it was traced', () => {
    const { lines, events } = recorded('trace');
    const times = { prepare: 1, write: 2, commit: 3, apply: 4 };
    events.checkpointed('orders', 'in-0', 7, 1, times, span);
    events.checkpointed('orders', 'in-0', 8, 1, times);
    assert.deepEqual(lines.map(idsOf), [ids, none]);
  });

  it('keeps the stack of what crashed, for the report', () => {
    const { lines, events } = recorded();
    events.taskRetried('orders', 'in-0', new Failure('task_crashed', 'oops', { cause: new Error('oops') }), 100);
    assert.match(lines[0]?.stack ?? '', /event\.test\.ts/);
  });
});
