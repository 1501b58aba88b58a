import { showTime } from '../status-text.ts';
import type { Seen } from '../status-text.ts';
import type { Finding } from './findings.ts';

type Task = Seen['watermarks']['tasks'][number];
type Input = Task['inputs'][number];
type Upstream = Task['nodes'][number]['upstream'][number];

/** How far behind the others an input has to be to be worth a word, in milliseconds of event time. */
const worthTelling = 1000;

/** What holds event time back, and windows and joins with it. */
export function heldBack({ watermarks, detail }: Seen, now: number): Finding[] {
  const found: Finding[] = [];
  // Of one that does not run, or is held, the reason is known already.
  if (detail.state !== 'running' || detail.paused) return found;
  for (const task of watermarks.tasks) {
    if (!task.timed) continue;
    found.push(...byInputs(task, now));
    for (const { node, upstream } of task.nodes) found.push(...byUpstream(task, node, upstream, watermarks.tasks));
  }
  return unique(found);
}

function byInputs({ task, inputs }: Task, now: number): Finding[] {
  const counting = inputs.filter(({ internal, idle }) => !internal && !idle);
  const highest = Math.max(...inputs.map(({ watermark }) => watermark ?? -Infinity));
  if (counting.length === 0) return allIdle(task, inputs);
  const lowest = counting.reduce((low, input) => ((input.watermark ?? -Infinity) < (low.watermark ?? -Infinity) ? input : low));
  const alone = inputs.filter(({ internal }) => !internal).length === 1;
  const at = `${lowest.topic}[${lowest.partition}] (source ${lowest.node})`;
  if (lowest.watermark === null) return highest === -Infinity && !alone ? counting.map((input) => silent(task, input)) : [silent(task, lowest)];
  const standsStill = lowest.lag === 0 && lowest.quiet_seconds > 1;
  const behind = alone ? '' : `, ${seconds(highest - lowest.watermark)} behind the furthest input`;
  if (!alone && highest - lowest.watermark < worthTelling) return [];
  if (standsStill) return [{ code: 'source_quiet', message: `${task}: ${at} has had no record for ${lowest.quiet_seconds} s and holds event time at ${showTime(lowest.watermark)}${behind}.`, remedy: alone ? clockRemedy : idleRemedy(lowest) }];
  if (alone) return [];
  return [{ code: 'partition_behind', message: `${task}: ${at} holds event time at ${showTime(lowest.watermark)}${behind}${lowest.lag > 0 ? `; ${lowest.lag} of its records are still to be read` : ''}.`, remedy: `Its records are older than those of the others${now - lowest.watermark > 86_400_000 ? ', by more than a day' : ''}: wait, or look at its producer.` }];
}

/** With nobody to go by, event time stays. */
function allIdle(task: string, inputs: readonly Input[]): Finding[] {
  const own = inputs.filter(({ internal }) => !internal);
  const [first] = own;
  if (first === undefined) return [];
  const times = own.flatMap(({ watermark }) => watermark ?? []);
  const at = times.length === 0 ? 'has not begun' : `stays at ${showTime(Math.max(...times))}`;
  return [{ code: 'source_quiet', message: `${task}: no record has come to ${own.map(({ topic, partition }) => `${topic}[${partition}]`).join(', ')} for ${Math.min(...own.map(({ quiet_seconds: quiet }) => quiet))} s: all is idle, and event time ${at}.`, remedy: clockRemedy }];
}

const clockRemedy = 'It goes on with the next record. To let it go on with the clock: watermark: { idle: { after: 30s, advance: wall_clock } } at the source.';

/** An input from which nothing with an event time ever came: the missing side of a join. */
function silent(task: string, input: Input): Finding {
  const { topic, partition, node, lag } = input;
  const why = lag > 0 ? `${lag} of its records are still to be read` : 'it has no record with an event time yet';
  return { code: 'input_silent', message: `${task}: input ${node} has said nothing of event time: ${topic}[${partition}] holds all back, for ${why}.`, remedy: idleRemedy(input) };
}

function idleRemedy({ idle_after_seconds: after, node }: Input): string {
  return after === null ? `Set idle: 30s at source ${node}, so that a partition without records holds nobody back; or send records.` : `After ${after} s without records (idle: of source ${node}) it holds nobody back.`;
}

function byUpstream({ task }: Task, node: string, upstream: readonly Upstream[], tasks: readonly Task[]): Finding[] {
  const counting = upstream.filter(({ idle }) => !idle);
  const highest = Math.max(...upstream.map(({ watermark }) => watermark ?? -Infinity));
  return counting.flatMap((before): Finding[] => {
    const { task: name, watermark, here, heard } = before;
    const behind = highest - (watermark ?? -Infinity);
    if (behind < worthTelling || highest === -Infinity) return [];
    const at = heard && watermark !== null ? `at ${showTime(watermark)}, ${seconds(behind)} behind the furthest` : 'nowhere: nothing was heard from it yet';
    if (here !== 'runs') {
      const where = here === 'does not run' ? 'is assigned to this daemon and does not run' : 'does not run on this daemon';
      return [{ code: 'upstream_gone', message: `${task}: ${node} waits for task ${name}, which ${where}; it stands ${at}.`, remedy: here === 'elsewhere' ? `Look at the daemon that has it: millrace why with --url. Where no daemon has, start one.` : 'See what is said of that task.' }];
    }
    // What holds that task back is told at its own inputs.
    return tasks.some((other) => other.task === name && byInputs(other, 0).length > 0) ? [] : [{ code: 'upstream_behind', message: `${task}: ${node} waits for task ${name}, which stands ${at}.`, remedy: 'Its partition has older records than the others, or none.' }];
  });
}

function seconds(milliseconds: number): string {
  return milliseconds === Infinity ? 'without a time yet' : `${Math.round(milliseconds / 100) / 10} s`;
}

function unique(found: readonly Finding[]): Finding[] {
  const told = new Set<string>();
  return found.filter(({ message }) => !told.has(message) && told.add(message));
}
