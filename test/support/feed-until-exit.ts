import type { Broker } from '../../actors/port.ts';
import type { Backend } from './backend.ts';
import type { DaemonProcess } from './daemon.ts';

/** What is fed, and how much of it there is already. */
export interface Feeding {
  readonly fed: number;
  /** How much more at a time. */
  readonly step: number;
  feed(broker: Broker, count: number, from: number): Promise<void>;
}

/** A backlog is worked on in few epochs: on Kafka more follows, bit by bit, until the daemon is dead. Gives how much there is in all. */
export async function feedUntilExit(backend: Backend, daemon: DaemonProcess, feeding: Feeding): Promise<number> {
  let { fed } = feeding;
  if (backend.name === 'embedded') return fed;
  let over = false;
  void daemon.exited.then(() => { over = true; });
  await backend.use(async (broker) => {
    while (!over) {
      await feeding.feed(broker, feeding.step, fed);
      fed += feeding.step;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });
  return fed;
}
