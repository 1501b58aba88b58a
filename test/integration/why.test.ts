import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Broker } from '../../actors/port.ts';
import { kafkaBackend, stateDir } from '../support/backend.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { kafkaOrSkip } from '../support/kafka.ts';
import { Feeder, feedOnce, why, whyUntil } from '../support/why.ts';
import type { Fed } from '../support/why.ts';

/*
 * What `millrace why` says of topologies on a Kafka whose inputs are as they are in the world: one daemon runs them all, and their inputs go on meanwhile.
 */

const prefix = `w${randomBytes(3).toString('hex')}`;
const source = (topic: string, more: string): string => `{ type: kafka, topic: ${prefix}-${topic}, start: earliest, event_time: value.at${more} }`;
const counting = 'window: { type: tumbling, size: 1m }, aggregate: { n: count() }, emit: update, late: drop';
const joining = 'type: join, from: left, with: right, key: { left: value.k, right: value.k }, within: { before: 10s, after: 10s }, as: { left: l, right: r }, late: drop';
const hour = 3_600_000;

/** Each topology with what it reads: topics and their partitions. */
const topologies: Readonly<Record<string, { readonly topics: Readonly<Record<string, number>>; readonly nodes: string }>> = {
  hours: {
    topics: { hours: 3 },
    nodes: `
sources: { in: ${source('hours', '')} }
transforms: { counted: { type: window, from: in, key: value.k, ${counting} } }
sinks: { out: { type: kafka, from: counted, topic: ${prefix}-out } }`
  },
  ...Object.fromEntries([['never', 'never'], ['soon', '1s'], ['later', '30s']].map(([name = '', idle = '']) => [name, {
    topics: { [`${name}-a`]: 1, [`${name}-b`]: 1 },
    nodes: `
sources: { a: ${source(`${name}-a`, '')}, b: ${source(`${name}-b`, `, watermark: { idle: ${idle} }`)} }
transforms: { both: { type: merge, from: [a, b] }, counted: { type: window, from: both, ${counting} } }
sinks: { out: { type: kafka, from: counted, topic: ${prefix}-out } }`
  }])),
  joined: {
    topics: { 'joined-left': 2, 'joined-right': 2 },
    nodes: `
sources: { left: ${source('joined-left', '')}, right: ${source('joined-right', '')} }
transforms: { matched: { ${joining.replace('key: { left: value.k, right: value.k }, ', '')} } }
sinks: { out: { type: kafka, from: matched, topic: ${prefix}-out } }`
  },
  hopped: {
    topics: { 'hopped-left': 2, 'hopped-right': 2 },
    nodes: `
sources: { left: ${source('hopped-left', '')}, right: ${source('hopped-right', '')} }
transforms: { matched: { ${joining} } }
sinks: { out: { type: kafka, from: matched, topic: ${prefix}-out } }`
  },
  unmatched: {
    topics: { 'unmatched-left': 1, 'unmatched-right': 1 },
    nodes: `
sources: { left: ${source('unmatched-left', '')}, right: ${source('unmatched-right', ', watermark: { idle: 1s }')} }
transforms: { matched: { ${joining.replace('key: { left: value.k, right: value.k }, ', '')} } }
sinks: { out: { type: kafka, from: matched, topic: ${prefix}-out } }`
  },
  paced: {
    topics: { paced: 1 },
    nodes: `
sources: { in: ${source('paced', ', rate_limit: { records: 20 }')} }
sinks: { out: { type: kafka, from: in, topic: ${prefix}-out } }`
  },
  filtered: {
    topics: { filtered: 1 },
    nodes: `
sources: { in: ${source('filtered', '')} }
transforms: { none: { type: filter, from: in, where: value.at < 0 } }
sinks: { out: { type: kafka, from: none, topic: ${prefix}-out } }`
  },
  healthy: {
    topics: { healthy: 2 },
    nodes: `
sources: { in: ${source('healthy', '')} }
transforms: { counted: { type: window, from: in, key: value.k, ${counting} } }
sinks: { out: { type: kafka, from: counted, topic: ${prefix}-out } }`
  }
};

const topic = (name: string, partition = 0, more: Partial<Fed> = {}): Fed => ({ topic: `${prefix}-${name}`, partition, ...more });

async function prepare(broker: Broker, yaml: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-why-'));
  for (const [name, { nodes }] of Object.entries(topologies)) writeFileSync(join(folder, `${name}.yaml`), `name: ${prefix}_${name}\n${yaml}\n${nodes}\n`);
  const topics = Object.values(topologies).flatMap((each) => Object.entries(each.topics));
  await broker.createTopics([...topics, ['out', 1] as const].map(([name, partitions]) => ({ topic: `${prefix}-${name}`, partitions })));
  await feedOnce(broker, [
    topic('never-b', 0, { behind: 5000 }), topic('soon-b', 0, { behind: 5000 }), topic('later-b', 0, { behind: 5000 }),
    topic('paced', 0, { records: 4000 }), topic('filtered', 0, { records: 20 })
  ]);
  return folder;
}

/** What goes on in every topology but the side that is told of. */
const steady: readonly Fed[] = [
  topic('hours'), topic('hours', 1, { behind: 3 * hour }), topic('hours', 2), topic('never-a'), topic('soon-a'), topic('later-a'),
  topic('joined-left'), topic('joined-left', 1), topic('hopped-left'), topic('hopped-left', 1), topic('unmatched-left'), topic('healthy'), topic('healthy', 1)
];

describe('why, on a Kafka whose inputs go on', { timeout: 60_000 }, () => {
  it('names what holds each of several topologies back, and nothing else before it', async (t) => {
    const kafka = await kafkaOrSkip(t);
    if (kafka === null) return;
    const backend = kafkaBackend(kafka.brokers);
    await backend.use(async (broker) => {
      const folder = await prepare(broker, backend.yaml);
      const feeder = new Feeder(broker, steady);
      const daemon = new DaemonProcess(folder, { stateDir: stateDir() });
      await daemon.until(({ topologies: all }) => all.length === Object.keys(topologies).length && all.every(({ state, tasks }) => state === 'running' && tasks.running > 0));
      const first = async (name: string, code: Parameters<typeof whyUntil>[2], message: RegExp, remedy: RegExp): Promise<void> => {
        const found = await whyUntil(daemon, `${prefix}_${name}`, code);
        const said = `${name}: ${JSON.stringify(found, null, 1)}`;
        assert.equal(found[0]?.code, code, said);
        assert.match(found[0].message, message, said);
        assert.match(found[0].remedy, remedy, said);
      };
      const of = (name: string, at: string): RegExp => new RegExp(`^${prefix}-${name}\\[${at}\\] \\(source`);

      await t.test('a partition whose records are hours older', () => first('hours', 'partition_behind', of('hours', '1'), /wait, or look at its producer/));
      await t.test('a source that is quiet and is never idle, with the remedy', () => first('never', 'source_quiet', new RegExp(`${of('never-b', '0').source} b\\) has had no record for [\\d.]+ s and holds event time.*; counted waits for it`), /idle: 30s \} at source b/));
      await t.test('a source that is not idle yet, with when it will be', () => first('later', 'source_quiet', of('later-b', '0'), /After 30 s/));
      await t.test('nobody where the quiet source is idle', () => first('soon', 'nothing', /keeps up/, /^$/));
      await t.test('the side of a join that has no records', () => first('joined', 'input_silent', new RegExp(`${of('joined-right', '0, 1').source} right\\) has said nothing of event time.*; matched waits for it`), /After 30 s|idle/));
      await t.test('the side of a join behind repartition topics that has no records', () => first('hopped', 'input_silent', new RegExp(`${of('hopped-right', '[01, ]+').source} right\\)`), /After 30 s|idle/));
      await t.test('the side of a join that has no records and is idle', () => first('unmatched', 'input_silent', /^Source right has had no record since this daemon started, while left had/, /who writes to its topic/));
      await t.test('the source that may read no faster', () => first('paced', 'paced', /source in reads no faster by its file \(rate_limit: 20 records a second and task\)/, /rate_limit/));
      await t.test('the node that lets nothing through', () => first('filtered', 'all_swallowed', /^none sends on nothing: of 20 records it received, 20 were filtered/, /expression/));
      await t.test('nothing where all is well', async () => { assert.deepEqual((await why(daemon, `${prefix}_healthy`)).map(({ code }) => code), ['nothing']); });
      await feeder.end();
      await daemon.kill();
    });
  });
});
