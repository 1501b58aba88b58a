import type { RuntimeEvents } from '../../actors/events.ts';
import { asFailure, Failure } from '../../actors/failure.ts';
import type { Assignment, Broker, ReaderSettings } from '../../actors/port.ts';
import type { StreamRecord } from '../../actors/record.ts';
import type { LifecycleState, TopologyStatus } from '../../actors/status.ts';
import type { StateDirectory } from '../../actors/store.ts';
import type { TableKeeper, TableSet, TableStatus } from '../../actors/table/table.ts';
import type { Tracer } from '../../actors/trace.ts';
import type { Plan } from '../topology/model.ts';
import { Available } from './available.ts';
import { Backoff } from './backoff.ts';
import type { TransactionBudget } from './budget.ts';
import type { Clock } from './clock.ts';
import type { Reached } from './fault.ts';
import { isFinal, Lifecycle } from './lifecycle.ts';
import type { TaskMemory } from './task-memory.ts';
import { Progress } from './progress.ts';
import { leastStill } from './rest.ts';
import type { Rest } from './rest.ts';
import type { Actor } from './system.ts';
import { TaskSet } from './task-set.ts';
import { Taps } from './taps.ts';
import type { TappedOutput } from './taps.ts';
import { assertSchemas, assertTopics } from './topology-topics.ts';
import { heldPartitions } from './units.ts';
import { Valve } from './valve.ts';

/** Limits of a running topology; the defaults are for people, tests shorten them. */
export interface RuntimeLimits {
  /** Milliseconds without a heartbeat after which the group takes a member for dead. */
  readonly sessionTimeout: number;
  /** Milliseconds between two looks for new topics and partitions. */
  readonly discovery: number;
  /** Milliseconds after which the broker aborts a transaction. */
  readonly transactionTimeout: number;
  /** Uncommitted input, in bytes, over all partitions of a topology. */
  readonly creditBytes: number;
}

/** The limits a daemon runs with where nothing else is said. */
export const defaultLimits: RuntimeLimits = { sessionTimeout: 10_000, discovery: 10_000, transactionTimeout: 30_000, creditBytes: 16 * 1024 * 1024 };

/** What a running topology is made of. */
export interface TopologySettings {
  readonly plan: Plan;
  readonly broker: Broker;
  readonly memory: TaskMemory;
  /** Where the stores of keyed nodes are. */
  readonly state: StateDirectory;
  /** Keeps replicated tables. */
  readonly tables: TableKeeper;
  /** Whether topics that are missing are made, as on the embedded broker. */
  readonly createTopics: boolean;
  readonly clock: Clock;
  readonly budget: TransactionBudget;
  readonly events: RuntimeEvents;
  /** Null where tracing is off. */
  readonly tracer: Tracer | null;
  readonly reached: Reached;
  readonly limits: RuntimeLimits;
  /** Whether the group's offsets are taken as they are, whoever set them, or none where they are gone. */
  readonly acceptOffsets: boolean;
}

/** What a topology's actor is told: by the reader, and by its tasks. */
type TopologyMessage = { readonly kind: 'assigned'; readonly assignment: Assignment } | { readonly kind: 'failed'; readonly failure: Failure };

/** Milliseconds between two looks at what the group has committed, with `available_now`. */
const doneInterval = 200;

/** Bounds of a fetch: enough that a backlog is read in large pieces, little enough that 64 partitions do not fill the memory. */
const fetchBounds = { maxWait: 50, maxBytes: 2 * 1024 * 1024, maxBytesPerPartition: 256 * 1024 };

let made = 0;

/** A topology on this daemon: a member of its consumer group, from its start to its end. */
export class TopologyRuntime {
  readonly #settings: TopologySettings;
  readonly #lifecycle: Lifecycle;
  readonly #actor: Actor<TopologyMessage>;
  readonly #progress: Progress;
  readonly #taskSet: TaskSet;
  readonly #ended = Promise.withResolvers<void>();
  readonly #taps = new Taps();
  #reader: Valve | null = null;
  /** Whether an operator holds it back; also before there is a reader. */
  #paused = false;
  /** Null for a topology without tables, and before they are opened. */
  #tables: TableSet | null = null;
  /** What `available_now` reads; null with other triggers. */
  #available: Available | null = null;
  #joined = false;
  #failure: Failure | null = null;
  #stopping: Promise<void> | null = null;

  constructor(settings: TopologySettings, parent: Actor<never>) {
    this.#settings = settings;
    const { plan, events } = settings;
    this.#progress = new Progress(plan, settings.clock);
    this.#lifecycle = new Lifecycle((to) => { events.topologyChanged(plan.name, to, this.#failure); });
    this.#actor = parent.spawn<TopologyMessage>({
      // Unique also while the one that this one replaces is still stopping.
      name: `${plan.name}-${++made}`,
      receive: (message) => { this.#receive(message); },
      onFault: (error) => { this.#fail(asFailure(error, 'task_crashed')); }
    });
    this.#taskSet = new TaskSet({
      ...settings,
      taps: this.#taps,
      tables: () => this.#tables,
      actor: this.#actor,
      progress: this.#progress,
      reader: () => this.#reader as Valve,
      last: () => this.#available?.ends ?? null,
      onFatal: (failure) => { this.#actor.tell({ kind: 'failed', failure }); }
    });
  }

  get name(): string {
    return this.#settings.plan.name;
  }

  get state(): LifecycleState {
    return this.#lifecycle.state;
  }

  /** Why it failed, or what it waits for. */
  get failure(): Failure | null {
    return this.#failure;
  }

  /** Resolves when the topology has stopped or failed, and everything of it is closed. */
  get finished(): Promise<void> {
    return this.#ended.promise;
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

  /** Ends without committing anything more, as a kill would: for tests. */
  abandon(): Promise<void> {
    this.#stopping ??= this.#stop('failing');
    return this.#stopping;
  }

  /** See `Task.rest`. One that is to end by itself waits for that. */
  get rest(): Rest {
    const { state } = this.#lifecycle;
    if (isFinal(state)) return 'rests';
    if (state !== 'running') return 'busy';
    return leastStill([this.#taskSet.rest, this.#available === null ? 'rests' : 'waits']);
  }

  status(): TopologyStatus {
    const { state } = this.#lifecycle;
    const tables = this.#tables?.status() ?? [];
    const failure = this.#failure ?? (isFinal(state) ? null : (this.#taskSet.trouble ?? troubleOf(tables)));
    return {
      name: this.name,
      state,
      failure: failure === null ? null : { code: failure.code, message: failure.message, remedy: failure.remedy },
      tasks: this.#taskSet.counts,
      ...this.#progress.status(),
      tables
    };
  }

  /** Whether an operator holds it back. */
  get paused(): boolean {
    return this.#paused;
  }

  /** Reads nothing more until `resume`; what was read is committed, and the tasks stay. */
  pause(): void {
    this.#paused = true;
    this.#reader?.hold();
  }

  /** Goes on where it was paused. */
  resume(): void {
    this.#paused = false;
    this.#reader?.release();
  }

  /** See `TaskSet.tasks`. */
  get tasks(): TaskSet['tasks'] {
    return this.#taskSet.tasks;
  }

  /** See `Taps.add`. */
  tap(outputs: readonly TappedOutput[], listener: (record: StreamRecord) => void): () => void {
    return this.#taps.add(outputs, listener);
  }

  /** The tables take in what their sources have by now. */
  async refreshTables(): Promise<void> {
    await this.#tables?.refresh();
  }

  async #join(): Promise<void> {
    await this.#untilBrokerAnswers();
    if (this.#stopping !== null) return;
    this.#openTables();
    const reader = this.#settings.broker.reader(this.#readerSettings(), {
      assigned: (assignment) => { this.#assigned(assignment); },
      fetched: (batch) => { this.#taskSet.fetched(batch); },
      connection: (failure) => { this.#connection(failure); },
      failed: (failure) => { this.#actor.tell({ kind: 'failed', failure }); }
    });
    this.#reader = new Valve(reader, this.#paused);
    await this.#reader.start();
  }

  #openTables(): void {
    const { plan, tables, broker, clock, events } = this.#settings;
    if (plan.tables.length === 0) return;
    this.#tables = tables.open({
      topology: plan.group,
      tables: plan.tables.map((table) => ({ name: table.name, type: table.type, onError: table.onError.action === 'fail' ? 'fail' : 'skip', logic: table.build() })),
      broker,
      cluster: JSON.stringify(plan.broker),
      clock,
      onTrouble: (table, failure) => { events.tableTrouble(plan.name, table, failure); },
      onLoaded: (_, status) => { events.tableLoaded(plan.name, status); },
      onSkipped: (table, rows, reason) => { events.tableSkipped(plan.name, table, rows, reason); }
    });
  }

  #readerSettings(): ReaderSettings {
    const { plan, limits, state } = this.#settings;
    const topicSets = plan.subTopologies.map(({ reads }) => reads);
    return { group: plan.group, topicSets, signature: plan.signature, sessionTimeout: limits.sessionTimeout, discovery: limits.discovery, held: () => heldPartitions(plan, state), pinned: !plan.state.changelog, ...fetchBounds };
  }

  /** Connecting and the check of the topics, again and again while the broker is away. */
  async #untilBrokerAnswers(): Promise<void> {
    const { plan, broker, clock, events } = this.#settings;
    const backoff = new Backoff({ first: 100, max: 5000 });
    while (this.#stopping === null) {
      try {
        await broker.connect();
        await assertTopics(plan, broker, this.#settings.createTopics, (topics) => { events.topicsCreated(plan.name, topics); });
        await assertSchemas(plan);
        if (plan.trigger.mode === 'available_now') this.#available = await Available.capture(plan, broker);
        if (backoff.attempts > 0) events.connectionChanged(plan.name, null);
        return;
      } catch (error) {
        const failure = asFailure(error, 'task_crashed');
        if (failure.code !== 'broker_unavailable' && failure.code !== 'registry_unavailable') throw failure;
        this.#connection(failure);
        await new Promise<void>((resolve) => { clock.after(backoff.next(), resolve); });
      }
    }
  }

  #connection(failure: Failure | null): void {
    const to = failure !== null ? 'waiting' : this.#joined ? 'running' : null;
    if (to !== null && !this.#lifecycle.allows(to)) return;
    this.#failure = failure;
    this.#settings.events.connectionChanged(this.name, failure);
    if (to !== null) this.#lifecycle.become(to);
  }

  /** What must not wait for a mailbox is noted here, in the reader's own turn. */
  #assigned(assignment: Assignment): void {
    this.#taskSet.note(assignment);
    this.#actor.tell({ kind: 'assigned', assignment });
  }

  #receive(message: TopologyMessage): void {
    if (this.#stopping !== null) return;
    if (message.kind === 'failed') {
      this.#fail(message.failure);
      return;
    }
    this.#taskSet.change(message.assignment);
    if (this.#joined) return;
    this.#joined = true;
    this.#failure = null;
    this.#lifecycle.become('running');
    if (this.#available !== null) this.#endWhenDone(this.#available);
  }

  /** Looks again and again whether the group has committed all that was available, and stops then. */
  #endWhenDone(available: Available): void {
    this.#settings.clock.after(doneInterval, () => {
      if (this.#stopping !== null) return;
      const { assigned, running } = this.#taskSet.counts;
      // Only once the tasks are open is it known that the offsets are their own.
      const done = assigned === running ? available.done().catch(() => false) : Promise.resolve(false);
      void done.then((all) => {
        if (all) void this.stop();
        else this.#endWhenDone(available);
      });
    });
  }

  #fail(failure: Failure): void {
    if (this.#stopping !== null || isFinal(this.#lifecycle.state)) return;
    this.#failure = failure;
    this.#stopping = this.#stop('failing');
  }

  async #stop(as: 'stopping' | 'failing'): Promise<void> {
    // While the broker is away nothing can be committed: what was read is read again.
    const drain = as === 'stopping' && this.#lifecycle.state === 'running';
    this.#lifecycle.become(as);
    await this.#taskSet.close(drain);
    await this.#reader?.stop().catch(() => undefined);
    await this.#tables?.close().catch(() => undefined);
    this.#actor.stop();
    if (as === 'stopping') this.#failure = null;
    this.#lifecycle.become(as === 'stopping' ? 'stopped' : 'failed');
    this.#ended.resolve();
  }
}

/** Why tasks do not begin that wait for a table; null where no table is waited for. */
function troubleOf(tables: readonly TableStatus[]): Failure | null {
  const waiting = tables.find(({ ready, trouble }) => !ready && trouble !== null);
  return waiting === undefined ? null : new Failure('table_unavailable', `table ${waiting.name}: ${waiting.trouble ?? ''}`);
}
