import type { Seen } from '../status-text.ts';
import type { Finding } from './findings.ts';

type Phases = NonNullable<Seen['progress']['batch_mean_ms']>;

/** Writing is what takes long. What all sinks write in one epoch goes out together, so that which of them is slow shows only in how much each has. */
export function slowSink({ progress, detail }: Seen, pace: string, { write, commit, total }: Phases): Finding {
  const sinks = detail.nodes.filter(({ kind }) => kind === 'sink').map(({ name }) => ({ name, rate: progress.nodes.find(({ node }) => node === name)?.received_rate ?? 0 })).toSorted((a, b) => b.rate - a.rate);
  const all = sinks.reduce((sum, { rate }) => sum + rate, 0);
  const [first] = sinks;
  const named = sinks.length === 1 ? first?.name ?? '' : sinks.map(({ name, rate }) => `${name} (${all === 0 ? '' : `${Math.round((rate / all) * 100)} % of the records, `}${rate} a second)`).join(', ');
  const together = sinks.length === 1 ? '' : ' They are written together, so that the slowest of their topics holds up all.';
  return {
    code: 'sink_slow',
    message: `${pace}: writing is what takes long. Of ${total} ms for a batch, the broker took ${write} ms to take what ${named} write${sinks.length === 1 ? 's' : ''}, and ${commit} ms to commit.${together}`,
    remedy: 'Look at the brokers of the topics that are written: load, disks, replicas that are behind; or at the network between.'
  };
}
