import type { EpochEnd, InputTime, PassedOn, TransformLogic } from '../../actors/component.ts';
import { lowest } from '../../actors/keyed/arriving.ts';
import type { Batch, Checkpoint, Delivery } from '../../actors/message.ts';
import { Watermarks } from '../../actors/watermark.ts';
import { Inbox } from './inbox.ts';
import type { NodeMeter } from './node-meter.ts';
import type { Outlet } from './outlet.ts';
import { within } from './trace.ts';
import type { TaskTrace } from './trace.ts';

/** A transform node in its actor. */
export interface NodeSettings {
  readonly logic: TransformLogic;
  /** Which input of the node each of its channels belongs to. */
  readonly channels: readonly number[];
  readonly outlet: Outlet;
  /** The node's watermark as it was committed; -Infinity for none. */
  readonly watermark: number;
  /** Told when all that the epoch did to the node's store is done. */
  readonly seal: () => void;
  readonly meter: NodeMeter;
  /** The node's name in the file, for its spans. */
  readonly name: string;
  /** Null where tracing is off. */
  readonly trace: TaskTrace | null;
}

/**
 * The receiver of an actor with one node, or with a table node and those that look up in its store: they take turns, and a barrier is for all of them, so that what they see of
 * the table is what it was made of at that place in the stream. Channels are numbered through, in the order of the nodes; the table comes first.
 */
export function transformReceiver(nodes: readonly NodeSettings[]): (message: Delivery) => Promise<void> {
  const parts = nodes.map((node) => new Part(node));
  const places = parts.flatMap((part) => part.channels.map((input, channel) => ({ part, channel, input })));
  const placeOf = (channel: number): (typeof places)[number] => places[channel] as (typeof places)[number];
  const lowestReader = (times: readonly InputTime[]): InputTime | null => (times.length > 1 ? lowest(times.slice(1), -Infinity) : null);
  let readers = lowestReader(nodes.map(({ watermark }) => ({ watermark, idle: false })));
  const inbox = new Inbox<Delivery>(places.length, {
    describe: ({ channel, message }) =>
      message.kind === 'batch' ? { channel, records: message.records.length, barrier: null } : { channel, records: 0, barrier: message.sent },
    records({ channel, message }) {
      const { part, channel: own, input } = placeOf(channel);
      return part.process(message as Batch, own, input);
    },
    barrier({ channel, message }, last) {
      const { part, channel: own } = placeOf(channel);
      part.note(own, message as Checkpoint);
      if (!last) return;
      const passed: InputTime[] = [];
      for (const each of parts) {
        const table = passed[0] ?? null;
        passed.push(each.passOn(message as Checkpoint, { table, readers: table === null ? readers : null }));
      }
      readers = lowestReader(passed);
    }
  });
  return (message) => inbox.receive(message);
}

/** A node, with the time of each of its inputs. */
class Part {
  readonly channels: readonly number[];
  readonly #node: NodeSettings;
  readonly #all: Watermarks;
  /** Of each input; null where there is just one, whose time is that of all. */
  readonly #inputs: readonly { readonly channels: readonly number[]; readonly time: Watermarks }[] | null;

  constructor(node: NodeSettings) {
    const { channels, watermark } = node;
    this.channels = channels;
    this.#node = node;
    this.#all = new Watermarks(channels.length, watermark);
    const count = 1 + Math.max(0, ...channels);
    this.#inputs = count === 1 ? null : Array.from({ length: count }, (_, input) => {
      const own = channels.flatMap((of, channel) => (of === input ? [channel] : []));
      return { channels: own, time: new Watermarks(own.length, watermark) };
    });
  }

  process(batch: Batch, channel: number, input: number): void | Promise<void> {
    const { name, outlet, meter, trace } = this.#node;
    const started = meter.begin(channel, batch.records.length);
    const done = (): void => { meter.end(started); };
    outlet.received(batch.records.length);
    const span = trace === null || batch.trace === undefined || batch.trace === null ? null : trace.process(name, batch.records.length, batch.trace);
    const pending = span === null ? this.#work(batch, input) : within(span, outlet, () => this.#work({ ...batch, trace: span.context }, input));
    meter.paused(started, batch.records.length);
    if (pending !== undefined) return pending.then(done);
    done();
    return undefined;
  }

  #work(batch: Batch, input: number): void | Promise<void> {
    const { logic, outlet } = this.#node;
    const pending = logic.process(batch, outlet, input);
    if (pending !== undefined) return pending.then(() => { this.#flush(batch.now, 'batch'); });
    this.#flush(batch.now, 'batch');
    return undefined;
  }

  /** Sends on what the logic gave. Of a keyed node that may come from records that were traced and held, or go on with them in the groups of a window. */
  #flush(now: number, of: 'batch' | 'barrier'): void {
    const { name, logic, outlet, trace } = this.#node;
    const span = trace === null || logic.checkpoint === undefined || outlet.trace !== null ? null : trace.processed(name, outlet.collected, of);
    if (span === null) outlet.flush(now);
    else void within(span, outlet, () => { outlet.flush(now); });
  }

  note(channel: number, { watermark, idle }: Checkpoint): void {
    this.#all.note(channel, watermark, idle);
    const input = this.#inputs?.[this.channels[channel] as number];
    input?.time.note(input.channels.indexOf(channel), watermark, idle);
  }

  /** The barrier goes on; gives the time that readers of this node may rely on. */
  passOn({ epoch, now }: Checkpoint, team: Pick<EpochEnd, 'table' | 'readers'>): InputTime {
    const { logic, outlet, seal } = this.#node;
    const all: InputTime = { watermark: this.#all.advance(), idle: this.#all.idle };
    const inputs = this.#inputs === null ? [all] : this.#inputs.map(({ time }) => ({ watermark: time.advance(), idle: time.idle }));
    const end: EpochEnd = { epoch, now, ...all, inputs, ...team };
    const passed: PassedOn | undefined = logic.checkpoint?.(end, outlet);
    if (passed === undefined) {
      outlet.checkpoint({ epoch, now, ...all, own: null, again: null }, null);
      return all;
    }
    this.#flush(now, 'barrier');
    seal();
    outlet.checkpoint({ epoch, now, ...passed }, null);
    return passed;
  }
}
