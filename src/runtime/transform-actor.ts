import type { TransformLogic } from '../../actors/component.ts';
import type { Batch, Checkpoint, Delivery } from '../../actors/message.ts';
import { Inbox } from './inbox.ts';
import type { Outlet } from './outlet.ts';

/** The receiver of a transform node: its logic between an inbox and an outlet. */
export function transformReceiver(logic: TransformLogic, channels: number, outlet: Outlet): (message: Delivery) => Promise<void> {
  const inbox = new Inbox<Delivery>(channels, {
    describe: ({ channel, message }) =>
      message.kind === 'batch' ? { channel, records: message.records.length, barrier: null } : { channel, records: 0, barrier: message.sent },
    records({ message }) {
      const batch = message as Batch;
      outlet.received(batch.records.length);
      const pending = logic.process(batch, outlet);
      if (pending !== undefined) return pending.then(() => { outlet.flush(batch.now); });
      outlet.flush(batch.now);
      return undefined;
    },
    barrier({ message }, last) {
      if (last) outlet.checkpoint((message as Checkpoint).epoch, null);
    }
  });
  return (message) => inbox.receive(message);
}
