import { setTimeout as wait } from 'node:timers/promises';
import type { Broker } from '../actors/port.ts';
import { Measured } from './daemon.ts';
import { makeInput, makeOutputs } from './topics.ts';
import type { Delivery } from './topics.ts';

/** What a process costs that has nothing to do. */
export interface Idle {
  readonly cores: number;
  readonly sockets: number;
  readonly megabytes: number;
}

const seconds = 10;

/** A daemon on empty topics. */
export async function idle(broker: Broker, bootstrap: string, delivery: Delivery, partitions: number): Promise<Idle> {
  const { env } = await makeOutputs(broker, bootstrap, delivery, await makeInput(broker, partitions), partitions);
  const daemon = new Measured(env);
  await wait(8000);
  const before = daemon.cpu;
  await wait(seconds * 1000);
  const result = { cores: (daemon.cpu - before) / seconds, sockets: daemon.sockets, megabytes: daemon.peak };
  await daemon.stop();
  return result;
}
