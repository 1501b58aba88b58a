import { asFailure, Failure } from '../../actors/failure.ts';
import type { Assignment, Broker, FetchedBatch, GroupReader, TopicPartition } from '../../actors/port.ts';
import type { RuntimeEvents } from '../../actors/events.ts';
import type { TopologyStatus } from '../../actors/status.ts';
import type { Plan } from '../topology/model.ts';
import { Backoff } from './backoff.ts';
import type { TransactionBudget } from './budget.ts';
import type { Clock } from './clock.ts';
import type { Reached } from './fault.ts';
import { Lifecycle } from './lifecycle.ts';
import { openTask } from './open-task.ts';
import type { TaskMemory } from './open-task.ts';
import { Progress } from './progress.ts';
import type { Actor } from './system.ts';
import { atLeastOnceOutput, exactlyOnceOutput } from './task-output.ts';
import { Task } from './task.ts';
import { TaskSlot } from './task-slot.ts';
import { topicsToCheck } from './topology-topics.ts';
import { Topics } from './topics.ts';
import { unitsOf } from './units.ts';
import type { TaskUnit } from './units.ts';

/** Limits of a running topology; the defaults are for people, tests shorten them. */
export interface RuntimeLimits {
  /** Milliseconds without a heartbeat after which the group takes a member for dead. */
  readonly sessionTimeout: number;
  /** Milliseconds after which the broker aborts a transaction. */
  readonly transactionTimeout: number;
  /** Uncommitted input, in bytes, over all partitions of a topology. */
  readonly creditBytes: number;
}

/** The limits a daemon runs with where nothing else is said. */
export const defaultLimits: RuntimeLimits = { sessionTimeout: 10_000, transactionTimeout: 30_000, creditBytes: 16 * 1024 * 1024 };

/** What a running topology is made of. */
export interface TopologySettings {
  readonly plan: Plan;
  readonly broker: Broker;
  readonly memory: TaskMemory;
  readonly clock: Clock;
  readonly budget: TransactionBudget;
  readonly events: RuntimeEvents;
  readonly reached: Reached;
  readonly limits: RuntimeLimits;
}

/** What a topology's actor is told: by the reader, and by its tasks. */
type TopologyMessage = { readonly kind: 'assigned'; readonly assignment: Assignment } | { readonly kind: 'failed'; readonly failure: Failure };

/** A topology on this daemon: a member of its consumer group, and the tasks the group assigns to it. */
export class TopologyRuntime {
  readonly #settings: TopologySettings;
  readonly #lifecycle: Lifecycle;
  readonly #actor: Actor<TopologyMessage>;
  readonly #topics: Topics;
  readonly #progress: Progress;
  readonly #slots = new Map<string, TaskSlot>();
  /** Tasks by the partitions they read; changed in the listener itself, so that nothing is committed after a partition is taken. */
  #assigned = new Map<string, string>();
  #generation = 0;
  #reader: GroupReader | null = null;
  #failure: Failure | null = null;
  #stopping: Promise<void> | null = null;
  readonly #finish: () => void;
  /** Resolves when the topology has stopped or failed, and everything of it is closed. */
  readonly finished: Promise<void>;

  constructor(settings: TopologySettings, parent: Actor<never>) {
    this.#settings = settings;
    const { plan, broker, clock, events } = settings;
    this.#topics = new Topics(broker, clock);
    this.#progress = new Progress(plan);
    const finished = Promise.withResolvers<void>();
    this.finished = finished.promise;
    this.#finish = finished.resolve;
    this.#lifecycle = new Lifecycle((to) => { events.topologyChanged(plan.name, to, this.#failure); });
    this.#actor = parent.spawn<TopologyMessage>({
      name: plan.name,
      receive: (message) => this.#receive(message),
      onFault: (error) => { this.#fail(asFailure(error, 'task_crashed')); }
    });
  }

  get name(): string {
    return this.#settings.plan.name;
  }

  get failure(): Failure | null {
    return this.#failure;
  }

  /** Connects, checks the topics and joins the group; waits for as long as the broker is away. */
  start(): void {
    this.#lifecycle.become('starting');
    this.#join().catch((error: unknown) => { this.#fail(asFailure(error, 'task_crashed')); });
  }

  /** Stops reading, commits what was read, leaves the group. Safe to call twice. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop('stopping');
    return this.#stopping;
  }

  status(): TopologyStatus {
    const { state } = this.#lifecycle;
    const failure = this.#failure;
    const running = [...this.#slots.values()].filter(({ task }) => task !== null).length;
    return {
      name: this.name,
      state,
      failure: failure === null ? null : { code: failure.code, message: failure.message, remedy: failure.remedy },
      tasks: { assigned: this.#slots.size, running },
      ...this.#progress.status()
    };
  }

  async #join(): Promise<void> {
    const { plan, broker, limits } = this.#settings;
    await this.#untilBrokerAnswers();
    if (this.#stopping !== null) return;
    const topicGroups = plan.subTopologies.map(({ topics }) => topics);
    const partitions = topicGroups.flat().length * 4;
    const maxBytesPerPartition = Math.min(256 * 1024, Math.max(64 * 1024, limits.creditBytes / partitions));
    const { sessionTimeout } = limits;
    const settings = { group: plan.group, topicGroups, signature: plan.signature, sessionTimeout, maxWait: 50, maxBytes: 2 * 1024 * 1024, maxBytesPerPartition };
    this.#reader = broker.reader(settings, {
      assigned: (assignment) => { this.#assign(assignment); },
      fetched: (batch) => { this.#fetched(batch); },
      connection: (failure) => { this.#connection(failure); },
      failed: (failure) => { this.#actor.tell({ kind: 'failed', failure }); }
    });
    await this.#reader.start();
  }

  /** Connecting and the check of the topics, again and again while the broker is away. */
  async #untilBrokerAnswers(): Promise<void> {
    const { plan, broker, clock, events } = this.#settings;
    const backoff = new Backoff({ first: 100, max: 5000 });
    for (;;) {
      try {
        await broker.connect();
        await topicsToCheck(plan, broker, (topics) => { events.topicsCreated(plan.name, topics); });
        this.#connection(null);
        return;
      } catch (error) {
        const failure = asFailure(error, 'task_crashed');
        if (failure.kind !== 'retryable' || failure.code === 'task_crashed') throw failure;
        this.#connection(failure);
        await new Promise<void>((resolve) => { clock.after(backoff.next(), resolve); });
        if (this.#stopping !== null) return;
      }
    }
  }

  #connection(failure: Failure | null): void {
    if (!this.#lifecycle.allows(failure === null ? 'running' : 'waiting')) return;
    this.#failure = failure;
    this.#settings.events.connectionChanged(this.name, failure);
    this.#lifecycle.become(failure === null ? 'running' : 'waiting');
  }

  #assign(assignment: Assignment): void {
    this.#generation = assignment.generation;
    const units = unitsOf(this.#settings.plan, assignment.partitions);
    this.#assigned = new Map(units.flatMap(({ name, partitions }) => partitions.map((at) => [key(at), name] as const)));
    this.#actor.tell({ kind: 'assigned', assignment });
  }

  #fetched(batch: FetchedBatch): void {
    this.#progress.fetched(batch);
    const task = this.#assigned.get(key(batch));
    if (task !== undefined) this.#slots.get(task)?.task?.fetched(batch);
  }

  #receive(message: TopologyMessage): void {
    if (this.#stopping !== null) return;
    if (message.kind === 'failed') this.#fail(message.failure);
    else this.#reassign(message.assignment);
  }

  #reassign(assignment: Assignment): void {
    const units = unitsOf(this.#settings.plan, assignment.partitions);
    this.#settings.events.assigned(this.name, assignment.generation, units.map(({ name }) => name));
    const wanted = new Map(units.map((unit) => [unit.name, unit]));
    for (const [name, slot] of this.#slots) {
      const unit = wanted.get(name);
      if (unit !== undefined && slotPartitions.get(slot) === partitionsKey(unit)) wanted.delete(name);
      else this.#release(name, slot);
    }
    for (const unit of wanted.values()) this.#occupy(unit);
    this.#progress.keep(this.#assigned);
  }

  /** Closes that are still under way, by task: the same task opens again only behind its own. */
  readonly #closing = new Map<string, Promise<void>>();

  #release(name: string, slot: TaskSlot): void {
    this.#slots.delete(name);
    const closed = slot.release(false).finally(() => {
      if (this.#closing.get(name) === closed) this.#closing.delete(name);
    });
    this.#closing.set(name, closed);
  }

  #occupy(unit: TaskUnit): void {
    const { clock, events } = this.#settings;
    const slot: TaskSlot = new TaskSlot(
      {
        name: unit.name,
        clock,
        open: (onFailed) => this.#open(unit, () => { slot.progressed(); }, onFailed),
        onRetry: (failure, wait) => { events.taskRetried(this.name, unit.name, failure, wait); },
        onFatal: (failure) => { this.#actor.tell({ kind: 'failed', failure }); }
      },
      this.#closing.get(unit.name) ?? Promise.resolve()
    );
    slotPartitions.set(slot, partitionsKey(unit));
    this.#slots.set(unit.name, slot);
  }

  async #open(unit: TaskUnit, onProgress: () => void, onFailed: (failure: Failure) => void): Promise<Task> {
    const { plan, broker, clock, memory, reached, events, limits } = this.#settings;
    const reader = this.#reader as GroupReader;
    const { name: task, sub, partitions } = unit;
    const commit = { reader, generation: () => this.#generationOf(unit) };
    let opened: Task | null = null;
    const output =
      plan.delivery === 'exactly_once'
        ? exactlyOnceOutput(broker, `${plan.group}-${task}`, limits.transactionTimeout)
        : atLeastOnceOutput(broker, commit, clock, (error) => { opened?.fail(asFailure(error, 'task_crashed')); });
    try {
      const { epoch, positions, ends, checkpoint } = await openTask({ task, plan, sub, partitions, broker, output, memory, topics: this.#topics, reached });
      events.taskOpened(this.name, task, epoch);
      this.#progress.opened(partitions, positions, ends);
      opened = new Task({
        ...this.#settings,
        sub,
        epoch,
        reader,
        checkpoint,
        topics: this.#topics,
        inputs: partitions.map((at, index) => ({ ...at, start: positions[index] as number })),
        parent: this.#actor,
        actorName: `${task}-${++this.#opened}`,
        creditBytes: Math.min(1024 * 1024, Math.max(128 * 1024, limits.creditBytes / this.#assigned.size)),
        onCommitted: (committed) => {
          onProgress();
          this.#progress.committed(committed, clock.now());
          events.checkpointed(this.name, task, committed.epoch, committed.outputs, committed.times);
        },
        onFailed
      });
      return opened;
    } catch (error) {
      await output.close().catch(() => undefined);
      throw error;
    }
  }

  /** Makes actor names unique while an earlier actor of the same task is still stopping. */
  #opened = 0;

  /** The generation in which this task may commit; a task that was taken away may in none. */
  #generationOf({ name, partitions }: TaskUnit): number {
    if (partitions.every((at) => this.#assigned.get(key(at)) === name)) return this.#generation;
    throw new Failure('fenced', `Task ${name} was assigned to another member.`);
  }

  #fail(failure: Failure): void {
    if (this.#stopping !== null) return;
    this.#failure = failure;
    this.#stopping = this.#stop('failing');
  }

  async #stop(as: 'stopping' | 'failing'): Promise<void> {
    this.#lifecycle.become(as);
    const drain = as === 'stopping';
    await Promise.all([...this.#slots.values()].map((slot) => slot.release(drain)));
    await Promise.all(this.#closing.values());
    await this.#reader?.stop().catch(() => undefined);
    this.#actor.stop();
    this.#lifecycle.become(as === 'stopping' ? 'stopped' : 'failed');
    this.#finish();
  }
}

/** What each slot was made for: a task whose set of partitions changed is another task under the same name. */
const slotPartitions = new WeakMap<TaskSlot, string>();

function partitionsKey(unit: TaskUnit): string {
  return unit.partitions.map(key).join(' ');
}

function key({ topic, partition }: TopicPartition): string {
  return `${partition}/${topic}`;
}
