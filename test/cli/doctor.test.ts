import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { ClusterView, TopicView } from '../../actors/cluster-view.ts';
import { clusterFindings, rightFindings, topicFindings } from '../../src/cli/doctor/broker-checks.ts';
import { runCheck } from '../../src/cli/doctor/finding.ts';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { loadFindings, nodeFindings } from '../../src/cli/doctor/process-checks.ts';
import { redriveFindings } from '../../src/cli/doctor/redrive-checks.ts';
import { loadTopologies } from '../../src/topology/load.ts';
import type { Plan } from '../../src/topology/model.ts';
import { millrace } from '../support/cli.ts';
import { emptyFolder } from '../support/scratch.ts';
import { secret } from '../support/secrets.ts';

const topology = `
name: orders
broker: { type: kafka, brokers: 10.0.0.1:9092 }
on_error: { dead_letter: dlq }
sources: { in: { type: kafka, topic: in, start: earliest } }
transforms:
  counts: { type: window, from: in, key: value.k, window: { type: tumbling, size: 1m }, aggregate: { n: count() }, emit: final, late: drop }
sinks: { out: { type: kafka, from: counts, topic: out } }
`;

function planOf(yaml: string): Plan {
  const file = join(emptyFolder(), 'orders.yaml');
  writeFileSync(file, yaml);
  const { plans, problems } = loadTopologies([file], { env: {} });
  assert.deepEqual(problems, []);
  return plans[0] as Plan;
}

const topic: TopicView = { partitions: 4, replicas: 3, inSync: 3, minInSync: 2, may: ['Read', 'Write', 'Describe'] };
const view: ClusterView = {
  id: 'c',
  nodes: [{ id: 1, address: '10.0.0.1:9092', answer: 2 }],
  release: 'Kafka 4.1 or later',
  topics: new Map(['in', 'out', 'dlq'].map((name) => [name, topic])),
  group: ['Read', 'Describe'],
  transactionalId: null
};

const status = (findings: readonly Finding[]): string[] => findings.map((each) => each.status);

describe('the doctor', () => {
  const plan = planOf(topology);

  it('finds nothing where all is well', () => {
    const findings = [...clusterFindings(view), ...topicFindings(plan, view), ...rightFindings(plan, view), ...nodeFindings('v24.1.0')];
    assert.deepEqual(status(findings), ['ok', 'ok', 'ok', 'ok']);
  });

  it('warns of rights that driving dead letters again needs, where there are any', () => {
    const all = { name: 'orders-redrive', group: ['Read'], transactionalId: true } as const;
    const found = (other: ClusterView['other'], topics = view.topics): string[] => redriveFindings(plan, { ...view, topics, ...(other === undefined ? {} : { other }) }).map((each) => `${each.status} ${each.found}: ${each.remedy ?? ''}`);
    assert.deepEqual([found(undefined), found(all), found({ ...all, group: null })], [[], [], []]);
    const none = found({ ...all, group: [], transactionalId: false }, new Map(['in', 'out', 'dlq'].map((name) => [name, { ...topic, may: ['Describe'] as const }])));
    const expected = [['Read the topic dlq', 'Read --topic dlq'], ['Write the topic in', 'Write --topic in'], ['Read the group orders-redrive', 'Read --group orders-redrive'], ['Write in transactions of the id orders-redrive', 'Write --transactional-id orders-redrive']];
    assert.deepEqual(none, expected.map(([what, operation]) => `warning millrace dlq redrive may not ${what}: Before dead letters are driven again: kafka-acls --bootstrap-server … --add --allow-principal User:… --operation ${operation}`));
  });

  it('names nodes that are away, or slow, and brokers that are too old', () => {
    const nodes = [{ id: 1, address: 'a:1', answer: 80 }, { id: 2, address: 'b:1', answer: null }];
    const findings = clusterFindings({ ...view, nodes, release: 'older than Kafka 4' });
    assert.deepEqual(status(findings), ['failure', 'failure', 'warning']);
    assert.match(findings[1]?.found ?? '', /no answer from b:1/);
  });

  it('names topics that are missing, and those that take no writes', () => {
    const findings = topicFindings(plan, { ...view, topics: new Map([['in', topic], ['out', { ...topic, inSync: 1 }]]) });
    assert.deepEqual(findings.slice(1).map(({ found }) => found), ['dlq (dead letters) does not exist, or may not be described', 'out (sink out) has a partition with 1 copies in sync, and min.insync.replicas is 2']);
    assert.ok(findings.slice(1).every(({ remedy }) => remedy !== null));
  });

  it('names rights that are missing, with the command that gives them', () => {
    const weak = { ...topic, may: ['Describe'] as const };
    const findings = rightFindings(plan, { ...view, topics: new Map([['in', weak], ['out', weak], ['dlq', topic]]), group: [], transactionalId: 'may not Write' });
    assert.deepEqual(findings.map(({ found }) => found), ['may not Read in (source in)', 'may not Write out (sink out)', 'may not Read the group orders', 'may not Write']);
    assert.match(findings[0]?.remedy ?? '', /--operation Read --topic in/);
    assert.match(findings[3]?.remedy ?? '', /--transactional-id orders- --resource-pattern-type prefixed/);
  });

  it('says what sockets and transactions a topology comes to', () => {
    const findings = loadFindings(plan, view, emptyFolder());
    assert.match(findings[0]?.found ?? '', /^about 8 for 5 tasks on one daemon/);
    assert.match(findings[1]?.found ?? '', /up to 350 per second on one daemon/);
    const wide = loadFindings(plan, { ...view, topics: new Map([['in', { ...topic, partitions: 400 }]]) }, emptyFolder());
    assert.deepEqual(wide.map(({ area, status: how }) => [area, how]), [['sockets', 'ok'], ['transactions', 'warning']]);
  });

  it('waits for no check longer than it may, and takes none down with another', async () => {
    const [late] = await runCheck({ area: 'x', run: () => new Promise(() => undefined) }, 20);
    assert.match(late?.found ?? '', /no answer within 0.02 s/);
    const [broken] = await runCheck({ area: 'x', run: () => { throw new Error('oh'); } }, 20);
    assert.deepEqual([broken?.status, broken?.found], ['failure', 'oh']);
  });
});

describe('millrace doctor', () => {
  const embedded = topology.replace('{ type: kafka, brokers: 10.0.0.1:9092 }', '{ type: embedded, path: ./data }');

  it('looks at a topology on an embedded broker, and changes nothing', async () => {
    const cwd = emptyFolder();
    writeFileSync(join(cwd, 'orders.yaml'), embedded);
    const { code, stdout } = await millrace(['doctor', 'orders.yaml', '--json'], { cwd });
    const { healthy, findings } = JSON.parse(stdout) as { healthy: boolean; findings: Finding[] };
    assert.deepEqual([code, healthy, new Set(findings.map((each) => each.status))], [0, true, new Set(['ok'])]);
    assert.ok(['broker', 'topics', 'rights', 'state', 'disk', 'clock', 'sockets', 'node'].every((area) => findings.some((each) => each.area === area)));
  });

  it('says what is wrong within its deadline where nobody answers', async () => {
    const cwd = emptyFolder();
    writeFileSync(join(cwd, 'orders.yaml'), topology.replace('10.0.0.1:9092', '127.0.0.1:9'));
    const { code, stdout } = await millrace(['doctor', 'orders.yaml', '--timeout', '2'], { cwd });
    assert.equal(code, 69);
    assert.match(stdout, /✖ broker .*127\.0\.0\.1:9/);
    assert.match(stdout, /- topics {3}needs the broker/);
  });

  it('ticks the boxes of production, or says what is missing', async () => {
    const cwd = emptyFolder();
    mkdirSync(join(cwd, 'd'));
    writeFileSync(join(cwd, 'orders.yaml'), `${embedded.replace('on_error: { dead_letter: dlq }', 'on_error: skip')}registry: { url: http://127.0.0.1:9, auth: { username: u, password: ${secret('plainly-written')} } }\n`);
    const { code, stdout } = await millrace(['doctor', '--production', 'orders.yaml', '--json'], { cwd });
    const { boxes } = JSON.parse(stdout) as { boxes: { box: string; ticked: boolean | null; found: string; remedy: string | null }[] };
    assert.equal(code, 78);
    assert.deepEqual(boxes.map(({ box, ticked }) => [box, ticked]), [
      ['replication', false], ['dead letters', false], ['watermark', false], ['alerts', null], ['state volume', false],
      ['secrets not inline', false], ['TLS', true], ['checkpoint unique', true], ['limits', true], ['tests', false]
    ]);
    assert.match(boxes[5]?.found ?? '', /line \d+: registry.auth.password/);
    assert.ok(!stdout.includes('plainly-written'));
    assert.ok(boxes.every(({ ticked, remedy }) => (ticked === true) === (remedy === null)));
  });

  it('ticks the alerts that a topology has, and names those that the log alone is told of', async () => {
    const cwd = emptyFolder();
    writeFileSync(join(cwd, 'orders.yaml'), `${embedded}alerts:\n  behind: { when: lag_seconds > 60, notify: { command: [./page.sh] } }\n  broken: { when: dead_letter_rate > 1 }\n`);
    const { stdout } = await millrace(['doctor', '--production', 'orders.yaml', '--json'], { cwd });
    const { boxes } = JSON.parse(stdout) as { boxes: { box: string; ticked: boolean | null; found: string }[] };
    assert.deepEqual(boxes.filter(({ box }) => box === 'alerts').map(({ ticked, found }) => [ticked, found]), [[true, 'behind, broken (log alone)']]);
  });

  it('reports a mistake in the file instead', async () => {
    const cwd = emptyFolder();
    writeFileSync(join(cwd, 'orders.yaml'), 'name: x\n');
    const { code, stderr } = await millrace(['doctor', 'orders.yaml'], { cwd });
    assert.equal(code, 78);
    assert.match(stderr, /missing_option/);
  });
});
