import { compareHolds, showChange } from '../../actors/holds.ts';
import type { Holds } from '../../actors/holds.ts';
import { Failure } from '../../actors/failure.ts';
import type { Broker, CommittedOffset, TopicPartition } from '../../actors/port.ts';
import type { RememberedTask } from '../../actors/remembered.ts';
import type { Plan, SubTopology } from '../topology/model.ts';
import { internalNames, partitionsToRead } from './group-offsets.ts';
import { decodeOffsetMetadata, topicHash } from './offset-metadata.ts';
import type { OffsetMetadata } from './offset-metadata.ts';
import { holdsOf } from './open-state.ts';
import { checkMark, readMark } from './store-mark.ts';
import type { StoreLog, StoreMark } from './store-mark.ts';
import { unitsOf } from './units.ts';
import type { TaskUnit } from './units.ts';

/** What an export says of itself. */
export interface ImportHeader {
  readonly group: string;
  readonly node: string;
  readonly holds: Holds;
  readonly tasks: readonly ExportedTask[];
}

/** A task as it was when it was exported: its epoch, and where that was committed. */
export interface ExportedTask extends RememberedTask {
  readonly task: string;
}

/** What becomes of the offsets where the group stands elsewhere than the export: they are set to those of the export, or stay. */
export type OffsetChoice = 'set' | 'keep';

/** What an import works on. */
export interface ImportSettings {
  readonly plan: Plan;
  readonly broker: Broker;
  readonly header: ImportHeader;
  /** Names the export. */
  readonly id: string;
  readonly offsets: OffsetChoice | null;
  /** Whether state that is there already may go. */
  readonly replace: boolean;
  /** Entries that a task's state has on this machine. */
  readonly entriesHere: (task: string) => number;
  readonly remembered: (task: string) => RememberedTask | null;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** A partition whose committed offset is not that of the export. */
export interface MovedPartition extends TopicPartition {
  /** Null where nothing is committed. */
  readonly committed: number | null;
  readonly exported: number;
}

/** A task of the export beside the task that it is for. */
export interface ImportTask {
  /** Its place in the export. */
  readonly index: number;
  readonly exported: ExportedTask;
  readonly unit: TaskUnit;
  /** In the order of the unit's partitions. */
  readonly committed: readonly (CommittedOffset | null)[];
  /** Of the highest epoch that was committed. */
  readonly latest: OffsetMetadata | null;
  readonly moved: readonly MovedPartition[];
  /** Null with `changelog: off`, or where the topic is still to be made. */
  readonly log: (StoreLog & { readonly mark: StoreMark }) | null;
  /** `new`: it has no state; `replaced`: what it has goes; `unfinished`: this import was begun before; `there`: it was done before. */
  readonly fate: 'new' | 'replaced' | 'unfinished' | 'there';
}

/** Names the attempts of an import. */
export function importNonce(id: string): string {
  return `import-${id.slice(0, 12)}`;
}

/**
 * Holds an export against the topology and what there is of it, and changes nothing. Rejects with `import_refused`, saying all that differs, with
 * `state_incompatible`, `foreign_commit` or `offset_out_of_range`.
 */
export async function checkImport(settings: ImportSettings): Promise<ImportTask[]> {
  const { plan, broker, header } = settings;
  const sub = plan.subTopologies.find(({ stores }) => stores.includes(header.node));
  const holds = sub === undefined ? undefined : holdsOf(plan, sub).get(header.node);
  if (sub === undefined || holds === undefined) throw refused([`${plan.name} has no node ${header.node} with a store`]);
  const partitions = await partitionsToRead(plan, broker);
  const differences = differencesOf(settings, sub, holds, partitions);
  if (differences.length > 0) throw refused(differences);
  const units = new Map(unitsOf(plan, partitions).map((unit) => [unit.name, unit]));
  const tasks: ImportTask[] = [];
  for (const [index, exported] of header.tasks.entries()) tasks.push(await taskOf(index, exported, units.get(exported.task) as TaskUnit, settings));
  const left = tasks.filter(({ fate }) => fate !== 'there');
  const reasons = [...left.flatMap((task) => stateReasons(task, sub, settings)), ...left.flatMap((task) => offsetReasons(task, sub, settings))];
  if (reasons.length > 0) throw refused(reasons);
  if (settings.offsets === 'set') await assertInside(left, broker);
  return tasks;
}

/** Field by field; other partition counts show in the tasks too. */
function differencesOf({ plan, header }: ImportSettings, sub: SubTopology, holds: Holds, partitions: readonly TopicPartition[]): string[] {
  const units = new Map(unitsOf(plan, partitions).filter((unit) => unit.sub === sub).map((unit) => [unit.name, unit]));
  const counts = new Map<string, number>();
  for (const { topic } of partitions) counts.set(topic, (counts.get(topic) ?? 0) + 1);
  const own = internalNames(plan);
  const missing = sub.reads.topics.filter((topic) => own.has(topic) && !counts.has(topic));
  return [
    ...(header.group === plan.group ? [] : [`group: ${header.group} in the export, ${plan.group} in ${plan.file}`]),
    ...compareHolds(header.holds, holds).map((change) => `${header.node} holds something else: ${showChange(change)}`),
    ...missing.map((topic) => `topic ${topic} is not there: start the topology once, so that it is made, and stop it`),
    ...(missing.length > 0 ? [] : header.tasks.flatMap((task) => taskDifferences(task, units, counts)))
  ];
}

function taskDifferences(exported: ExportedTask, units: ReadonlyMap<string, TaskUnit>, counts: ReadonlyMap<string, number>): string[] {
  const { task, offsets } = exported;
  const unit = units.get(task);
  if (unit === undefined) return [`task: ${task} in the export, ${[...units.keys()].join(', ')} here`];
  const [before, now] = [Object.keys(offsets).sort(), unit.partitions.map(({ topic }) => topic).sort()];
  if (before.join() !== now.join()) return [`${task} reads: ${before.join(', ')} in the export, ${now.join(', ')} here`];
  return now.flatMap((topic) => {
    const count = exported.counts?.[topicHash(topic)] ?? counts.get(topic);
    return count === counts.get(topic) ? [] : [`partitions of ${topic}: ${count ?? 0} in the export, ${counts.get(topic) ?? 0} here`];
  });
}

async function taskOf(index: number, exported: ExportedTask, unit: TaskUnit, settings: ImportSettings): Promise<ImportTask> {
  const { plan, broker, id, replace } = settings;
  const committed = await broker.committed(plan.group, unit.partitions);
  const commits = committed.map((each, place) => metadataOf(each, unit.partitions[place] as TopicPartition, plan));
  const latest = commits.filter((each) => each !== null).toSorted((a, b) => b.epoch - a.epoch)[0] ?? null;
  const moved = unit.partitions.flatMap(({ topic, partition }, place): MovedPartition[] => {
    const [is, was] = [committed[place]?.offset ?? null, exported.offsets[topic]?.[String(partition)] as number];
    return is === was ? [] : [{ topic, partition, committed: is, exported: was }];
  });
  const log = await logOf(unit, settings);
  if (log !== null) checkMark(log.mark, log, unit.name, settings.header.holds);
  const isUnfinished = commits.some((each) => each?.importing === id);
  const hasState = (log !== null && log.mark !== 'empty') || settings.entriesHere(unit.name) > 0;
  const isDone = !isUnfinished && !replace && hasState && latest?.nonce === importNonce(id);
  return { index, exported, unit, committed, latest, moved, log, fate: isUnfinished ? 'unfinished' : isDone ? 'there' : hasState ? 'replaced' : 'new' };
}

function metadataOf(committed: CommittedOffset | null, { topic, partition }: TopicPartition, { group }: Plan): OffsetMetadata | null {
  if (committed === null) return null;
  const metadata = decodeOffsetMetadata(committed.metadata);
  if (metadata === null) throw new Failure('foreign_commit', `Group ${group} has offset ${committed.offset} for ${topic}[${partition}], which another program committed.`);
  return metadata;
}

async function logOf({ partitions }: TaskUnit, { plan, broker, header: { node } }: ImportSettings): Promise<ImportTask['log']> {
  const topic = plan.internalTopics.find((each) => each.kind === 'changelog' && each.node === node)?.topic;
  if (topic === undefined || !(await broker.describeTopics([topic])).has(topic)) return null;
  const at = { topic, partition: partitions[0]?.partition ?? 0 };
  const [[start], [end]] = await Promise.all([broker.listOffsets([at], 'start'), broker.listOffsets([at], 'end')]);
  const log = { ...at, store: node, start: start as number, end: end as number };
  return { ...log, mark: await readMark(broker, log) };
}

/** Why the state of a task cannot be replaced. */
function stateReasons({ unit, fate, latest, log }: ImportTask, sub: SubTopology, { plan, id, replace, entriesHere, header: { node } }: ImportSettings): string[] {
  const others = sub.stores.filter((store) => store !== node);
  if (!plan.state.changelog && others.length > 0) return [`${unit.name} keeps ${others.join(', ')} beside ${node}, and with changelog: off one store cannot be replaced alone`];
  if (replace) return [];
  if (latest?.importing !== undefined && latest.importing !== id) return [`${unit.name}: the import of another export was begun and not ended: run that one again, or add --replace`];
  if (fate !== 'replaced') return [];
  const where = log === null || log.mark === 'empty' ? `${entriesHere(unit.name)} entries on this machine` : `records in ${log.topic}[${log.partition}]`;
  return [`${unit.name} has state already (${where}): add --replace to give it up`];
}

/** Why the offsets cannot be what the export, or the operator, wants. */
function offsetReasons({ unit, moved, latest }: ImportTask, sub: SubTopology, { plan, offsets, header: { node } }: ImportSettings): string[] {
  if (moved.length === 0) return [];
  const list = moved.map(({ topic, partition, committed, exported }) => `${topic}[${partition}]: ${exported} in the export, ${committed ?? 'nothing'} committed`);
  if (offsets === null) return list.map((each) => `${each}: add --offsets set to go on from the export, or --offsets keep to go on from what is committed`);
  if (offsets === 'keep') return latest !== null && moved.every(({ committed }) => committed !== null) ? [] : list.map((each) => `${each}: there is nothing to keep; --offsets set goes on from the export`);
  const others = sub.stores.filter((store) => store !== node);
  if (others.length > 0) return [`${unit.name} keeps ${others.join(', ')} beside ${node}, which would not fit the offsets of the export: --offsets set cannot be done here`];
  const onward = plan.internalTopics.find((topic) => topic.kind === 'repartition' && plan.subTopologies[topic.from] === sub);
  const goesBack = moved.some(({ committed, exported }) => committed !== null && exported < committed);
  return onward !== undefined && goesBack ? [`${unit.name} feeds ${onward.node}, which would count again what is read again: --offsets set cannot be done here`] : [];
}

async function assertInside(tasks: readonly ImportTask[], broker: Broker): Promise<void> {
  const moved = tasks.flatMap((task) => task.moved);
  const [starts, ends] = await Promise.all([broker.listOffsets(moved, 'start'), broker.listOffsets(moved, 'end')]);
  const outside = moved.flatMap(({ topic, partition, exported }, index) => {
    const [start, end] = [starts[index] as number, ends[index] as number];
    return exported < start || exported > end ? [`${topic}[${partition}] holds ${start} to ${end}, the export goes on at ${exported}`] : [];
  });
  if (outside.length > 0) throw new Failure('offset_out_of_range', `What comes behind the export is not in the log (any more): ${outside.join(', ')}. Nothing was changed.`);
}

function refused(reasons: readonly string[]): Failure {
  return new Failure('import_refused', reasons.length === 1 ? `${reasons[0] ?? ''}.` : `it does not fit:\n${reasons.map((reason) => `  ${reason}`).join('\n')}`);
}
