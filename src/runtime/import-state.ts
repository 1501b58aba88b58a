import type { Holds } from '../../actors/holds.ts';
import { Failure } from '../../actors/failure.ts';
import type { Broker, OffsetCommit, OutgoingRecord, Transaction } from '../../actors/port.ts';
import type { ByPartition } from '../../actors/remembered.ts';
import type { Attempt } from '../../actors/store.ts';
import { fence, transactionalId } from './fence.ts';
import { importNonce } from './import-check.ts';
import type { ImportSettings, ImportTask } from './import-check.ts';
import { assertInternalTopics } from './internal-topics.ts';
import { decodeOffsetMetadata, encodeOffsetMetadata, topicHash } from './offset-metadata.ts';
import type { OffsetMetadata } from './offset-metadata.ts';
import { batchOverhead, encodedSize, requests } from './outbox.ts';
import type { PendingRecord } from './outbox.ts';
import { isMark, markOf, readMark } from './store-mark.ts';
import type { StoreLog } from './store-mark.ts';

/** What taking in an export needs of the outside. */
export interface ImportActions {
  /** Entries of a task of the export. */
  entries(index: number): Iterable<{ readonly key: Uint8Array; readonly value: Uint8Array }>;
  /** Bytes of the largest key and value together. */
  readonly largest: number;
  /** With `changelog: off`: this machine's state of a task is from now on the one of the export, as that of an attempt. */
  replace(task: ImportTask, attempt: Attempt): void;
}

/** Milliseconds; what one task's entries may take. Brokers allow no more than 15 minutes by default. */
const transactionTimeout = 600_000;

/** Records that are written at once. */
const batch = 1000;

/** Keys that are remembered as deleted already; then it begins anew. */
const mostKeys = 100_000;

/**
 * Takes an export in, task by task, each at once: with a changelog its entries, what takes back the entries before, and the offsets are one transaction.
 * The offsets name an epoch since which state counts, so that every machine, this one too, gives up what it has and reads the changelog. Before the first
 * task the offsets of all say that an import is under way; until it has come to its end no task that is left starts, on any machine.
 */
export async function importState(tasks: readonly ImportTask[], settings: ImportSettings, actions: ImportActions): Promise<void> {
  const { plan, broker } = settings;
  const left = tasks.filter(({ fate }) => fate !== 'there');
  const [first] = left;
  if (first === undefined) return;
  if (plan.state.changelog) await assertInternalTopics(plan, broker, () => undefined);
  const limit = await limitOf(settings, actions);
  const counts = await countsOf(left, broker);
  // A broker that allows no such transactions says so before anything is changed.
  await fence(broker, plan.group, first.unit.name, transactionTimeout);
  await broker.commitOffsets(plan.group, left.flatMap((task) => marksOf(task, counts, settings)));
  for (const task of left) {
    const { attempt, commits } = resultOf(task, counts, settings);
    if (plan.state.changelog) {
      await writeTask(task, commits, limit, settings, actions);
    } else {
      actions.replace(task, attempt);
      await broker.commitOffsets(plan.group, commits);
    }
  }
}

interface LogLimit {
  readonly topic: string;
  readonly limit: number;
}

/** The changelog and its limit; where there is none, nothing is bounded by it. Throws `state_too_large`. */
async function limitOf({ plan, broker, header: { node } }: ImportSettings, { largest }: ImportActions): Promise<LogLimit> {
  const topic = plan.internalTopics.find((each) => each.kind === 'changelog' && each.node === node)?.topic ?? '';
  const limit = topic === '' ? Infinity : ((await broker.describeTopics([topic])).get(topic)?.maxMessageBytes ?? 0);
  const size = largest + encodedSize({ key: null, value: null, headers: [] });
  if (size + batchOverhead > limit) throw new Failure('state_too_large', `${topic} takes at most ${limit} bytes, an entry of the export has ${size}. Nothing was changed.`);
  return { topic, limit };
}

/** Partition counts of what the tasks read, by short hash. */
async function countsOf(tasks: readonly ImportTask[], broker: Broker): Promise<Record<string, number>> {
  const topics = new Set(tasks.flatMap(({ unit }) => unit.partitions.map(({ topic }) => topic)));
  const infos = await broker.describeTopics([...topics]);
  return Object.fromEntries([...infos].map(([topic, { partitions }]) => [topicHash(topic), partitions]));
}

/** What is committed, or, where nothing is, what is going to be, with the word that an import is under way. */
function marksOf(task: ImportTask, counts: Record<string, number>, settings: ImportSettings): OffsetCommit[] {
  const { plan, id } = settings;
  const { unit, exported, committed } = task;
  const { nonce, nodes = {}, late = [] } = exported;
  const epoch = lastEpoch(task, settings);
  return unit.partitions.map((at, place) => {
    const known = committed[place] ?? null;
    const metadata = known === null ? null : decodeOffsetMetadata(known.metadata);
    const first = { task: unit.name, epoch, nonce, signature: plan.signature, partitions: countsFor(unit, counts), late, watermark: numberAt(exported.watermarks, at), watermarks: nodes };
    return { ...at, offset: known?.offset ?? (numberAt(exported.offsets, at) as number), metadata: encodeOffsetMetadata({ ...(metadata ?? first), importing: id }) };
  });
}

/** The attempt as which a task's state is taken in, and what is committed as it. */
function resultOf(task: ImportTask, counts: Record<string, number>, settings: ImportSettings): { readonly attempt: Attempt; readonly commits: OffsetCommit[] } {
  const { plan, id } = settings;
  const { unit, exported, latest } = task;
  const epoch = lastEpoch(task, settings) + 1;
  const nonce = importNonce(id);
  const since = plan.state.changelog ? epoch : latest?.since;
  const partitions = countsFor(unit, counts);
  const late = (latest?.late ?? exported.late ?? []).filter((hash) => hash in partitions);
  const watermarks = nodesOf(task, settings);
  const common = { task: unit.name, epoch, nonce, signature: plan.signature, partitions, late, watermarks, ...(since === undefined ? {} : { since }) };
  const places = unit.partitions.map((at, place) => ({ ...at, ...placeOf(task, place, settings) }));
  const commits = places.map(({ topic, partition, offset, watermark }) => ({ topic, partition, offset, metadata: encodeOffsetMetadata({ ...common, watermark }) }));
  const at = { offsets: byPartition(places.map((each) => [each, each.offset])), watermarks: byPartition(places.flatMap((each) => (each.watermark === null ? [] : [[each, each.watermark] as const]))), nodes: watermarks, counts: partitions, late, ...(since === undefined ? {} : { since }) };
  return { attempt: { epoch, nonce, at }, commits };
}

/** Where nothing is committed another machine may have had a higher one than is known: no task counts a thousand epochs a second. */
function lastEpoch({ unit, exported, latest }: ImportTask, { remembered, now }: ImportSettings): number {
  return Math.max(latest?.epoch ?? now - 1, exported.epoch, remembered(unit.name)?.epoch ?? -1);
}

function placeOf({ unit, exported, committed }: ImportTask, place: number, { offsets }: ImportSettings): { readonly offset: number; readonly watermark: number | null } {
  const at = unit.partitions[place] as Place;
  const known = committed[place] ?? null;
  const offset = numberAt(exported.offsets, at) as number;
  if (known === null || (known.offset !== offset && offsets === 'set')) return { offset, watermark: numberAt(exported.watermarks, at) };
  return { offset: known.offset, watermark: decodeOffsetMetadata(known.metadata)?.watermark ?? null };
}

/** With the offsets of the export its watermarks; else the later ones: what the state has given out already is not given out again. */
function nodesOf({ exported: { nodes = {} }, latest, moved }: ImportTask, { offsets }: ImportSettings): Record<string, number> {
  const known = latest?.watermarks ?? {};
  if (moved.length > 0 && offsets === 'set') return { ...nodes };
  const names = [...new Set([...Object.keys(nodes), ...Object.keys(known)])];
  return Object.fromEntries(names.map((name) => [name, Math.max(nodes[name] ?? -Infinity, known[name] ?? -Infinity)]));
}

async function writeTask(task: ImportTask, commits: readonly OffsetCommit[], { topic, limit }: LogLimit, settings: ImportSettings, actions: ImportActions): Promise<void> {
  const { plan, broker, header, now } = settings;
  const partition = task.unit.partitions[0]?.partition ?? 0;
  const producer = broker.transactionalProducer(transactionalId(plan.group, task.unit.name), transactionTimeout);
  try {
    await producer.open();
    const transaction = await producer.begin();
    const add = adder(transaction, (key, value) => ({ topic, partition, key, value, headers: [], timestamp: now }), limit);
    const [[start], [end]] = await Promise.all([broker.listOffsets([{ topic, partition }], 'start'), broker.listOffsets([{ topic, partition }], 'end')]);
    const log = { topic, partition, store: header.node, start: start as number, end: end as number };
    if ((await readMark(broker, log)) === 'empty') await addMark(add, header.holds);
    else for await (const key of keysOf(broker, log)) await add(key, null);
    for (const { key, value } of actions.entries(task.index)) await add(key, value);
    await add(null, null);
    await transaction.sendOffsets(plan.group, commits);
    await transaction.commit();
  } finally {
    await producer.close();
  }
}

/** Writes a record once enough are there to be sent at once; without a key and a value what is there. */
type Add = (key: Uint8Array | null, value: Uint8Array | null) => Promise<void>;

function adder(transaction: Transaction, recordOf: (key: Uint8Array, value: Uint8Array | null) => OutgoingRecord, limit: number): Add {
  let waiting: PendingRecord[] = [];
  let bytes = 0;
  return async (key, value) => {
    if (key !== null) {
      const size = encodedSize({ key, value, headers: [] });
      waiting.push({ ...recordOf(key, value), size, limit });
      bytes += size;
      if (waiting.length < batch && bytes < limit / 2) return;
    }
    for (const request of requests(waiting)) await transaction.send(request, 'none');
    waiting = [];
    bytes = 0;
  };
}

function addMark(add: Add, holds: Holds): Promise<void> {
  const { key, value } = markOf(holds);
  return add(key, value);
}

/** Keys that a changelog may have an entry of, most of them once. */
async function* keysOf(broker: Broker, { topic, partition, start, end }: StoreLog): AsyncGenerator<Uint8Array> {
  let seen = new Set<string>();
  for await (const { records } of broker.readRange({ topic, partition }, start, end, 'committed')) {
    for (const { key, value } of records) {
      if (key === null || value === null || isMark(key)) continue;
      const text = Buffer.from(key).toString('latin1');
      if (seen.has(text)) continue;
      if (seen.size === mostKeys) seen = new Set();
      seen.add(text);
      yield key;
    }
  }
}

interface Place {
  readonly topic: string;
  readonly partition: number;
}

function numberAt(numbers: ByPartition | undefined, { topic, partition }: Place): number | null {
  return numbers?.[topic]?.[String(partition)] ?? null;
}

function byPartition(numbers: readonly (readonly [at: Place, number: number])[]): ByPartition {
  const result: Record<string, Record<string, number>> = {};
  for (const [{ topic, partition }, number] of numbers) (result[topic] ??= {})[String(partition)] = number;
  return result;
}

function countsFor({ partitions }: ImportTask['unit'], counts: Record<string, number>): OffsetMetadata['partitions'] {
  return Object.fromEntries(partitions.map(({ topic }) => [topicHash(topic), counts[topicHash(topic)] ?? 0]));
}
