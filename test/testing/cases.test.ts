import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { linesOf, perMinute, runSteps } from './support.ts';

/* What a case can do, on the real runtime. */

const passes = async (topology: string, steps: string, options?: string): Promise<void> => {
  assert.deepEqual(linesOf(await runSteps(topology, steps, options)), []);
};

const copy = (more: string): string => `
name: copy
broker: { type: embedded, path: ./data }
${more}
sinks:
  out: { type: kafka, from: in, topic: out }
`;
const source = 'sources: { in: { type: kafka, topic: in } }';

describe('a case', () => {
  it('sees results, late records, dead letters, counts and state', () => passes(perMinute, `
- records:
    - { key: a, value: { type: click, amount: 1 }, timestamp: "2026-11-01T00:00:10Z" }
    - { key: a, value: { type: click, amount: 3 }, timestamp: "2026-11-01T00:00:50Z" }
    - { key: a, value: { type: view, amount: 2 }, timestamp: "2026-11-01T00:03:10Z" }
    - { key: a, value: { type: view, amount: 9 }, timestamp: "2026-11-01T00:00:10Z" }
    - { key: a, text: "{", headers: { h: x } }
- expect:
    out:
      - { key: click-1793491200000, value: { key: click, count: 2, most: 3, window: { start: "2026-11-01T00:00:00Z", end: 1793491260000 } }, timestamp: "2026-11-01T00:00:50Z" }
      - { has: { key: view, count: 1 } }
    late: [{ key: a, value: { type: view, amount: 9 }, node: counts }]
    bad: [{ text: "{", code: undecodable, node: events, headers: { h: x } }]
    state:
      counts:
        - { key: view, count: 1, most: 2, window: { start: "2026-11-01T00:03:00Z", end: "2026-11-01T00:04:00Z" } }
        - { key: click, count: 2, most: 3, window: { start: "2026-11-01T00:00:00Z", end: "2026-11-01T00:01:00Z" } }
    node_counts: { events: { received: 5, dead_lettered: 1 }, counts: { received: 4, absorbed: 3, late: 1 } }
- expect: { nothing: true, node_counts: { events: { received: 0 } } }
`, 'partitions: 3'));

  for (const how of ['stop', 'kill', 'lost']) {
    it(`goes on where it was after restart: ${how}`, () => passes(perMinute, `
- records: [{ key: a, value: { type: click, amount: 1 } }, { key: b, value: { type: click, amount: 2 } }]
- expect: { out: [{ has: { count: 2 } }] }
- restart: ${how}
- records: [{ key: a, value: { type: click, amount: 5 } }]
- restart: ${how}
- expect: { out: [{ has: { count: 3, most: 5 } }], node_counts: { counts: { absorbed: 1 } } }
`, 'partitions: 2'));
  }

  it('an idle partition holds back until the clock has gone on so far', () => passes(perMinute.replace('emit: update', 'emit: final'), `
- records:
    - { partition: 0, value: { type: click, amount: 1 }, timestamp: "2026-11-01T00:00:10Z" }
    - { partition: 0, value: { type: view, amount: 1 }, timestamp: "2026-11-01T00:05:00Z" }
- expect: { nothing: true }
- advance: 29s
- expect: { nothing: true }
- records: [{ partition: 0, value: { type: view, amount: 1 }, timestamp: "2026-11-01T00:05:00Z" }]
- advance: 1s
- expect: { out: [{ has: { key: click, count: 1 } }] }
`, 'partitions: 2'));

  it('a watermark that goes on with the clock closes windows', () => passes(perMinute.replace('emit: update', 'emit: final').replace('idle: 30s', 'idle: { after: 30s, advance: wall_clock }'), `
- records: [{ value: { type: click, amount: 1 }, timestamp: "2026-11-01T00:00:10Z" }]
- advance: 2m
- expect: { nothing: true }
- advance: 30s
- expect: { out: [{ has: { count: 1 } }] }
`));

  it('ticks of processing_time come when the clock says so', () => passes(copy(`trigger: { mode: processing_time, interval: 30s }\n${source}`), `
- records: [{ value: 1 }]
- advance: 19999ms
- expect: { nothing: true }
- advance: 1ms
- records: [{ value: 2 }]
- expect: { out: [{ value: 1 }] }
- advance: 30s
- expect: { out: [{ value: 2 }] }
`, 'now: 2026-11-01T00:00:10Z'));

  it('what ends by itself is run for what came since', () => passes(copy(`trigger: { mode: available_now }\non_error: skip\n${source.replace('topic: in', 'topic: in, start: earliest')}`), `
- records: [{ value: 1 }]
- records: [{ value: two }]
- expect: { out: [{ value: 1 }, { value: two }] }
- records: [{ value: null }, { text: "{" }]
- expect: { out: [{ value: null }], node_counts: { in: { received: 2, skipped: 1 } } }
`));

  it('now() and times that count from now are those of the clock, whatever a step takes', () => passes(copy(`delivery: at_least_once
trigger: { mode: real_time, checkpoint_interval: 500ms }
sources: { events: { type: kafka, topic: in } }
transforms: { in: { type: map, from: events, set: { at: now() } } }`), `
- records: [{ value: {}, timestamp: +10s }]
- records: [{ value: {} }]
- advance: 1h
- records: [{ value: {} }]
- expect:
    out:
      - { value: { at: "2026-11-01T00:00:00Z" }, timestamp: +10s }
      - { value: { at: "2026-11-01T00:00:00Z" }, timestamp: +0s }
      - { value: { at: "2026-11-01T01:00:00Z" }, timestamp: +1h }
`, 'now: 2026-11-01T00:00:00Z'));

  it('text, bytes, topics by pattern and by expression', () => passes(`
name: any
broker: { type: embedded, path: ./data }
sources: { in: { type: kafka, pattern: raw-.*, codec: raw } }
sinks: { out: { type: kafka, from: in, topic: { expression: '"copy-of-" + topic' } } }
`, `
- records: [{ topic: raw-a, text: ä }, { topic: raw-b, base64: "/w==", headers: { none: null } }]
- expect: { copy-of-raw-a: [{ text: ä }], copy-of-raw-b: [{ base64: "/w==", headers: { none: null } }] }
`));

  it('a topology that fails is expected to, with its code', async () => {
    const failing = copy(`on_error: fail\n${source}`);
    await passes(failing, '- records: [{ value: 1 }, { text: "{" }]\n- expect: { failed: record_failed }');
    const [line = ''] = linesOf(await runSteps(failing, '- records: [{ text: "{" }]\n- expect: { nothing: true }'));
    assert.match(line, /^the topology failed: record_failed: in\[0\] offset 0 failed at in: undecodable.*\(.*on_error.*\)$/);
  });

  it('comes to the same each time', async () => {
    const steps = `
- records: [{ key: a, value: { type: x, amount: 1 } }, { key: b, value: { type: y, amount: 1 } }, { key: c, value: { type: x, amount: 1 } }]
- restart: kill
- records: [{ key: a, value: { type: x, amount: 1 } }, { key: b, value: { type: x, amount: 1 } }]
- expect: { nothing: true }
`;
    const first = linesOf(await runSteps(perMinute, steps, 'partitions: 4'));
    assert.ok(first.length > 0);
    for (let run = 0; run < 5; run += 1) assert.deepEqual(linesOf(await runSteps(perMinute, steps, 'partitions: 4')), first);
  });
});
