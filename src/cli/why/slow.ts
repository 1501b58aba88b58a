import type { Seen } from '../status-text.ts';
import { busiest } from './busiest.ts';
import type { Finding } from './findings.ts';
import { slowSink } from './slow-sink.ts';

/** Offsets behind from which on slowness is worth a word at once, and seconds for which there has to be lag otherwise. */
const worthTelling = { offsets: 1000, seconds: 5 };

/** Seconds of work that have to lie before a topology, so that it is behind and not just busy. */
const workAhead = 5;

/** Seconds that rates have to be over. */
const shortestLook = 3;

/** Share of a batch from which on one phase of it is what slows it, and milliseconds from which on it is slow at all. */
const most = { share: 0.5, milliseconds: 100 };

/** What slows all of it, where it lies behind. */
export function slow(seen: Seen): Finding[] {
  const { progress, detail } = seen;
  if (detail.state !== 'running' || detail.paused) return [];
  const hangs = commitThatHangs(seen);
  if (hangs !== null) return [hangs];
  const { lag, input_rate: input, processing_rate: processing, batch_mean_ms: batch, behind_seconds: behind } = progress;
  if (progress.window_seconds < shortestLook || lag <= workAhead * processing || (lag < worthTelling.offsets && behind < worthTelling.seconds)) return [];
  const pace = `${lag} offsets behind${where(progress)}, ${input} written and ${processing} read a second`;
  const total = batch?.total ?? 0;
  if (batch !== null && total > most.milliseconds) {
    if (batch.write + batch.commit > total * most.share) return [slowSink(seen, pace, batch)];
    if (batch.prepare + batch.apply > total * most.share) return [{ code: 'state_slow', message: `${pace}: state is what takes long. Of ${total} ms for a batch, ${Math.round(batch.prepare + batch.apply)} ms were for the disk of --state-dir.`, remedy: 'A faster disk, or less state.' }];
  }
  return lag < 60 * (processing - input) ? [] : [slowWork(seen, pace)];
}

/** The one partition that nearly all of the lag is in. */
function where({ partitions, lag }: Seen['progress']): string {
  const [first] = partitions.toSorted((a, b) => b.lag - a.lag);
  return first === undefined || partitions.length === 1 || first.lag < lag * 0.9 ? '' : `, nearly all of them in ${first.topic}[${first.partition}]`;
}

/** A commit that does not come to an end is seen in no batch yet. */
function commitThatHangs({ detail }: Seen): Finding | null {
  const hanging = detail.assigned.filter(({ committing_seconds: seconds = null }) => (seconds ?? 0) >= 3).toSorted((a, b) => (b.committing_seconds ?? 0) - (a.committing_seconds ?? 0));
  const [longest] = hanging;
  if (longest === undefined) return null;
  const sinks = detail.nodes.filter(({ kind }) => kind === 'sink').map(({ name }) => name).join(', ');
  return { code: 'sink_slow', message: `Task ${longest.task} has been committing for ${longest.committing_seconds} s: the broker has not taken yet what ${sinks} write${hanging.length > 1 ? `; ${hanging.length} tasks wait so` : ''}.`, remedy: 'Look at the brokers of the topics that are written: whether they answer, load, disks, replicas that are behind; or at the network between.' };
}

function slowWork(seen: Seen, pace: string): Finding {
  const { detail, progress } = seen;
  const node = busiest(seen);
  if (node !== null) return { code: node.kind === 'sink' ? 'sink_slow' : 'processing_slow', message: `${pace}: ${node.name} (${node.kind}) is what takes long; it works ${node.percent} % of the time${node.next === null ? '' : `, ${node.next}`}.`, remedy: node.remedy };
  const paced = detail.nodes.filter(({ paced: by }) => by !== undefined);
  if (paced.length > 0) return { code: 'paced', message: `${pace}: ${paced.map(({ name, paced: by }) => `source ${name} reads no faster by its file (${by})`).join('; ')}.`, remedy: 'Raise the rate_limit, or have the trigger come more often.' };
  const since = progress.seconds_since_checkpoint ?? 0;
  return { code: 'processing_slow', message: `${pace}: no node works much, and writing does not take long${since > 5 ? `; the last batch was committed ${since} s ago` : ''}.`, remedy: 'Look at the CPU of this machine and at millrace_event_loop_delay_seconds, or at how fast the broker gives records. More daemons help where there are partitions for them.' };
}
