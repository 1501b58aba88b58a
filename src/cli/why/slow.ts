import type { Seen } from '../status-text.ts';
import type { Finding } from './findings.ts';

/** Offsets behind from which on slowness is worth a word. */
const worthTelling = 1000;

/** Share of a batch from which on one phase of it is what slows it. */
const most = 0.5;

/** What slows all of it, where it lies behind and does not catch up in a minute. */
export function slow({ progress, detail }: Seen): Finding[] {
  const { lag, input_rate: input, processing_rate: processing, batch_ms: batch } = progress;
  if (detail.state !== 'running' || detail.paused || lag < worthTelling) return [];
  const gain = processing - input;
  if (gain > 0 && lag / gain < 60) return [];
  const pace = `${lag} offsets behind, ${input} written and ${processing} read a second`;
  const sinks = detail.nodes.filter(({ kind }) => kind === 'sink').map(({ name }) => name).join(', ');
  if (batch !== null && batch.write + batch.commit > batch.total * most && batch.total > 100) {
    return [{ code: 'sink_slow', message: `${pace}: writing is what takes long. Of ${batch.total} ms for a batch, the broker took ${batch.write} ms to take what ${sinks} write, and ${batch.commit} ms to commit.`, remedy: 'Look at the brokers of the topics that are written: load, disks, replicas that are behind; or at the network between.' }];
  }
  if (batch !== null && batch.prepare + batch.apply > batch.total * most && batch.total > 100) {
    return [{ code: 'state_slow', message: `${pace}: state is what takes long. Of ${batch.total} ms for a batch, ${batch.prepare + batch.apply} ms were for the disk of --state-dir.`, remedy: 'A faster disk, or less state.' }];
  }
  const since = progress.seconds_since_checkpoint ?? 0;
  return [{ code: 'processing_slow', message: `${pace}: the work on the records is what takes long${since > 5 ? `; the last batch was committed ${since} s ago` : ''}.`, remedy: 'Start more daemons, where there are partitions for them; look at expressions and scripts; or at a rate limit of a source.' }];
}
