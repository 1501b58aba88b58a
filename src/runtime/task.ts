import type { SourceTime } from '../../actors/component.ts';
import { asFailure, Failure } from '../../actors/failure.ts';
import type { FetchedBatch, GroupReader } from '../../actors/port.ts';
import type { CheckpointTimes } from '../../actors/status.ts';
import type { Plan, SubTopology } from '../topology/model.ts';
import type { TransactionBudget } from './budget.ts';
import { checkpoint } from './checkpoint.ts';
import type { CheckpointSettings, Position } from './checkpoint.ts';
import type { Clock } from './clock.ts';
import { Credit } from './credit.ts';
import { untilIdle } from './idle-alarm.ts';
import { Intake } from './intake.ts';
import type { TaskMeters } from './meters.ts';
import type { PendingRecord } from './outbox.ts';
import { createPace } from './pace.ts';
import type { Pace } from './pace.ts';
import type { EpochWork } from './sink-actor.ts';
import type { Rest } from './rest.ts';
import { sourceOf } from './start-position.ts';
import type { SourceMessage } from './source-actor.ts';
import type { Actor } from './system.ts';
import { TablesFirst } from './tables-first.ts';
import type { FirstInput } from './tables-first.ts';
import { Throttle } from './throttle.ts';
import type { Topics } from './topics.ts';
import type { TaskTrace } from './trace.ts';
import { wireTask } from './wire.ts';
import type { KeyedSettings, TaskInput, WireSettings } from './wire.ts';

/** An epoch that has happened. */
export interface CommittedEpoch extends Pick<EpochWork, 'epoch' | 'counts' | 'failed' | 'progress' | 'watermarks' | 'written'> {
  readonly outputs: number;
  readonly positions: readonly Position[];
  readonly times: CheckpointTimes;
}

/** What a task is made of. */
export interface TaskSettings extends Pick<WireSettings, 'taps'> {
  readonly plan: Plan;
  readonly sub: SubTopology;
  readonly inputs: readonly TaskInput[];
  /** The last committed epoch. */
  readonly epoch: number;
  /** The topology's actor. */
  readonly parent: Actor<never>;
  readonly actorName: string;
  readonly reader: GroupReader;
  readonly checkpoint: CheckpointSettings;
  readonly topics: Topics;
  readonly clock: Clock;
  readonly budget: TransactionBudget;
  readonly creditBytes: number;
  /** Ends of the inputs when the task was opened, in the order of `inputs`. */
  readonly opened: readonly number[];
  /** Where `available_now` ends, in the order of `inputs`. */
  readonly last: readonly number[];
  readonly keyed: KeyedSettings;
  readonly changelog: () => readonly PendingRecord[];
  readonly meters: TaskMeters;
  /** Null where tracing is off. */
  readonly trace: TaskTrace | null;
  /** The ends of the inputs as they are now. */
  ends(): Promise<readonly number[]>;
  onCommitted(committed: CommittedEpoch): void;
  onFailed(failure: Failure): void;
}

/** One partition a task reads. */
interface Input {
  readonly actor: Actor<SourceMessage>;
  readonly intake: Intake;
  readonly time: SourceTime;
  /** A repartition topic: it is read as it comes, whatever the trigger says of sources. */
  readonly internal: boolean;
  /** For how long it had been quiet at the last barrier, which told that; 0 where records came with it. */
  told: number;
}

/** What a task's actor is told by its children. */
type TaskMessage = { readonly kind: 'aligned'; readonly work: EpochWork } | { readonly kind: 'faulted'; readonly error: unknown };

/** Uncommitted batches a source may have; at 10 ms a checkpoint and 1 ms a fetch there are about twenty. */
const creditBatches = 256;

/** Shortest time between two barriers of a task, in milliseconds. */
const shortestInterval = 10;

/** Output bytes that make a barrier due, whatever else. */
const maxOutputBytes = 16 * 1024 * 1024;

/** Entries of state, or on their way to it, that make a barrier due, whatever else. */
const maxDirtyEntries = 50_000;

/**
 * A partition number of a sub-topology at work: hands fetched batches to its source actors, decides when an epoch
 * ends, and commits it. Between barrier and commit the next epoch fills; no more than those two are alive.
 */
export class Task {
  readonly #settings: TaskSettings;
  readonly #actor: Actor<TaskMessage>;
  readonly #inputs = new Map<string, Input>();
  #epoch: number;
  #phase: 'filling' | 'aligning' | 'committing' | 'over' = 'filling';
  /** Records were handed in since the last barrier; or positions moved without any. */
  #dirty: 'no' | 'progress' | 'records' = 'no';
  #lastBarrier = 0;
  #commitBegan = 0;
  #timer: (() => void) | null = null;
  /** Wakes the task when time alone makes a barrier due. */
  #alarm: (() => void) | null = null;
  /** When a node wants another barrier, by the clock's `elapsed`. */
  #wantedAt = Infinity;
  #commit: Promise<void> = Promise.resolve();
  #draining: (() => void) | null = null;
  readonly #tables: TablesFirst;
  /** How far the trigger lets each input read. */
  #bounds: readonly number[] = [];
  readonly #pace: Pace;
  readonly #pending: () => number;

  constructor(settings: TaskSettings) {
    this.#settings = settings;
    this.#epoch = settings.epoch;
    this.#actor = settings.parent.spawn<TaskMessage>({
      name: settings.actorName,
      receive: (message) => { this.#receive(message); },
      onFault: (error) => { this.fail(asFailure(error, 'task_crashed')); }
    });
    const { sources, pending } = wireTask({
      ...settings,
      parent: this.#actor,
      outbox: settings.checkpoint.output.outbox,
      onAligned: (work) => { this.#actor.tell({ kind: 'aligned', work }); },
      onFault: (error) => { this.#actor.tell({ kind: 'faulted', error }); }
    });
    this.#pending = pending;
    this.#tables = new TablesFirst(settings.sub.first, firstInputs(settings));
    const throttles = throttlesOf(settings);
    const internal = new Set(settings.plan.internalTopics.map(({ topic }) => topic));
    settings.inputs.forEach((input, index) => {
      const actor = sources[index] as Actor<SourceMessage>;
      const { time } = sourceOf(input.topic, settings).build();
      this.#inputs.set(input.topic, { actor, intake: this.#intake(input, settings.opened[index] as number, actor, throttles[index] ?? null), time, internal: internal.has(input.topic), told: 0 });
    });
    const trigger = settings.inputs.every(({ topic }) => internal.has(topic)) ? ({ ...settings.plan.trigger, mode: 'real_time' } as const) : settings.plan.trigger;
    this.#pace = createPace(trigger, settings.last, { open: (bounds) => { this.#open(bounds); }, ends: () => settings.ends(), fail: (failure) => { this.fail(failure); } }, settings.clock);
  }

  get name(): string {
    return this.#settings.checkpoint.task;
  }

  /** For how many milliseconds an epoch has been committed; null where none is. */
  get committing(): number | null {
    return this.#phase === 'committing' ? this.#settings.clock.elapsed() - this.#commitBegan : null;
  }

  /** For tests, whose clock goes on only when all is still. */
  get rest(): Rest {
    if (this.#phase !== 'filling') return 'busy';
    if (this.#dirty !== 'no' || this.#wantedAt !== Infinity) return 'waits';
    for (const { intake } of this.#inputs.values()) if (!intake.reached && !intake.caughtUp) return 'waits';
    return 'rests';
  }

  /** Starts reading at the positions the task was made with. */
  start(): void {
    this.#pace.start();
  }

  /** A batch for one of the task's partitions. Only notes it and returns. */
  fetched(batch: FetchedBatch): void {
    if (this.#phase !== 'over') this.#inputs.get(batch.topic)?.intake.fetched(batch);
  }

  /** Stops reading, commits what came in, and resolves when nothing is left. */
  drain(): Promise<void> {
    this.#pace.stop();
    for (const { intake } of this.#inputs.values()) intake.close();
    return new Promise((resolve) => {
      this.#draining = resolve;
      if (this.#phase === 'over') resolve();
      else this.#schedule();
    });
  }

  /** Ends the task without committing anything more; a commit under way is waited for. */
  async close(): Promise<void> {
    this.#end();
    await this.#commit;
    this.#settings.checkpoint.output.outbox.close();
    await this.#settings.checkpoint.output.close();
    // Not while the thread waits: it may be much.
    await this.#settings.keyed.state?.flush().catch(() => undefined);
    this.#settings.keyed.state?.close();
  }

  /** Reports the first failure and stops; the rest is the topology's to decide. */
  fail(failure: Failure): void {
    if (this.#phase === 'over') return;
    this.#end();
    this.#settings.onFailed(failure.kind === 'poison' ? this.#refused(failure) : failure);
  }

  /** Poison is a record's; of a whole request it says that a topic takes less than was known of it. */
  #refused(failure: Failure): Failure {
    this.#settings.topics.forget();
    return new Failure('output_refused', failure.message, { cause: failure });
  }

  #end(): void {
    this.#phase = 'over';
    this.#settings.meters.end();
    this.#timer?.();
    this.#timer = null;
    this.#alarm?.();
    this.#alarm = null;
    this.#pace.stop();
    for (const { intake } of this.#inputs.values()) intake.close();
    this.#actor.stop();
    this.#draining?.();
  }

  #intake({ topic, partition, start }: TaskInput, end: number, actor: Actor<SourceMessage>, throttle: Throttle | null): Intake {
    const { reader, clock, creditBytes } = this.#settings;
    const admit = (batch: FetchedBatch): void => { this.#admit(batch, actor); };
    return new Intake({ at: { topic, partition }, start, end, reader, credit: new Credit(creditBytes, creditBatches), throttle, clock, admit });
  }

  #open(bounds: readonly number[]): void {
    this.#bounds = bounds;
    this.#let(({ topic }) => !this.#tables.holds(topic));
    this.#schedule();
  }

  #let(which: (input: TaskInput) => boolean): void {
    this.#settings.inputs.forEach((input, index) => {
      if (!which(input)) return;
      const { intake, internal } = this.#inputs.get(input.topic) as Input;
      const bound = this.#bounds[index] ?? Infinity;
      if (bound !== Infinity) intake.reaches(bound);
      intake.open(internal ? Infinity : bound);
    });
  }

  #admit(batch: FetchedBatch, actor: Actor<SourceMessage>): void {
    actor.tell({ kind: 'fetched', batch });
    if (batch.records.length > 0) this.#settings.checkpoint.reached('P0', this.#epoch + 1);
    if (batch.records.length > 0) this.#dirty = 'records';
    else if (this.#dirty === 'no') this.#dirty = 'progress';
    this.#schedule();
  }

  /** Starts the next barrier, now or when it is due. */
  #schedule(): void {
    if (this.#phase !== 'filling') return;
    if (this.#dirty === 'no') {
      this.#draining?.();
      if (this.#reached()) this.#pace.idle();
      this.#setAlarm();
      return;
    }
    if (this.#timer !== null && this.#draining === null && !this.#urgent()) return;
    this.#timer?.();
    this.#timer = null;
    const wait = this.#untilDue();
    if (wait <= 0) this.#startBarrier();
    else {
      this.#timer = this.#settings.clock.after(wait, () => {
        this.#timer = null;
        this.#schedule();
      });
    }
  }

  /** Without records a barrier is still due when a node asked for one, and when a partition becomes idle or its watermark goes on with the clock. */
  #setAlarm(): void {
    const { clock, sub } = this.#settings;
    if (this.#alarm !== null || !sub.timed) return;
    let wait = this.#wantedAt - clock.elapsed();
    for (const { intake, time, told } of this.#inputs.values()) wait = Math.min(wait, untilIdle(time, { now: intake.quiet, told }));
    if (wait === Infinity) return;
    this.#alarm = clock.after(Math.max(1, wait), () => {
      this.#alarm = null;
      if (this.#dirty === 'no') this.#dirty = 'progress';
      this.#schedule();
    });
  }

  /** The bounds that make a checkpoint due before its interval. */
  #urgent(): boolean {
    if (this.#settings.checkpoint.output.outbox.bytes >= maxOutputBytes || this.#wantedAt <= this.#settings.clock.elapsed()) return true;
    if (this.#pending() + (this.#settings.keyed.state?.dirty ?? 0) >= maxDirtyEntries) return true;
    for (const { intake } of this.#inputs.values()) if (intake.exhausted) return true;
    return false;
  }

  /** True when all that the trigger lets in is in. */
  #reached(): boolean {
    for (const [topic, { intake, internal }] of this.#inputs) if (this.#tables.holds(topic) || (!internal && !intake.reached)) return false;
    return true;
  }

  /** True when all that was there at the last fetches is in. */
  #caughtUp(): boolean {
    for (const { intake } of this.#inputs.values()) if (!intake.caughtUp) return false;
    return true;
  }

  /** Whether the epoch is to end as soon as it may: what came is visible only then, or it is all that will come. */
  #hurries(): boolean {
    if (this.#draining !== null || this.#urgent()) return true;
    if (!this.#pace.free) return this.#reached();
    if (this.#settings.plan.unhurried) return false;
    // At-least-once output is visible without a commit, but for what keyed nodes send with the barrier; behind a backlog nobody waits for the next milliseconds.
    const { plan, sub } = this.#settings;
    return this.#dirty === 'records' && (plan.delivery === 'exactly_once' || sub.timed) && this.#caughtUp();
  }

  /** Milliseconds until the next barrier may go, and the budget's word on it. */
  #untilDue(): number {
    const { plan, clock, budget } = this.#settings;
    const since = clock.elapsed() - this.#lastBarrier;
    const interval = this.#hurries() ? Math.min(shortestInterval, plan.trigger.checkpointInterval) : plan.trigger.checkpointInterval;
    return since < interval ? interval - since : budget.take(this);
  }

  #startBarrier(): void {
    this.#phase = 'aligning';
    const moved = this.#dirty === 'records';
    this.#dirty = 'no';
    this.#lastBarrier = this.#settings.clock.elapsed();
    this.#wantedAt = Infinity;
    this.#alarm?.();
    this.#alarm = null;
    const epoch = this.#epoch + 1;
    const now = this.#settings.clock.now();
    for (const input of this.#inputs.values()) {
      const { quiet } = input.intake;
      input.told = moved ? 0 : quiet;
      input.actor.tell({ kind: 'barrier', epoch, now, quiet });
    }
  }

  #receive(message: TaskMessage): void {
    if (message.kind === 'faulted') this.fail(asFailure(message.error, 'task_crashed'));
    else if (this.#phase === 'aligning') this.#aligned(message.work);
  }

  #aligned(work: EpochWork): void {
    this.#phase = 'committing';
    this.#commitBegan = this.#settings.clock.elapsed();
    this.#commit = this.#checkpoint(work).catch((error: unknown) => { this.fail(asFailure(error, 'task_crashed')); });
  }

  async #checkpoint(work: EpochWork): Promise<void> {
    const positions = work.progress.map(({ topic, partition, position, watermark }) => ({ topic, partition, offset: position, watermark }));
    const times = await checkpoint({ ...work, positions }, this.#settings.checkpoint);
    this.#epoch = work.epoch;
    if (work.again !== null) this.#wantedAt = this.#settings.clock.elapsed() + work.again;
    this.#settings.onCommitted({ ...work, outputs: work.outputs.records, positions, times });
    this.#giveBack(work);
    if (this.#tables.committed(positions)) this.#let(({ topic }) => !this.#settings.sub.first.includes(topic));
    this.#settings.checkpoint.reached('P6', work.epoch);
    if (this.#isOver()) return;
    this.#phase = 'filling';
    if (this.#wantedAt <= this.#settings.clock.elapsed() && this.#dirty === 'no') this.#dirty = 'progress';
    this.#schedule();
  }

  /** A method, because the phase may change while a commit is awaited, which the compiler cannot see. */
  #isOver(): boolean {
    return this.#phase === 'over';
  }

  #giveBack(work: EpochWork): void {
    for (const { topic, bytes, batches } of work.progress) this.#inputs.get(topic)?.intake.giveBack(bytes, batches);
  }
}

/** With `available_now` a table is read to where that ends. */
function firstInputs({ plan, inputs, opened, last }: TaskSettings): FirstInput[] {
  return inputs.map(({ topic, start }, index) => {
    const end = opened[index] as number;
    return { topic, start, end: plan.trigger.mode === 'available_now' ? Math.min(end, last[index] ?? end) : end };
  });
}

/** One throttle per source with a rate limit, in the order of the inputs. */
function throttlesOf({ plan, sub, inputs, clock }: TaskSettings): (Throttle | null)[] {
  const bySource = new Map<number, Throttle | null>();
  return inputs.map(({ topic }) => {
    const source = sourceOf(topic, { plan, sub });
    const { rateLimit } = source.build();
    const throttle = bySource.get(source.id) ?? (rateLimit === null ? null : new Throttle(rateLimit, clock));
    bySource.set(source.id, throttle);
    return throttle;
  });
}
