import { showTime } from '../status-text.ts';
import type { Finding } from './findings.ts';
import type { Hold, Input } from './input-holds.ts';

/** Partitions that are named of one topic. */
const mostNamed = 6;

/** Findings of the inputs that hold event time back: those of one topic in one, what is furthest behind first. */
export function tellHolds(holds: readonly Hold[], now: number): Finding[] {
  const groups = new Map<string, Hold[]>();
  for (const hold of holds) {
    const key = `${hold.kind} ${hold.kind === 'idle' ? '' : hold.input.topic}`;
    const group = groups.get(key) ?? [];
    if (!group.some(({ input }) => input.topic === hold.input.topic && input.partition === hold.input.partition)) group.push(hold);
    groups.set(key, group);
  }
  return [...groups.values()].map((group) => group.toSorted((a, b) => furthest(b) - furthest(a))).toSorted((a, b) => furthest(b[0]) - furthest(a[0])).map((group) => tell(group, now));
}

/** What never said anything holds more than what is behind. */
function furthest(hold: Hold | undefined): number {
  return hold === undefined ? 0 : hold.kind === 'silent' ? Infinity : (hold.behind ?? 0);
}

function tell(group: readonly Hold[], now: number): Finding {
  const { kind, input } = group[0] as Hold;
  const at = `${places(group)} (source ${input.node})`;
  const quiet = Math.min(...group.map((hold) => hold.input.quiet_seconds));
  const times = group.flatMap((hold) => hold.input.watermark ?? []);
  const waits = waiting(group);
  if (kind === 'idle') return { code: 'source_quiet', message: `No record has come to ${places(group)} for ${quiet} s: all is idle, and event time ${times.length === 0 ? 'has not begun' : `stays at ${showTime(Math.max(...times))}`}${waits}.`, remedy: clockRemedy };
  if (kind === 'silent') return { code: 'input_silent', message: `${at} has said nothing of event time${lagOf(group, ': ', ' of its records are still to be read') || ': no record with an event time has come'}. It holds all back${waits}.`, remedy: idleRemedy(input) };
  const behind = group.flatMap((hold) => hold.behind ?? []);
  const distance = behind.length === 0 ? '' : `, ${distanceOf(Math.max(...behind))} behind the furthest input`;
  const stands = `event time at ${showTime(Math.min(...times))}${distance}`;
  if (kind === 'quiet') return { code: 'source_quiet', message: `${at} has had no record for ${quiet} s and holds ${stands}${waits}.`, remedy: behind.length === 0 ? clockRemedy : idleRemedy(input) };
  return { code: 'partition_behind', message: `${at} holds ${stands}${lagOf(group, '; ', ' of its records are still to be read')}${waits}.`, remedy: `Its records are older than those of the others${now - Math.min(...times) > 86_400_000 ? ', by more than a day' : ''}: wait, or look at its producer.` };
}

/** As `orders[0, 3] and late[1]`. */
function places(group: readonly Hold[]): string {
  const topics = new Map<string, number[]>();
  for (const { input: { topic, partition } } of group) topics.set(topic, [...(topics.get(topic) ?? []), partition]);
  return [...topics].map(([topic, partitions]) => {
    const more = partitions.length - mostNamed;
    return `${topic}[${(more > 0 ? partitions.slice(0, mostNamed) : partitions).join(', ')}]${more > 0 ? ` and ${more} more partitions` : ''}`;
  }).join(' and ');
}

function waiting(group: readonly Hold[]): string {
  const nodes = [...new Set(group.flatMap((hold) => hold.nodes))];
  return nodes.length === 0 ? '' : `; ${nodes.join(', ')} ${nodes.length === 1 ? 'waits' : 'wait'} for it`;
}

function lagOf(group: readonly Hold[], before: string, after: string): string {
  const lag = group.reduce((sum, { input }) => sum + input.lag, 0);
  return lag === 0 ? '' : `${before}${lag}${after}`;
}

const clockRemedy = 'It goes on with the next record. To let it go on with the clock: watermark: { idle: { after: 30s, advance: wall_clock } } at the source.';

function idleRemedy({ idle_after_seconds: after, node }: Input): string {
  return after === null ? `Set watermark: { idle: 30s } at source ${node}, so that a partition without records holds nobody back; or send records.` : `After ${after} s without records (idle: of source ${node}) it holds nobody back; until then wait, or send records.`;
}

/** Milliseconds of event time for people. */
export function distanceOf(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (milliseconds === Infinity) return 'infinitely far';
  if (seconds < 120) return `${Math.round(seconds * 10) / 10} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 360) / 10} h`;
}
