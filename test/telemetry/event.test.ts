import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
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
}

function recorded(): { lines: Line[]; events: ReturnType<typeof createEvents> } {
  const lines: Line[] = [];
  const log = createLog({ level: 'info', secrets: [], to: { write: (line) => void lines.push(JSON.parse(line) as Line) } });
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

  it('keeps the stack of what crashed, for the report', () => {
    const { lines, events } = recorded();
    events.taskRetried('orders', 'in-0', new Failure('task_crashed', 'oops', { cause: new Error('oops') }), 100);
    assert.match(lines[0]?.stack ?? '', /event\.test\.ts/);
  });
});
