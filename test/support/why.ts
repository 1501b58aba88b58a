import assert from 'node:assert/strict';
import { after } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { Broker } from '../../actors/port.ts';
import type { Finding } from '../../src/cli/why/findings.ts';
import { runCommand } from './command.ts';
import type { DaemonProcess } from './daemon.ts';

/** What `millrace why` says of a topology, as data. */
export async function why(daemon: DaemonProcess, topology: string): Promise<Finding[]> {
  return (JSON.parse(await runCommand('why', topology, '--json', '--url', await daemon.url())) as { findings: Finding[] }).findings;
}

/** Asks until the first thing it says is of a kind and has a text, and gives all it says then; gives what it says in the end where that does not come in time. */
export async function whyUntil(daemon: DaemonProcess, topology: string, code: Finding['code'], message = /./, timeout = 20_000): Promise<Finding[]> {
  const deadline = Date.now() + timeout;
  for (;;) {
    const found = await why(daemon, topology);
    if ((found[0]?.code === code && message.test(found[0].message)) || Date.now() > deadline) return found;
    await wait(200);
  }
}

/** Holds the first thing that is said to its kind, its message and its remedy. */
export function firstIs(found: readonly Finding[], code: Finding['code'], message: RegExp, remedy = /./): void {
  const said = JSON.stringify(found, null, 1);
  assert.equal(found[0]?.code, code, said);
  assert.match(found[0].message, message, said);
  assert.match(found[0].remedy, remedy, said);
}

/** Where a stream of records goes. */
export interface Fed {
  readonly topic: string;
  readonly partition: number;
  /** How far the event times of its records are behind the clock, in milliseconds. */
  readonly behind?: number;
  /** How many at a time; 1 by default. */
  readonly records?: number;
}

/** Those that a failed test left behind end with the tests. */
const feeding = new Set<Feeder>();
after(() => {
  for (const feeder of feeding) feeder.stop();
});

/** Writes records with event times of now, `{ at, k }`, again and again until it is ended. */
export class Feeder {
  readonly #ended: Promise<void>;
  #on = true;

  constructor(broker: Broker, targets: readonly Fed[], interval = 200) {
    this.#ended = this.#feed(broker, targets, interval);
    // Where a test failed the broker is closed under it, and nobody waits.
    this.#ended.catch(() => undefined);
    feeding.add(this);
  }

  async end(): Promise<void> {
    this.stop();
    await this.#ended;
  }

  stop(): void {
    this.#on = false;
    feeding.delete(this);
  }

  async #feed(broker: Broker, targets: readonly Fed[], interval: number): Promise<void> {
    const producer = broker.producer();
    for (let n = 0; this.#on; n += 1) {
      await producer.send(targets.flatMap((target) => eventsOf(target, n)), 'none');
      await wait(interval);
    }
    await producer.close();
  }
}

/** Writes records once. */
export async function feedOnce(broker: Broker, targets: readonly Fed[]): Promise<void> {
  const producer = broker.producer();
  for (const target of targets) {
    const events = eventsOf(target, 0);
    for (let from = 0; from < events.length; from += 5000) await producer.send(events.slice(from, from + 5000), 'none');
  }
  await producer.close();
}

function eventsOf({ topic, partition, behind = 0, records = 1 }: Fed, round: number): Parameters<ReturnType<Broker['producer']>['send']>[0] {
  const at = Date.now() - behind;
  return Array.from({ length: records }, (_, n) => ({ topic, partition, key: Buffer.from(`k${n % 5}`), value: Buffer.from(JSON.stringify({ at, k: `k${(round + n) % 5}` })), headers: [], timestamp: Date.now() }));
}
