import type { Seen } from '../status-text.ts';
import { busiest } from './busiest.ts';
import type { Finding } from './findings.ts';
import { slowSink } from './slow-sink.ts';

/** Offsets behind from which on slowness is worth a word at once, and seconds for which there has to be lag otherwise. */
const worthTelling = { offsets: 1000, seconds: 5 };

/** Seconds of work that have to lie before a topology, so that it is behind and not just busy. */
const workAhead = 5;

/** A backlog that is gone in so many seconds is no slowness. */
const aMinute = 60;

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
  // A thread that works all the time comes late to the broker's answers: first what keeps it busy, then what is waited for.
  const work = busyWork(seen, pace);
  if (work !== null) return lag < aMinute * (processing - input) ? [] : [work];
  const paced = pacedSource(seen, pace);
  if (paced !== null) return [paced];
  const waits = batch === null ? null : longPhase(seen, pace, batch);
  if (waits !== null) return [waits];
  return lag < aMinute * (processing - input) || behind < worthTelling.seconds ? [] : [otherwise(seen, pace)];
}

/** The one partition that nearly all of the lag is in. */
function where({ partitions, lag }: Seen['progress']): string {
  const [first] = partitions.toSorted((a, b) => b.lag - a.lag);
  return first === undefined || partitions.length === 1 || first.lag < lag * 0.9 ? '' : `, nearly all of them in ${first.topic}[${first.partition}]`;
}

/** Seconds after which a commit hangs: a broker that answers nothing at all has been noticed by then, and is told instead. */
const hanging = 6;

/** A commit that does not come to an end is seen in no batch yet. */
function commitThatHangs({ detail }: Seen): Finding | null {
  const tasks = detail.assigned.filter(({ committing_seconds: seconds = null }) => (seconds ?? 0) >= hanging).toSorted((a, b) => (b.committing_seconds ?? 0) - (a.committing_seconds ?? 0));
  const [longest] = tasks;
  if (longest === undefined) return null;
  const sinks = detail.nodes.filter(({ kind }) => kind === 'sink').map(({ name }) => name).join(', ');
  return { code: 'sink_slow', message: `Task ${longest.task} has been committing for ${longest.committing_seconds} s: the broker has not taken yet what ${sinks} write${tasks.length > 1 ? `; ${tasks.length} tasks wait so` : ''}.`, remedy: 'Look at the brokers of the topics that are written: whether they answer, load, disks, replicas that are behind; or at the network between.' };
}

/** What is waited for in each batch. */
function longPhase(seen: Seen, pace: string, batch: NonNullable<Seen['progress']['batch_mean_ms']>): Finding | null {
  const { prepare, write, commit, apply, total } = batch;
  if (total <= most.milliseconds) return null;
  if (write + commit > total * most.share) return slowSink(seen, pace, batch);
  if (prepare + apply <= total * most.share) return null;
  return { code: 'state_slow', message: `${pace}: state is what takes long. Of ${total} ms for a batch, ${Math.round(prepare + apply)} ms were for the disk of --state-dir.`, remedy: 'A faster disk, or less state.' };
}

/** The node that the time goes to, of this topology or of another on the same daemon. */
function busyWork(seen: Seen, pace: string): Finding | null {
  const node = busiest(seen);
  const { elsewhere } = seen.progress;
  if (node !== null && (elsewhere === null || elsewhere.busy * 100 <= node.percent)) return { code: node.kind === 'sink' ? 'sink_slow' : 'processing_slow', message: `${pace}: ${node.name} (${node.kind}) is what takes long; it works ${node.percent} % of the time${node.next === null ? '' : `, ${node.next}`}.`, remedy: node.remedy };
  if (elsewhere === null || elsewhere.busy < 0.5) return null;
  return { code: 'processing_slow', message: `${pace}: the thread of this daemon is busy with another topology: ${elsewhere.node} of ${elsewhere.topology} works ${Math.round(Math.min(1, elsewhere.busy) * 100)} % of the time.`, remedy: `Look at that node, or run ${elsewhere.topology} in a daemon of its own.` };
}

/** A source that reads as fast as its file allows, or waits for a trigger; a rate that is not reached is not what slows. */
function pacedSource({ detail, progress }: Seen, pace: string): Finding | null {
  const lagging = Math.max(1, progress.partitions.filter(({ lag }) => lag > 0).length);
  const paced = detail.nodes.flatMap(({ name, paced: by }) => (by === undefined || progress.processing_rate < 0.7 * lagging * (by.records ?? 0) ? [] : [{ name, by: by.by }]));
  if (paced.length === 0) return null;
  return { code: 'paced', message: `${pace}: ${paced.map(({ name, by }) => `source ${name} reads no faster by its file (${by})`).join('; ')}.`, remedy: 'Raise the rate_limit, or have the trigger come more often.' };
}

/** Where neither work nor writing takes long. */
function otherwise({ progress }: Seen, pace: string): Finding {
  const since = progress.seconds_since_checkpoint ?? 0;
  return { code: 'processing_slow', message: `${pace}: no node works much, and writing does not take long${since > 5 ? `; the last batch was committed ${since} s ago` : ''}.`, remedy: 'Look at the CPU of this machine and at millrace_event_loop_delay_seconds, or at how fast the broker gives records. More daemons help where there are partitions for them.' };
}
