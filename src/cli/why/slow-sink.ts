import type { Seen } from '../status-text.ts';
import type { Finding } from './findings.ts';

type Phases = NonNullable<Seen['progress']['batch_mean_ms']>;

/** Writing is what takes long. What all sinks write in one epoch goes out together, so that which of them is slow shows only in how much each has. */
export function slowSink({ progress, detail }: Seen, pace: string, { write, commit, total }: Phases): Finding {
  const recent = progress.nodes.filter(({ node }) => detail.nodes.some(({ name, kind }) => name === node && kind === 'sink'));
  const moving = recent.some(({ received_rate: rate }) => rate > 0);
  const sinks = detail.nodes.filter(({ kind }) => kind === 'sink').map(({ name, counts }) => ({ name, records: moving ? (recent.find(({ node }) => node === name)?.received_rate ?? 0) : counts.received })).toSorted((a, b) => b.records - a.records);
  const all = sinks.reduce((sum, { records }) => sum + records, 0);
  const share = (records: number): string => (all === 0 ? '' : ` (${Math.round((records / all) * 100)} % of the records${moving ? `, ${records} a second` : ''})`);
  const named = sinks.map(({ name, records }) => `${name}${sinks.length === 1 ? '' : share(records)}`).join(', ');
  const together = sinks.length === 1 ? '' : ' They are written together, so that the slowest of their topics holds up all.';
  return {
    code: 'sink_slow',
    message: `${pace}: writing is what takes long. Of ${total} ms for a batch, the broker took ${write} ms to take what ${named} write${sinks.length === 1 ? 's' : ''}, and ${commit} ms to commit.${together}`,
    remedy: 'Look at the brokers of the topics that are written: load, disks, replicas that are behind; or at the network between.'
  };
}
