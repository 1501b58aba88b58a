import type { Broker } from '../../actors/port.ts';
import type { Failure } from '../../actors/failure.ts';
import type { RuntimeEvents } from '../../actors/events.ts';
import type { TopologyStatus } from '../../actors/status.ts';
import type { StateDirectory } from '../../actors/store.ts';
import type { TableKeeper } from '../../actors/table/table.ts';
import type { Tracer } from '../../actors/trace.ts';
import type { Plan } from '../topology/model.ts';
import { TransactionBudget } from './budget.ts';
import type { Clock } from './clock.ts';
import type { Reached } from './fault.ts';
import { isFinal } from './lifecycle.ts';
import type { TaskMemory } from './task-memory.ts';
import { ActorSystem } from './system.ts';
import type { Actor } from './system.ts';
import { TopologyRuntime } from './topology.ts';
import type { RuntimeLimits } from './topology.ts';
import { assertTopics } from './topology-topics.ts';

/** What the supervisor is made of. */
export interface SupervisorSettings {
  readonly plans: readonly Plan[];
  /** The broker of a plan; topologies with the same one may share it. */
  broker(plan: Plan): Broker;
  readonly memory: TaskMemory;
  readonly state: StateDirectory;
  readonly tables: TableKeeper;
  readonly createTopics: boolean;
  readonly acceptOffsets: boolean;
  readonly clock: Clock;
  readonly events: RuntimeEvents;
  /** Null where tracing is off. */
  readonly tracer: Tracer | null;
  readonly reached: Reached;
  readonly limits: RuntimeLimits;
}

/** What a reload did, by name of topology. */
export interface Reloaded {
  readonly kept: readonly string[];
  readonly started: readonly string[];
  readonly changed: readonly string[];
  readonly stopped: readonly string[];
}

/** A topology and what it runs. */
export interface Running {
  readonly plan: Plan;
  readonly topology: TopologyRuntime;
}

/** Transactions per second a daemon starts at most: one costs a broker a few milliseconds of work. */
const transactionsPerSecond = 350;

/** Runs topologies side by side; one that fails leaves the others alone. */
export class Supervisor {
  readonly #settings: SupervisorSettings;
  readonly #system = new ActorSystem();
  readonly #root: Actor<never>;
  readonly #budget: TransactionBudget;
  readonly #running = new Map<string, Running>();
  readonly #ended = Promise.withResolvers<void>();
  /** Reloads one behind the other; while one is under way, topologies that have ended are no end. */
  #reloading: Promise<unknown> = Promise.resolve();
  #reloads = 0;
  #stopping = false;

  constructor(settings: SupervisorSettings) {
    this.#settings = settings;
    this.#root = this.#system.spawn<never>({ name: 'supervisor', receive: () => undefined, onFault: this.#ended.reject });
    this.#budget = new TransactionBudget(transactionsPerSecond, settings.clock);
    for (const plan of settings.plans) this.#add(plan, settings.acceptOffsets);
  }

  start(): void {
    for (const { topology } of this.#running.values()) topology.start();
  }

  /** Drains and stops every topology. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all([...this.#running.values()].map(({ topology }) => topology.stop()));
  }

  /**
   * Runs these plans from now on: what did not change goes on undisturbed, what failed starts again. Rejects with a `Failure`, and
   * leaves everything as it is, where a new plan names topics that are not there or its broker does not answer.
   */
  reload(plans: readonly Plan[]): Promise<Reloaded> {
    this.#reloads += 1;
    const reloaded = this.#reloading.then(() => this.#reload(plans)).finally(() => {
      this.#reloads -= 1;
      this.#checkEnd();
    });
    this.#reloading = reloaded.catch(() => undefined);
    return reloaded;
  }

  /** Resolves when the last topology has ended, with the failures of those that failed. */
  async finished(): Promise<Failure[]> {
    await this.#ended.promise;
    this.#system.stop();
    return [...this.#running.values()].flatMap(({ topology }) => topology.failure ?? []);
  }

  /** The topology of a name, with its plan; null where none of that name runs. */
  find(name: string): Running | null {
    return this.#running.get(name) ?? null;
  }

  status(): TopologyStatus[] {
    return [...this.#running.values()].map(({ topology }) => topology.status());
  }

  /** Messages told to actors that were gone: more than a few at a restart is a bug. */
  get undelivered(): number {
    return this.#system.undelivered;
  }

  #add(plan: Plan, acceptOffsets: boolean): TopologyRuntime {
    const topology = new TopologyRuntime({ ...this.#settings, plan, acceptOffsets, broker: this.#settings.broker(plan), budget: this.#budget }, this.#root);
    this.#running.set(plan.name, { plan, topology });
    void topology.finished.then(() => { this.#checkEnd(); });
    return topology;
  }

  #checkEnd(): void {
    if (this.#reloads > 0 && !this.#stopping) return;
    if ([...this.#running.values()].every(({ topology }) => isFinal(topology.state))) this.#ended.resolve();
  }

  async #reload(plans: readonly Plan[]): Promise<Reloaded> {
    const wanted = new Map(plans.map((plan) => [plan.name, plan]));
    const kept = plans.filter((plan) => this.#unchanged(plan)).map(({ name }) => name);
    const fresh = plans.filter(({ name }) => !kept.includes(name));
    const changed = fresh.filter(({ name }) => this.#running.has(name)).map(({ name }) => name);
    const started = fresh.filter(({ name }) => !this.#running.has(name)).map(({ name }) => name);
    const stopped = [...this.#running.keys()].filter((name) => !wanted.has(name));
    for (const plan of fresh) await this.#check(plan);
    await Promise.all([...changed, ...stopped].map((name) => (this.#running.get(name) as Running).topology.stop()));
    for (const name of stopped) this.#running.delete(name);
    // A stop that came meanwhile found the old ones stopping; nothing is started behind its back.
    if (!this.#stopping) for (const plan of fresh) this.#add(plan, false).start();
    return { kept, started, changed, stopped };
  }

  #unchanged({ name, fingerprint }: Plan): boolean {
    const running = this.#running.get(name);
    return running !== undefined && running.plan.fingerprint === fingerprint && running.topology.state !== 'failed';
  }

  async #check(plan: Plan): Promise<void> {
    const { createTopics, events } = this.#settings;
    const broker = this.#settings.broker(plan);
    await broker.connect();
    await assertTopics(plan, broker, createTopics, (topics) => { events.topicsCreated(plan.name, topics); });
  }
}
