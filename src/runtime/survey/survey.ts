import { asFailure, Failure } from '../../../actors/failure.ts';
import type { Plan } from '../../topology/model.ts';
import { assertPartitions } from '../keyed.ts';
import { decodeOffsetMetadata } from '../offset-metadata.ts';
import type { OffsetMetadata } from '../offset-metadata.ts';
import { assertInRange } from '../open-task.ts';
import { recover } from '../recover.ts';
import { unitsOf } from '../units.ts';
import type { TaskUnit } from '../units.ts';
import type { BrokerView, LocalView, OffsetRow, PartitionView, Refusal, RestoreRow, Survey, TableRow } from './model.ts';
import { storeRows } from './stores.ts';
import { taskRows } from './tasks.ts';
import { topicRows } from './topics.ts';

/** What a task would begin with. */
interface Opening {
  readonly unit: TaskUnit;
  readonly latest: OffsetMetadata | null;
}

/** Works out what a start would do. With a view of null the broker is away, and only what this machine knows is told. */
export function survey(plan: Plan, view: BrokerView | null, local: LocalView): Survey {
  const refusals: Refusal[] = [];
  const attempt = (check: () => void): void => {
    try {
      check();
    } catch (error) {
      const { code, message, remedy } = asFailure(error, 'task_crashed');
      refusals.push({ code, message, remedy });
    }
  };
  const topics = view === null ? [] : topicRows(plan, view, attempt);
  const openings = view === null ? [] : unitsOf(plan, view.partitions).map((unit) => openingOf(unit, plan, view, local, attempt));
  return {
    // What is still to be made counts as well.
    tasks: taskRows(plan, view === null ? null : { ...view, topics: new Map([...view.topics, ...topics.map(({ topic, partitions }) => [topic, partitions] as const)]) }),
    stores: storeRows(plan, view, local, attempt),
    tables: tableRows(plan),
    topics,
    offsets: view === null ? [] : offsetRows(view),
    restores: view === null ? [] : openings.flatMap((opening) => restoresOf(opening, view, local)),
    refusals
  };
}

function tableRows({ tables }: Plan): TableRow[] {
  return tables.map((table) => {
    const { name, type } = table;
    const logic = table.build();
    // A database's address may have a password in it.
    return { name, type, source: logic.from === 'topic' ? `topic ${logic.topic}` : logic.from === 'file' ? `file ${logic.path}` : 'a query' };
  });
}

/** As `openTask` and `keyedSettings` check it. */
function openingOf(unit: TaskUnit, plan: Plan, view: BrokerView, local: LocalView, attempt: (check: () => void) => void): Opening {
  const parts = unit.partitions.map(({ topic, partition }) => view.partitions.find((at) => at.topic === topic && at.partition === partition) as PartitionView);
  const own = parts.map(({ committed }) => (committed === null ? null : decodeOffsetMetadata(committed.metadata))).filter((metadata) => metadata !== null);
  const latest = own.toSorted((a, b) => b.epoch - a.epoch)[0] ?? null;
  attempt(() => { recover({ task: unit.name, group: plan.group, partitions: unit.partitions, committed: parts.map(({ committed }) => committed), remembered: local.remembered(unit.name), acceptOffsets: false }); });
  attempt(() => { for (const at of parts) if (at.committed !== null) assertInRange(at, at.committed.offset, at.start, at.end); });
  attempt(() => {
    const held = local.tasks.find(({ task }) => task === unit.name);
    if (latest !== null || unit.sub.stores.length === 0) return;
    const written = view.logs.find((log) => log.partition === parts[0]?.partition && unit.sub.stores.includes(log.store) && log.end > log.start);
    if ((held?.applied ?? null) === null && written === undefined) return;
    throw new Failure('checkpoint_lost', `Group ${plan.group} has no offsets of task ${unit.name}, but there is ${written === undefined ? 'state on this machine' : `something in its changelog ${written.topic}[${written.partition}]`}.`);
  });
  const counts = new Map(unit.partitions.map(({ topic }) => [topic, view.topics.get(topic) ?? 0]));
  if (unit.sub.stores.length > 0) attempt(() => { assertPartitions(unit.sub, counts, latest); });
  return { unit, latest };
}

function offsetRows({ partitions }: BrokerView): OffsetRow[] {
  const rows = new Map<string, { topic: string; partitions: Record<keyof OffsetRow['partitions'], number>; lag: number }>();
  for (const { topic, committed, start, end } of partitions) {
    const row = rows.get(topic) ?? { topic, partitions: { committed: 0, none: 0, foreign: 0, out_of_range: 0 }, lag: 0 };
    rows.set(topic, row);
    if (committed === null) row.partitions.none += 1;
    else if (decodeOffsetMetadata(committed.metadata) === null) row.partitions.foreign += 1;
    else if (committed.offset < start || committed.offset > end) row.partitions.out_of_range += 1;
    else {
      row.partitions.committed += 1;
      row.lag += end - committed.offset;
    }
  }
  return [...rows.values()];
}

/** What is read back before a task begins, if it begins here. */
function restoresOf({ unit, latest }: Opening, view: BrokerView, local: LocalView): RestoreRow[] {
  if (latest === null) return [];
  const held = local.tasks.find(({ task }) => task === unit.name);
  const current = [latest, latest.base].some((attempt) => attempt !== undefined && held?.applied?.epoch === attempt.epoch && held.applied.nonce === attempt.nonce);
  if (current) return [];
  const partition = unit.partitions[0]?.partition;
  return view.logs.filter((log) => log.partition === partition && unit.sub.stores.includes(log.store)).flatMap(({ store, start, end }) => {
    const position = held?.positions[store];
    const from = position === undefined || position < start || position > end ? start : position;
    return end > from ? [{ task: unit.name, store, offsets: end - from }] : [];
  });
}
