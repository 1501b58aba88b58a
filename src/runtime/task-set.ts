import { asFailure, Failure } from '../../actors/failure.ts';
import type { Assignment, FetchedBatch, GroupReader, TopicPartition } from '../../actors/port.ts';
import type { TableSet, TableView } from '../../actors/table/table.ts';
import { fence, transactionalId } from './fence.ts';
import { ChangelogNotes, changelogOf } from './changelog.ts';
import type { RestoreProgress } from './open-state.ts';
import { nameInFile } from './node-name.ts';
import { openTask } from './open-task.ts';
import type { Progress } from './progress.ts';
import { Purger } from './purger.ts';
import { leastStill } from './rest.ts';
import type { Rest } from './rest.ts';
import { SharedProducer } from './shared-producer.ts';
import type { Actor } from './system.ts';
import { atLeastOnceOutput, exactlyOnceOutput } from './task-output.ts';
import type { TaskOutput } from './task-output.ts';
import { TaskSlot } from './task-slot.ts';
import { Task } from './task.ts';
import type { TopologySettings } from './topology.ts';
import type { Taps } from './taps.ts';
import { Topics } from './topics.ts';
import { TaskTrace } from './trace.ts';
import { partitionKey, unitsOf } from './units.ts';
import type { TaskUnit } from './units.ts';

/** What a topology's tasks are made of. */
export interface TaskSetSettings extends Omit<TopologySettings, 'tables'> {
  /** Null for a topology without tables. */
  readonly tables: () => TableSet | null;
  /** The topology's actor, whose children the tasks are. */
  readonly actor: Actor<never>;
  readonly progress: Progress;
  readonly reader: () => GroupReader;
  readonly onFatal: (failure: Failure) => void;
  readonly taps: Taps;
  /** The ends at which `available_now` is done, by partition; null with other triggers. */
  readonly last: () => ReadonlyMap<string, number> | null;
}

/** What a slot wants to know of its task. */
interface SlotSide {
  readonly onProgress: () => void;
  readonly onFailed: (failure: Failure) => void;
  readonly signal: AbortSignal;
}

/** Bounds of one partition's credit, in bytes; between them the topology's is shared out evenly. */
const creditBounds = { least: 128 * 1024, most: 2 * 1024 * 1024 };

/** The tasks of a topology that the group assigns to this daemon, each in its slot. */
export class TaskSet {
  readonly #settings: TaskSetSettings;
  readonly #topics: Topics;
  /** Of at-least-once tasks; exactly-once ones have one each, by their transactional ids. */
  readonly #producer: SharedProducer;
  readonly #slots = new Map<string, { readonly slot: TaskSlot; readonly partitions: readonly TopicPartition[] }>();
  /** Closes that are still under way, by task: the same task opens again only behind its own. */
  readonly #closing = new Map<string, Promise<void>>();
  /** Tasks by the partitions they read; changed at once, so that nothing is committed after a partition is taken. */
  #assigned = new Map<string, string>();
  #generation = 0;
  /** Commits that wait for the next assignment. */
  readonly #waiting: (() => void)[] = [];
  readonly #purger: Purger;
  /** Makes actor names unique while an earlier actor of the same task is still stopping. */
  #opened = 0;

  constructor(settings: TaskSetSettings) {
    this.#settings = settings;
    this.#topics = new Topics(settings.broker, settings.clock);
    this.#producer = new SharedProducer(() => settings.broker.producer());
    this.#purger = new Purger(settings);
  }

  get counts(): { readonly assigned: number; readonly running: number } {
    let running = 0;
    for (const { slot } of this.#slots.values()) if (slot.task !== null) running += 1;
    return { assigned: this.#slots.size, running };
  }

  /** Each task, whether it runs, why it does not where it is to be tried again, and for how many milliseconds it has been committing an epoch. */
  get tasks(): { readonly name: string; readonly running: boolean; readonly trouble: Failure | null; readonly committing: number | null }[] {
    return [...this.#slots].map(([name, { slot }]) => ({ name, running: slot.task !== null, trouble: slot.trouble, committing: slot.task?.committing ?? null }));
  }

  /** Why a task does not run that is to be tried again; of several the first. */
  get trouble(): Failure | null {
    return [...this.#slots.values()].map(({ slot }) => slot.trouble).find((trouble) => trouble !== null) ?? null;
  }

  /** See `Task.rest`. */
  get rest(): Rest {
    return this.#closing.size > 0 ? 'busy' : leastStill([...this.#slots.values()].map(({ slot }) => slot.rest));
  }

  /** The synchronous part of a new assignment. */
  note(assignment: Assignment): void {
    this.#generation = assignment.generation;
    const units = unitsOf(this.#settings.plan, assignment.partitions);
    this.#assigned = new Map(units.flatMap(({ name, partitions }) => partitions.map((at) => [partitionKey(at), name] as const)));
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Closes the tasks that went, leaves alone those that stay, opens those that came. */
  change(assignment: Assignment): void {
    const { plan, events, progress } = this.#settings;
    const units = unitsOf(plan, assignment.partitions);
    events.assigned(plan.name, assignment.generation, units.map(({ name }) => name));
    const wanted = new Map(units.map((unit) => [unit.name, unit]));
    for (const [name, { slot, partitions }] of this.#slots) {
      const kept = new Set(wanted.get(name)?.partitions.map(partitionKey));
      const stays = partitions.every((at) => kept.has(partitionKey(at)));
      // A task whose set of partitions changed is another task under the same name. Where it only grew, what was read is still ours to commit.
      if (stays && kept.size === partitions.length) wanted.delete(name);
      else this.#release(name, slot, stays);
    }
    for (const unit of wanted.values()) this.#occupy(unit);
    progress.keep(this.#assigned);
  }

  fetched(batch: FetchedBatch): void {
    this.#settings.progress.fetched(batch);
    const task = this.#assigned.get(partitionKey(batch));
    if (task !== undefined) this.#slots.get(task)?.slot.task?.fetched(batch);
  }

  /** Closes all; with `drain` each commits first what it has read. */
  async close(drain: boolean): Promise<void> {
    await Promise.all([...this.#slots.values()].map(({ slot }) => slot.release(drain)));
    await Promise.all(this.#closing.values());
    await this.#producer.close();
    await this.#purger.close();
  }

  #release(name: string, slot: TaskSlot, drain: boolean): void {
    this.#slots.delete(name);
    const closed = slot.release(drain).finally(() => {
      if (this.#closing.get(name) === closed) this.#closing.delete(name);
    });
    this.#closing.set(name, closed);
  }

  #occupy(unit: TaskUnit): void {
    const { plan, clock, events, onFatal } = this.#settings;
    const slot: TaskSlot = new TaskSlot(
      {
        name: unit.name,
        clock,
        open: (onFailed, signal) => this.#open(unit, { onProgress: () => { slot.progressed(); }, onFailed, signal }),
        onRetry: (failure, wait) => { events.taskRetried(plan.name, unit.name, failure, wait); },
        onFatal
      },
      this.#closing.get(unit.name) ?? Promise.resolve()
    );
    this.#slots.set(unit.name, { slot, partitions: unit.partitions });
  }

  async #open(unit: TaskUnit, slot: SlotSide): Promise<Task> {
    let opened: Task | null = null;
    const output = this.#output(unit, (error) => { opened?.fail(asFailure(error, 'task_crashed')); });
    try {
      opened = await this.#openWith(unit, output, slot);
      return opened;
    } catch (error) {
      await output.close().catch(() => undefined);
      throw error;
    }
  }

  async #openWith(unit: TaskUnit, output: TaskOutput, { onProgress, onFailed, signal }: SlotSide): Promise<Task> {
    const { plan, broker, clock, events, progress, actor, limits } = this.#settings;
    const { name, partitions } = unit;
    const tables = this.#settings.tables();
    if (tables !== null) await unless(signal, tables.ready());
    const { epoch, positions, ends, checkpoint, keyed, unmarked } = await openTask({
      ...this.#settings,
      ...unit,
      task: name,
      output,
      topics: this.#topics,
      signal,
      table: (table) => viewOf(tables, table),
      fence: (task) => this.#fence(task),
      onRestore: (restore) => { this.#restoring(name, restore); },
      onAside: (quarantine) => { events.stateAside(plan.name, name, quarantine); }
    });
    const logging = { plan, partition: partitions[0]?.partition ?? 0, state: keyed.state, topics: this.#topics, clock, unmarked };
    const notes = new ChangelogNotes(logging, unit.sub.stores, broker);
    const changelog = await changelogOf(logging).catch((error: unknown) => {
      keyed.state?.close();
      throw error;
    });
    events.taskOpened(plan.name, name, epoch);
    progress.opened({ name, timed: unit.sub.timed, inputs: positions, ends });
    const credit = limits.creditBytes / Math.max(1, this.#assigned.size);
    return new Task({
      ...this.#settings,
      sub: unit.sub,
      epoch,
      checkpoint,
      keyed,
      changelog,
      meters: progress.meters.task(keyed.state),
      trace: this.#settings.tracer === null ? null : new TaskTrace(this.#settings.tracer, { plan, task: name }),
      reader: this.#settings.reader(),
      topics: this.#topics,
      inputs: positions.map(({ topic, partition, offset, watermark }) => ({ topic, partition, start: offset, watermark })),
      opened: ends,
      parent: actor,
      actorName: `${name}-${++this.#opened}`,
      last: positions.map((at) => this.#settings.last()?.get(partitionKey(at)) ?? at.offset),
      ends: async () => {
        const now = await broker.listOffsets(partitions, 'end');
        progress.ended(partitions, now);
        return now;
      },
      creditBytes: Math.min(creditBounds.most, Math.max(creditBounds.least, credit)),
      onCommitted: (committed) => {
        onProgress();
        progress.committed(name, committed);
        this.#purger.committed(committed.positions);
        notes.committed();
        for (const { node, ...failed } of committed.failed) events.recordsFailed(plan.name, nameInFile(plan.nodes[node]?.name ?? ''), failed);
        events.checkpointed(plan.name, name, committed.epoch, committed.outputs, committed.times, committed.progress.find(({ traced }) => traced !== null)?.traced?.[0]);
      },
      onFailed
    });
  }

  #restoring(task: string, restore: RestoreProgress | null): void {
    const { plan, events, progress, clock } = this.#settings;
    const told = progress.restoring(task, restore, clock.elapsed());
    if (told !== null) events.restoring(plan.name, task, told);
  }

  #output(unit: TaskUnit, onError: (error: unknown) => void): TaskOutput {
    const { plan, broker, clock, limits, reader } = this.#settings;
    if (plan.delivery === 'exactly_once') return exactlyOnceOutput(broker, transactionalId(plan.group, unit.name), limits.transactionTimeout);
    return atLeastOnceOutput(this.#producer.sender(), { reader: reader(), generation: () => this.#generationOf(unit), changed: (from) => this.#changed(from) }, () => this.#fence(unit.name), clock, onError);
  }

  async #fence(task: string): Promise<void> {
    const { plan, broker, limits } = this.#settings;
    await fence(broker, plan.group, task, limits.transactionTimeout);
  }

  /** Resolves at the first assignment after a generation; rejects when none comes in time. */
  #changed(from: number): Promise<void> {
    if (this.#generation !== from) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const cancel = this.#settings.clock.after(this.#settings.limits.sessionTimeout, () => {
        reject(new Failure('fenced', `Generation ${from} is over, and no new assignment came.`));
      });
      this.#waiting.push(() => {
        cancel();
        resolve();
      });
    });
  }

  /** The generation in which this task may commit; a task that was taken away may in none. */
  #generationOf({ name, partitions }: TaskUnit): number {
    if (partitions.every((at) => this.#assigned.get(partitionKey(at)) === name)) return this.#generation;
    throw new Failure('fenced', `Task ${name} was assigned to another member.`);
  }
}

/** Waits for what may take long, but no longer than the signal allows. */
function unless<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => { reject(signal.reason as Error); }, { once: true });
  });
  return Promise.race([promise, aborted]);
}

function viewOf(tables: TableSet | null, name: string): TableView {
  if (tables === null) throw new Error(`there is no table ${name}`);
  return tables.view(name);
}
