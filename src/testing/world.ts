import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { addCounts, noCounts } from '../../actors/accounting.ts';
import type { Counts } from '../../actors/accounting.ts';
import type { Failure } from '../../actors/failure.ts';
import type { Broker } from '../../actors/port.ts';
import type { StateDirectory, StoreValue, TaskState } from '../../actors/store.ts';
import { murmur2 } from '../../actors/sink/partitioner.ts';
import { createEmbeddedBroker } from '../broker/embedded/index.ts';
import { TransactionBudget } from '../runtime/budget.ts';
import { noFaults } from '../runtime/fault.ts';
import { isFinal } from '../runtime/lifecycle.ts';
import { ActorSystem } from '../runtime/system.ts';
import { defaultLimits, TopologyRuntime } from '../runtime/topology.ts';
import { createStateDirectory } from '../state/directory.ts';
import { openPositions } from '../state/positions.ts';
import { createTableKeeper } from '../tables/keeper.ts';
import type { Plan } from '../topology/model.ts';
import type { PutRecord, Restart } from './case.ts';
import { CaseClock } from './clock.ts';
import type { Names } from './names.ts';
import { quietEvents } from './quiet-events.ts';
import { writeValue } from './transcode.ts';
import { NotSettled, settle, settleUntil, still } from './settle.ts';

/** What a world is made of. */
export interface WorldSettings {
  readonly plan: Plan;
  readonly names: Names;
  readonly partitions: number;
  readonly now: number;
  /** An empty folder of its own. */
  readonly folder: string;
}

/** Transactions per second: nobody else needs the broker. */
const unbounded = 1_000_000;

async function contentOf({ topic, value, headers, written }: PutRecord): Promise<Pick<PutRecord, 'value' | 'headers'>> {
  if (written === null) return { value, headers };
  const { bytes, headers: more } = await writeValue(written.codec, written.value, topic);
  return { value: bytes, headers: [...headers, ...more] };
}

/** A topology at work as it is in a daemon, on a broker, a disk and a clock of its own. */
export class World {
  readonly clock: CaseClock;
  readonly broker: Broker;
  readonly plan: Plan;
  readonly #settings: WorldSettings;
  readonly #system = new ActorSystem();
  readonly #root = this.#system.spawn<never>({ name: 'case', receive: () => undefined, onFault: () => undefined });
  #runtime: TopologyRuntime | null = null;
  #memory: ReturnType<typeof openPositions> | null = null;
  #disks = 0;
  #disk: string;
  /** The state that is open, by task. */
  readonly #states = new Map<string, TaskState>();
  /** Counts of runs that are over, by node. */
  readonly #before = new Map<string, Counts>();
  /** Whether records came since the topology ran last; for one that ends by itself. */
  #fresh = true;

  constructor(settings: WorldSettings) {
    const { plan, partitions, now, folder } = settings;
    const path = join(folder, 'broker');
    this.#settings = settings;
    this.#disk = join(folder, 'disk-0');
    this.clock = new CaseClock(now);
    this.broker = createEmbeddedBroker({ path, partitions });
    this.plan = { ...plan, broker: { type: 'embedded', path, partitions } };
  }

  /** Makes these topics, and starts a topology that goes on until it is told to stop. */
  async open(topics: Iterable<string>): Promise<void> {
    const { partitions } = this.#settings;
    await this.broker.connect();
    await this.broker.createTopics([...topics].map((topic) => ({ topic, partitions })));
    if (this.#goesOn) await this.#start();
  }

  /** Writes records, one behind the other. */
  async put(records: readonly PutRecord[]): Promise<void> {
    this.#fresh = true;
    const producer = this.broker.producer();
    const { partitions } = this.#settings;
    const place = ({ partition, key }: PutRecord): number => partition ?? (key === null ? 0 : (murmur2(key) & 0x7fffffff) % partitions);
    const outgoing = await Promise.all(records.map(async (record) => ({ ...record, ...(await contentOf(record)), partition: place(record), timestamp: record.timestamp ?? this.clock.now() })));
    await producer.send(outgoing, 'none');
    await producer.close();
    if (this.#goesOn) await this.settle();
  }

  /** All that came in is worked on and committed. A topology that ends by itself is run for what came since it ran last. */
  async settle(): Promise<void> {
    if (!this.#goesOn && this.#fresh) await this.#start();
    if (this.#runtime === null) return;
    await this.#settled(this.#runtime, async (runtime) => {
      await runtime.refreshTables();
      await settle(runtime, this.clock);
    });
  }

  async advance(milliseconds: number): Promise<void> {
    await this.clock.advance(milliseconds, () => (this.#runtime === null ? Promise.resolve() : still(this.#runtime)));
    await this.settle();
  }

  async restart(how: Restart): Promise<void> {
    const disk = this.#disk;
    if (how !== 'stop') this.#disk = join(this.#settings.folder, `disk-${++this.#disks}`);
    // What a kill leaves is what is on the disk at that moment; what the ending of this process still writes is not part of it.
    if (how === 'kill') cpSync(disk, this.#disk, { recursive: true });
    await this.#end(how);
    await this.#start();
  }

  /** Why the topology failed; null where it did not. */
  get failure(): Failure | null {
    return this.#runtime?.state === 'failed' ? this.#runtime.failure : null;
  }

  /** What became of the records of each node, since the beginning. */
  counts(): Map<string, Counts> {
    const total = new Map([...this.#before].map(([name, counts]) => [name, { ...counts }] as const));
    for (const { name, counts } of this.#runtime?.status().nodes ?? []) {
      const sum = total.get(name) ?? noCounts();
      addCounts(sum, counts);
      total.set(name, sum);
    }
    return total;
  }

  /** What a node holds, as the values of results. */
  contents(node: string): StoreValue[] {
    const found = this.plan.nodes.find((each) => each.kind === 'transform' && each.name === node && each.contents !== undefined);
    if (found?.kind !== 'transform' || found.contents === undefined) return [];
    const sub = this.plan.subTopologies.find(({ nodes }) => nodes.includes(found.id));
    const values: StoreValue[] = [];
    for (const [task, state] of this.#states) {
      if (task.replace(/-\d+$/, '') !== sub?.name) continue;
      for (const { value } of found.contents(state.store(node))) values.push(value as StoreValue);
    }
    return values;
  }

  async close(): Promise<void> {
    await this.#end('kill');
    this.#system.stop();
    await this.broker.close();
  }

  get #goesOn(): boolean {
    return this.plan.trigger.mode !== 'available_now';
  }

  async #start(): Promise<void> {
    this.#note();
    this.#fresh = false;
    mkdirSync(this.#disk, { recursive: true });
    this.#memory?.close();
    this.#memory = openPositions(this.#disk, () => undefined);
    this.#runtime = new TopologyRuntime(
      {
        plan: this.plan,
        broker: this.broker,
        memory: this.#memory,
        state: this.#watched(createStateDirectory(this.#disk, { now: () => this.clock.now() })),
        tables: createTableKeeper(this.#disk, { follow: false }),
        createTopics: true,
        clock: this.clock,
        budget: new TransactionBudget(unbounded, this.clock),
        events: quietEvents,
        tracer: null,
        reached: noFaults,
        limits: defaultLimits,
        acceptOffsets: false
      },
      this.#root
    );
    this.#runtime.start();
    await this.#settled(this.#runtime, (runtime) => settle(runtime, this.clock));
  }

  /** What does not come to an end, because a table cannot be read for example, says why. */
  async #settled(runtime: TopologyRuntime, work: (runtime: TopologyRuntime) => Promise<void>): Promise<void> {
    try {
      await work(runtime);
    } catch (error) {
      const failure = runtime.status().failure;
      if (failure?.code === 'table_unavailable') throw new NotSettled(failure.message);
      throw error;
    }
  }

  async #end(how: Restart): Promise<void> {
    const runtime = this.#runtime;
    if (runtime !== null && !isFinal(runtime.state)) await settleUntil(how === 'stop' ? runtime.stop() : runtime.abandon(), this.clock);
    this.#note();
    this.#memory?.close();
    this.#memory = null;
  }

  /** A run is over: its counts are kept. */
  #note(): void {
    for (const [name, counts] of this.counts()) this.#before.set(name, counts);
    this.#runtime = null;
  }

  /** Lets the state of the tasks be looked at while they run. */
  #watched(directory: StateDirectory): StateDirectory {
    this.#states.clear();
    return {
      held: (topology) => directory.held(topology),
      open: (identity) => {
        const state = directory.open(identity);
        this.#states.set(identity.task, state);
        return state;
      }
    };
  }
}
