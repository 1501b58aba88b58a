import type { Collector, SinkLogic, SourceLogic, TransformLogic } from '../../actors/component.ts';
import type { Failure } from '../../actors/failure.ts';
import type { StreamRecord } from '../../actors/record.ts';
import type { NodeTask, Plan, Problem } from '../../src/topology/model.ts';
import { readTopology } from '../../src/topology/read.ts';

/* Helpers that go through the real loader: what a test builds is what a file would. */

/** A topology with one transform, as a plain tree; JSON is YAML. */
export function withTransform(options: object, outputs: readonly string[] = ['node']): object {
  return {
    name: 'test',
    broker: { type: 'embedded', path: './data' },
    on_error: 'skip',
    sources: { events: { type: 'kafka', topic: 'in' } },
    transforms: { node: { from: 'events', ...options } },
    sinks: { out: { type: 'kafka', from: outputs, topic: 'out' } }
  };
}

/** A topology with one sink. */
export function withSink(options: object): object {
  return {
    name: 'test',
    broker: { type: 'embedded', path: './data' },
    sources: { events: { type: 'kafka', topic: 'in' } },
    sinks: { out: { type: 'kafka', from: 'events', ...options } }
  };
}

export function problemsOf(topology: object | string): Problem[] {
  const text = typeof topology === 'string' ? topology : JSON.stringify(topology, null, 1);
  return [...readTopology('test.yaml', text, { env: {} }).file.problems];
}

export function planOf(topology: object | string): Plan {
  const text = typeof topology === 'string' ? topology : JSON.stringify(topology, null, 1);
  const { plan, file } = readTopology('test.yaml', text, { env: {} });
  if (plan === null) throw new Error(JSON.stringify(file.problems));
  return plan;
}

/** What a transform without state is built for. */
export const noTask: NodeTask = { task: 0, tasks: 1, watermark: -Infinity, partitions: () => 1, store: (name) => { throw new Error(`no store ${name}`); }, table: (name) => { throw new Error(`no table ${name}`); } };

/** For a collector of which only some fates are expected. */
export const unexpected: Pick<Collector, 'absorbed' | 'deduped' | 'unpacked' | 'late' | 'lateCopy'> = {
  absorbed: () => { throw new Error('absorbed'); },
  deduped: () => { throw new Error('deduped'); },
  unpacked: () => { throw new Error('unpacked'); },
  late: () => { throw new Error('late'); },
  lateCopy: () => { throw new Error('late'); }
};

export function transformOf(options: object, outputs?: readonly string[]): TransformLogic {
  const node = planOf(withTransform(options, outputs)).nodes.find(({ name }) => name === 'node');
  if (node?.kind !== 'transform') throw new Error('there is no transform');
  return node.build(noTask);
}

export function sinkOf(options: object): SinkLogic {
  const node = planOf(withSink(options)).nodes.find(({ name }) => name === 'out');
  if (node?.kind !== 'sink') throw new Error('there is no sink');
  return node.build();
}

export function sourceOf(options: object): SourceLogic {
  const [node] = planOf({ ...withSink({ topic: 'out' }), sources: { events: { type: 'kafka', ...options } } }).nodes;
  if (node?.kind !== 'source') throw new Error('there is no source');
  return node.build();
}

const utf8 = new TextEncoder();

/** A record as a source with codec json makes it; `undefined` makes a tombstone. */
export function recordOf(value: unknown, parts: Partial<StreamRecord> = {}): StreamRecord {
  const tombstone = value === undefined;
  return {
    key: utf8.encode('k'),
    bytes: tombstone ? null : utf8.encode(JSON.stringify(value)),
    value: tombstone ? null : value,
    headers: [],
    timestamp: 1000,
    offset: 7,
    origin: { topic: 'in', partition: 3, codec: 'json' },
    changed: false,
    time: -1,
    stamp: -Infinity,
    ...parts
  };
}

/** What became of the records of one batch. */
export interface Outcome {
  readonly forwarded: { readonly record: StreamRecord; readonly port: number }[];
  readonly copies: { readonly record: StreamRecord; readonly port: number }[];
  readonly filtered: StreamRecord[];
  readonly failed: { readonly record: StreamRecord; readonly failure: Failure }[];
}

/** Runs one batch; `now` is 5000. */
export function run(logic: TransformLogic, records: readonly StreamRecord[]): Outcome {
  const outcome: Outcome = { forwarded: [], copies: [], filtered: [], failed: [] };
  const out: Collector = {
    forward: (record, port = 0) => void outcome.forwarded.push({ record, port }),
    copy: (record, port) => void outcome.copies.push({ record, port }),
    filtered: (record) => void outcome.filtered.push(record),
    failed: (record, failure) => void outcome.failed.push({ record, failure }),
    ...unexpected
  };
  logic.process({ kind: 'batch', records, now: 5000 }, out, 0);
  return outcome;
}

/** Freezes a value all the way down, so that a change of it throws. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
    Object.freeze(value);
    for (const field of Object.values(value)) deepFreeze(field);
  }
  return value;
}
