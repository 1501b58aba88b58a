import type { PassedOn, TransformLogic } from '../../actors/component.ts';
import type { Batch, Checkpoint, Delivery } from '../../actors/message.ts';
import { Watermarks } from '../../actors/watermark.ts';
import { Inbox } from './inbox.ts';
import type { Outlet } from './outlet.ts';

/** What a transform's receiver is made of. */
export interface TransformSettings {
  readonly logic: TransformLogic;
  readonly channels: number;
  readonly outlet: Outlet;
  /** The node's watermark as it was committed; -Infinity for none. */
  readonly watermark: number;
  /** Told when all that the epoch did to the node's store is done. */
  readonly seal: () => void;
}

/** The receiver of a transform node: its logic between an inbox and an outlet. */
export function transformReceiver({ logic, channels, outlet, watermark, seal }: TransformSettings): (message: Delivery) => Promise<void> {
  const watermarks = new Watermarks(channels, watermark);
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
    barrier({ channel, message }, last) {
      const barrier = message as Checkpoint;
      watermarks.note(channel, barrier.watermark, barrier.idle);
      if (last) passOn(barrier);
    }
  });
  const passOn = ({ epoch, now }: Checkpoint): void => {
    const end = { epoch, now, watermark: watermarks.advance(), idle: watermarks.idle };
    const passed: PassedOn | undefined = logic.checkpoint?.(end, outlet);
    if (passed === undefined) {
      outlet.checkpoint({ ...end, own: null, again: null }, null);
      return;
    }
    outlet.flush(now);
    seal();
    outlet.checkpoint({ epoch, now, ...passed }, null);
  };
  return (message) => inbox.receive(message);
}
