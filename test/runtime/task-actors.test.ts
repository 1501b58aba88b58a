import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { imbalance } from '../../actors/accounting.ts';
import { planOf } from '../support/plan.ts';
import { headerOf, plainTopic, WiredTask } from '../support/task.ts';

const diamond = `
name: diamond
broker: { type: embedded, path: ./data/none }
on_error: { dead_letter: bad }
sources:
  left: { type: kafka, topics: [left-a, left-b], codec: json }
  right: { type: kafka, topic: right, codec: json }
transforms:
  even: { type: filter, from: left, where: value.n % 2 == 0 }
  tagged: { type: map, from: left, set: { tag: '"t"' } }
  both: { type: merge, from: [even, tagged, right] }
  by_size: { type: route, from: both, match: all, routes: { big: value.n > 5, small: value.n < 8 } }
sinks:
  big: { type: kafka, from: by_size.big, topic: big }
  small: { type: kafka, from: by_size.small, topic: small }
  everything: { type: kafka, from: [both, right], topic: everything }
`;

const value = fc.oneof(
  fc.nat(10).map((n) => JSON.stringify({ n })),
  fc.constantFrom('', '{', '{"n":"x"}', 'null', '[]', '{"__proto__":{"n":1},"n":3}'),
  fc.constant(null)
);
const topic = fc.constantFrom('left-a', 'left-b', 'right');
const step = fc.oneof({ weight: 4, arbitrary: fc.record({ topic, values: fc.array(value, { maxLength: 6 }) }) }, { weight: 1, arbitrary: fc.constant('checkpoint' as const) });

describe('the actors of a task', () => {
  it('account for every record at every checkpoint, and the epochs hold what was fed before them', async () => {
    const plan = planOf(diamond);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const task = new WiredTask(plan, ['left-a', 'left-b', 'right']);
        const fed = { 'left-a': 0, 'left-b': 0, right: 0 };
        for (const each of [...steps, 'checkpoint' as const]) {
          if (each !== 'checkpoint') {
            task.feed(each.topic, each.values);
            fed[each.topic] += each.values.length;
            continue;
          }
          const { work } = await task.checkpoint();
          for (const counts of work.counts.values()) assert.equal(imbalance(counts), 0);
          assert.deepEqual(Object.fromEntries(work.progress.map(({ topic, position }) => [topic, position])), fed);
        }
        assert.equal(task.totals.get('left')?.received, fed['left-a'] + fed['left-b']);
        const sunk = task.totals.get('everything')?.received ?? 0;
        assert.equal(sunk, (task.totals.get('both')?.forwarded ?? 0) + (task.totals.get('right')?.forwarded ?? 0));
        task.stop();
      }),
      { numRuns: 100 }
    );
  });

  it('write what no transform changed with its original bytes, and keep key, headers and timestamp', async () => {
    const task = new WiredTask(planOf(diamond), ['left-a', 'left-b', 'right']);
    const original = '{ "n" : 7.0 , "big": 12345678901234567890 }';
    task.feed('right', [original], { key: Buffer.from('k'), headers: [['h', Buffer.from('1')], ['h', null]], timestamp: 42 });
    const { outputs } = await task.checkpoint();
    assert.deepEqual(outputs.map(({ topic }) => topic).toSorted(), ['big', 'everything', 'everything', 'small']);
    for (const { value, key, headers, timestamp } of outputs) {
      assert.equal(Buffer.from(value ?? []).toString(), original);
      assert.equal(Buffer.from(key ?? []).toString(), 'k');
      assert.deepEqual(headers, [['h', Buffer.from('1')], ['h', null]]);
      assert.equal(timestamp, 42);
    }
    task.stop();
  });

  it('keep the order of a partition through every path', async () => {
    const task = new WiredTask(planOf(diamond), ['left-a', 'left-b', 'right']);
    for (let from = 0; from < 2500; from += 500) task.feed('right', Array.from({ length: 500 }, (_, index) => JSON.stringify({ n: from + index })));
    const { outputs } = await task.checkpoint();
    for (const topic of ['big', 'everything']) {
      const seen = outputs.filter((record) => record.topic === topic).map(({ value }) => (JSON.parse(Buffer.from(value ?? []).toString()) as { n: number }).n);
      if (topic === 'big') assert.deepEqual(seen, Array.from({ length: 2494 }, (_, index) => index + 6));
      else assert.equal(seen.length, 5000);
    }
    task.stop();
  });

  it('send a record that fails to the dead letter topic byte for byte, with the reason', async () => {
    const task = new WiredTask(planOf(diamond), ['left-a', 'left-b', 'right']);
    task.feed('right', ['{"n":1}', '{broken'], { key: Buffer.from([0xff, 0]), headers: [['traceparent', Buffer.from('00-1')]] });
    const { outputs } = await task.checkpoint();
    const [dead] = outputs.filter(({ topic }) => topic === 'bad');
    assert.ok(dead !== undefined);
    assert.equal(Buffer.from(dead.value ?? []).toString(), '{broken');
    assert.deepEqual(dead.key, Buffer.from([0xff, 0]));
    assert.equal(headerOf(dead, 'traceparent'), '00-1');
    assert.equal(headerOf(dead, 'millrace.error.code'), 'undecodable');
    assert.equal(headerOf(dead, 'millrace.error.node'), 'right');
    assert.equal(headerOf(dead, 'millrace.error.topic'), 'right');
    assert.equal(headerOf(dead, 'millrace.error.partition'), '0');
    assert.equal(headerOf(dead, 'millrace.error.offset'), '1');
    task.stop();
  });
});

const simple = (more: string): string => `
name: simple
broker: { type: embedded, path: ./data/none }
${more}
`;

describe('error policies', () => {
  const source = 'sources: { in: { type: kafka, topic: in, codec: json } }';

  it('skip counts and drops, fail stops with the record\'s place', async () => {
    const skip = new WiredTask(planOf(simple(`on_error: skip\n${source}\nsinks: { out: { type: kafka, from: in, topic: out } }`)), ['in']);
    skip.feed('in', ['{"n":1}', 'x', '{"n":2}']);
    assert.equal((await skip.checkpoint()).outputs.length, 2);
    assert.equal(skip.totals.get('in')?.skipped, 1);
    skip.stop();
    const fail = new WiredTask(planOf(simple(`${source}\nsinks: { out: { type: kafka, from: in, topic: out } }`)), ['in']);
    fail.feed('in', ['{"n":1}', 'x']);
    await assert.rejects(fail.checkpoint(), { code: 'record_failed', message: /^in\[0\] offset 1 failed at in: undecodable/ });
    fail.stop();
  });

  it('a record too large for its topic is a dead letter; one too large for that topic too keeps its headers only', async () => {
    const yaml = simple(`on_error: { dead_letter: bad }\n${source}\nsinks: { out: { type: kafka, from: in, topic: out } }`);
    const task = new WiredTask(planOf(yaml), ['in'], { ...plainTopic, maxMessageBytes: 2000 });
    task.feed('in', [JSON.stringify('x'.repeat(3000)), '1']);
    const { outputs } = await task.checkpoint();
    assert.deepEqual(outputs.map(({ topic }) => topic), ['bad', 'out']);
    const dead = outputs[0];
    assert.ok(dead !== undefined);
    assert.equal(dead.value?.byteLength, 0);
    assert.equal(headerOf(dead, 'millrace.error.code'), 'record_too_large');
    assert.match(headerOf(dead, 'millrace.error.truncated') ?? '', /3002 bytes/);
    assert.deepEqual(task.totals.get('out'), { ...task.totals.get('out'), received: 2, forwarded: 1, dead_lettered: 1 });
    task.stop();
  });

  it('what a topic would refuse is a dead letter: a timestamp out of bounds, a key that is missing', async () => {
    const yaml = simple(`on_error: { dead_letter: bad }\n${source}\nsinks: { out: { type: kafka, from: in, topic: out } }`);
    const strict = new WiredTask(planOf(yaml), ['in'], { ...plainTopic, timestamps: { behind: Infinity, ahead: 3_600_000 } });
    const future = Date.now() + 7_200_000;
    strict.feed('in', ['1'], { timestamp: future });
    const [dead] = (await strict.checkpoint()).outputs;
    assert.equal(dead?.topic, 'bad');
    assert.equal(headerOf(dead, 'millrace.error.code'), 'timestamp_refused');
    assert.ok(dead.timestamp < future, 'the dead letter topic would refuse it too');
    strict.stop();
    const keyed = new WiredTask(planOf(yaml.replace('on_error: { dead_letter: bad }', 'on_error: skip')), ['in'], { ...plainTopic, keyed: true });
    keyed.feed('in', ['1']);
    keyed.feed('in', ['2'], { key: Buffer.from('k') });
    assert.equal((await keyed.checkpoint()).outputs.length, 1);
    assert.equal(keyed.totals.get('out')?.skipped, 1);
    keyed.stop();
  });

  it('envelope: true writes JSON that says why', async () => {
    const yaml = simple(`on_error: { dead_letter: bad, envelope: true }\n${source}\nsinks: { out: { type: kafka, from: in, topic: out } }`);
    const task = new WiredTask(planOf(yaml), ['in']);
    task.feed('in', ['{nope', Buffer.from([0xff, 0xfe])], { key: Buffer.from('k') });
    const { outputs } = await task.checkpoint();
    const [first, second] = outputs.map(({ value }) => JSON.parse(Buffer.from(value ?? []).toString()) as Record<string, unknown>);
    assert.deepEqual({ value: first?.['value'], key: first?.['key'], reason: first?.['dlq_reason'], offset: first?.['offset'] }, { value: '{nope', key: 'k', reason: 'undecodable', offset: 0 });
    assert.equal(second?.['value_base64'], '//4=');
    task.stop();
  });

  it('tombstones pass, are dropped, or are dead letters, as the source says', async () => {
    for (const [policy, topics] of [['pass', ['out']], ['drop', []], ['dead_letter', ['bad']]] as const) {
      const yaml = simple(`on_error: { dead_letter: bad }\nsources: { in: { type: kafka, topic: in, tombstones: ${policy} } }\nsinks: { out: { type: kafka, from: in, topic: out } }`);
      const task = new WiredTask(planOf(yaml), ['in']);
      task.feed('in', [null], { key: Buffer.from('k') });
      const { outputs } = await task.checkpoint();
      assert.deepEqual(outputs.map(({ topic, value }) => [topic, value]), topics.map((topic) => [topic, null]));
      task.stop();
    }
  });
});
