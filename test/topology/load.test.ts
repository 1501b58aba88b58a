import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { formatProblem } from '../../src/topology/format.ts';
import { loadTopologies } from '../../src/topology/load.ts';
import { planOf, withSink, withTransform, noTask } from './harness.ts';
import { evidence } from '../support/evidence.ts';
import { secret } from '../support/secrets.ts';

const root = mkdtempSync(join(tmpdir(), 'millrace-load-'));
after(() => rmSync(root, { recursive: true }));

let folders = 0;

function folderWith(files: Record<string, string>): string {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

function topology(name: string, more: object = {}): string {
  return JSON.stringify({ ...withSink({ topic: `${name}-out` }), name, ...more });
}

function codes(paths: readonly string[]): string[] {
  return loadTopologies(paths, { env: {} }).problems.map(({ code }) => code);
}

describe('paths', () => {
  it('reads a folder without its tests and subfolders, and a file only once', () => {
    const folder = folderWith({ 'b.yaml': topology('b'), 'a.yml': topology('a'), 'a_test.yaml': 'x', 'notes.txt': 'x' });
    mkdirSync(join(folder, 'below.yaml'));
    rmSync(join(folder, 'below.yaml'), { recursive: true });
    const { plans, problems } = loadTopologies([folder, join(folder, 'a.yml')], { env: {} });
    assert.deepEqual(problems, []);
    assert.deepEqual(plans.map(({ name }) => name), ['a', 'b']);
  });

  it('reports a path that is not there, a folder without topologies and files that are no text', () => {
    assert.deepEqual(codes([join(root, 'nowhere.yaml')]), ['file_not_found']);
    assert.deepEqual(codes([folderWith({})]), ['no_topology']);
    const folder = folderWith({ 'big.yaml': '#'.repeat(1024 * 1024 + 1) });
    writeFileSync(join(folder, 'binary.yaml'), Uint8Array.of(0x61, 0xff));
    assert.deepEqual(codes([folder]), ['bad_value', 'yaml_syntax']);
  });

  it('reports a second topology with a name or a group that is taken', () => {
    const folder = folderWith({ 'a.yaml': topology('a'), 'b.yaml': topology('a'), 'c.yaml': topology('c', { group: 'a' }) });
    const { plans, problems } = loadTopologies([folder], { env: {} });
    assert.deepEqual(problems.map(({ code }) => code), ['duplicate_topology', 'duplicate_group']);
    assert.deepEqual(plans.map(({ file }) => file), [join(folder, 'a.yaml')]);
  });

  it('gives the plans of good files though others have mistakes, all mistakes sorted', () => {
    const folder = folderWith({ 'z.yaml': 'name: Z', 'a.yaml': '- 1', 'm.yaml': topology('m') });
    const { plans, problems } = loadTopologies([join(folder, 'z.yaml'), folder], { env: {} });
    assert.deepEqual(plans.map(({ name }) => name), ['m']);
    const files = problems.map(({ file }) => file);
    assert.deepEqual(files, [...files].sort());
  });
});

describe('values from outside', () => {
  it('resolves them on the tree: what they hold never becomes YAML', () => {
    const token = join(folderWith({ token: `${secret('sec-ret: [1]', 'token')}\n` }), 'token');
    const text = topology('a', { group: `g-\${file:${token}}`, on_error: { dead_letter: '${env:DLQ}', envelope: '${env:FLAG}' } });
    const file = join(folderWith({ 'a.yaml': text }), 'a.yaml');
    const { plans, problems, secrets } = loadTopologies([file], { env: { DLQ: 'dlq-topic', FLAG: 'true' } });
    assert.deepEqual(problems, []);
    assert.equal(plans[0]?.group, 'g-sec-ret: [1]');
    assert.deepEqual(plans[0].nodes[0]?.onError, { action: 'dead_letter', topic: 'dlq-topic', envelope: true });
    assert.deepEqual([...secrets].sort(), ['sec-ret: [1]']);
  });

  it('takes a number from outside only where the whole option is one reference', () => {
    const broker = (partitions: string) => ({ broker: { type: 'embedded', path: './data', partitions } });
    const load = (partitions: string) => loadTopologies([join(folderWith({ 'a.yaml': topology('a', broker(partitions)) }), 'a.yaml')], { env: { N: '8', X: 'many' } });
    assert.deepEqual(load('${env:N}').plans[0]?.broker, { type: 'embedded', path: './data', partitions: 8 });
    assert.deepEqual(load('${env:NONE:-2}').plans[0]?.broker, { type: 'embedded', path: './data', partitions: 2 });
    for (const partitions of ['1${env:N}', '8', '${env:X}']) assert.deepEqual(load(partitions).problems.map(({ code }) => code), ['bad_value']);
  });

  it('never shows them in a problem', () => {
    const file = join(folderWith({ 'a.yaml': topology('a', { delivery: '${env:PASSWORD}' }) }), 'a.yaml');
    const { problems } = loadTopologies([file], { env: { PASSWORD: secret('hunter2') } });
    evidence('problem', problems.map(formatProblem).join('\n'));
    assert.equal(problems.length, 1);
    assert.doesNotMatch(problems.map(formatProblem).join(), /hunter2/);
  });

  it('splits a list of brokers at its commas', () => {
    const load = (brokers: unknown) => planOf({ ...withSink({ topic: 'out' }), broker: { type: 'kafka', brokers } }).broker;
    for (const brokers of ['a:1,b:2', ['a:1', 'b:2'], ['a:1, b:2'], 'a:1 , b:2,']) assert.deepEqual(load(brokers), { type: 'kafka', brokers: ['a:1', 'b:2'], tls: null, sasl: null });
  });
});

describe('the plan', () => {
  it('is complete: every default filled in', () => {
    const plan = planOf(withSink({ topic: 'out' }));
    assert.equal(plan.group, 'test');
    assert.equal(plan.delivery, 'exactly_once');
    assert.deepEqual(plan.trigger, { mode: 'real_time', checkpointInterval: 100 });
    assert.deepEqual(plan.broker, { type: 'embedded', path: './data', partitions: 4 });
    const [source, sink] = plan.nodes;
    assert.ok(source?.kind === 'source' && sink?.kind === 'sink');
    assert.deepEqual(sink.onError, { action: 'fail' });
    const { reads, start, rateLimit, codec, tombstones } = source.build();
    assert.deepEqual(
      { reads, start, rateLimit, codec: codec.id, tombstones },
      { reads: { topics: ['in'], patterns: [] }, start: 'latest', rateLimit: null, codec: 'json', tombstones: 'pass' }
    );
    const { topic, compression, batch } = sink.build();
    assert.deepEqual({ topic, compression, batch }, { topic: 'out', compression: 'none', batch: { records: 10_000, bytes: 1024 * 1024, linger: 0 } });
  });

  it('orders nodes so that inputs come first, whatever the order of the file', () => {
    const plan = planOf({
      ...withSink({ topic: 'out', from: 'c' }),
      transforms: {
        c: { type: 'filter', from: 'b', where: 'true' },
        a: { type: 'route', from: 'events', routes: { x: 'value.x', y: 'value.y' } },
        b: { type: 'merge', from: ['a.y', 'a.x', 'events'] }
      }
    });
    assert.deepEqual(plan.nodes.map(({ name }) => name), ['events', 'a', 'b', 'c', 'out']);
    plan.nodes.forEach((node, id) => {
      assert.equal(node.id, id);
      if (node.kind !== 'source') for (const edge of node.inputs) assert.ok(edge.node < id);
    });
    const merge = plan.nodes[2];
    assert.ok(merge?.kind === 'transform');
    assert.deepEqual(merge.inputs, [
      { node: 1, port: 1, input: 0 },
      { node: 1, port: 0, input: 0 },
      { node: 0, port: 0, input: 0 }
    ]);
  });

  it('splits what is not connected into sub-topologies, named after their first source', () => {
    const plan = planOf({
      ...withSink({ topic: 'out', from: ['b', 'a'] }),
      sources: { b: { type: 'kafka', topic: 'tb' }, c: { type: 'kafka', topics: ['tc2', 'tc1'] }, a: { type: 'kafka', topic: 'ta' } },
      sinks: { one: { type: 'kafka', from: 'c', topic: 'out1' }, two: { type: 'kafka', from: ['a', 'b'], topic: 'out2' } }
    });
    assert.deepEqual(plan.subTopologies, [
      { name: 'b', nodes: [0, 2, 4], reads: { topics: ['ta', 'tb'], patterns: [] }, stores: [], first: [], timed: false },
      { name: 'c', nodes: [1, 3], reads: { topics: ['tc1', 'tc2'], patterns: [] }, stores: [], first: [], timed: false }
    ]);
  });

  it('has a signature that changes with what members must agree on, and with nothing else', () => {
    const base = withTransform({ type: 'filter', where: 'value.a' });
    const signature = (more: object) => planOf({ ...base, ...more }).signature;
    assert.match(signature({}), /^[0-9a-f]{16}$/);
    assert.equal(signature({ on_error: 'fail', trigger: { checkpoint_interval: '1s' } }), signature({}));
    for (const more of [{ name: 'other' }, { delivery: 'at_least_once' }, { sources: { events: { type: 'kafka', topics: ['in', 'in2'] } } }]) {
      assert.notEqual(signature(more), signature({}));
    }
  });

  it('builds fresh logic for each task', () => {
    const node = planOf(withTransform({ type: 'filter', where: 'value.a' })).nodes[1];
    assert.ok(node?.kind === 'transform');
    assert.notEqual(node.build(noTask), node.build(noTask));
  });

  it('takes expressions that YAML reads as numbers, booleans or null', () => {
    assert.doesNotThrow(() => planOf(withTransform({ type: 'map', set: { a: 1, b: true, c: null, d: 1.5 } })));
  });
});
