import type { Broker } from '../../actors/port.ts';
import type { Failure } from '../../actors/failure.ts';
import type { RuntimeEvents } from '../../actors/events.ts';
import type { TopologyStatus } from '../../actors/status.ts';
import type { Plan } from '../topology/model.ts';
import { TransactionBudget } from './budget.ts';
import type { Clock } from './clock.ts';
import type { Reached } from './fault.ts';
import type { TaskMemory } from './open-task.ts';
import { ActorSystem } from './system.ts';
import type { Actor } from './system.ts';
import { TopologyRuntime } from './topology.ts';
import type { RuntimeLimits } from './topology.ts';

/** What the supervisor is made of. */
export interface SupervisorSettings {
  readonly plans: readonly Plan[];
  /** The broker of a plan; topologies with the same one may share it. */
  broker(plan: Plan): Broker;
  readonly memory: TaskMemory;
  readonly createTopics: boolean;
  readonly acceptOffsets: boolean;
  readonly clock: Clock;
  readonly events: RuntimeEvents;
  readonly reached: Reached;
  readonly limits: RuntimeLimits;
}

/** What the supervisor's actor is told when a topology has stopped or failed. */
interface Ended {
  readonly topology: string;
}

/** Transactions per second a daemon starts at most: one costs a broker a few milliseconds of work. */
const transactionsPerSecond = 300;

/** Runs topologies side by side; one that fails leaves the others alone. */
export class Supervisor {
  readonly #system = new ActorSystem();
  readonly #topologies: readonly TopologyRuntime[];
  readonly #ended: Promise<void>;

  constructor(settings: SupervisorSettings) {
    let left = settings.plans.length;
    const ended = Promise.withResolvers<void>();
    this.#ended = ended.promise;
    const root: Actor<Ended> = this.#system.spawn<Ended>({
      name: 'supervisor',
      receive: () => {
        left -= 1;
        if (left === 0) ended.resolve();
      },
      onFault: ended.reject
    });
    const budget = new TransactionBudget(transactionsPerSecond, settings.clock);
    this.#topologies = settings.plans.map((plan) => {
      const topology = new TopologyRuntime({ ...settings, plan, broker: settings.broker(plan), budget }, root);
      void topology.finished.then(() => root.tell({ topology: plan.name }));
      return topology;
    });
  }

  start(): void {
    for (const topology of this.#topologies) topology.start();
  }

  /** Drains and stops every topology. */
  async stop(): Promise<void> {
    await Promise.all(this.#topologies.map((topology) => topology.stop()));
  }

  /** Resolves when the last topology has ended, with the failures of those that failed. */
  async finished(): Promise<Failure[]> {
    await this.#ended;
    this.#system.stop();
    return this.#topologies.flatMap(({ failure }) => failure ?? []);
  }

  status(): TopologyStatus[] {
    return this.#topologies.map((topology) => topology.status());
  }

  /** Messages told to actors that were gone: more than a few at a restart is a bug. */
  get undelivered(): number {
    return this.#system.undelivered;
  }
}
