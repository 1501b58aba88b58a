import { showTime } from '../status-text.ts';
import type { Seen } from '../status-text.ts';
import type { Finding } from './findings.ts';
import { distanceOf } from './hold-text.ts';
import type { Task } from './input-holds.ts';

/** A node behind a repartition topic that waits for a task in front of it. */
export interface Waiting {
  readonly task: string;
  readonly node: string;
  readonly upstream: Task['nodes'][number]['upstream'][number];
  /** How far that one is behind the furthest, in milliseconds of event time; Infinity where nothing was heard from it. */
  readonly behind: number;
}

/** Findings of tasks that are waited for; each once, however many wait for it. */
export function tellUpstream(waiting: readonly Waiting[], topology: string): Finding[] {
  const byName = new Map<string, Waiting>();
  for (const each of waiting) if ((byName.get(each.upstream.task)?.behind ?? -1) < each.behind) byName.set(each.upstream.task, each);
  return [...byName.values()].toSorted((a, b) => b.behind - a.behind).map((each) => tell(each, topology));
}

function tell({ node, behind, upstream }: Waiting, topology: string): Finding {
  const { task, here, heard, watermark } = upstream;
  const at = heard && watermark !== null ? `it stands at ${showTime(watermark)}${behind === Infinity ? '' : `, ${distanceOf(behind)} behind the furthest`}` : 'nothing was heard from it yet';
  if (here === 'runs') return { code: 'upstream_behind', message: `${node} waits for task ${task}, which runs here: ${at}.`, remedy: 'Its partition has older records than the others, or none.' };
  if (here === 'does not run') return { code: 'upstream_gone', message: `${node} waits for task ${task}, which is assigned to this daemon and does not run: ${at}.`, remedy: 'See what is said of that task.' };
  const { where, remedy } = elsewhere(upstream, topology);
  return { code: 'upstream_gone', message: `${node} waits for task ${task}, which ${where}: ${at}.`, remedy };
}

/** Where all that this daemon has lies behind repartition topics, and nothing comes through them: whether that is for want of records, the tasks before them know. Null where it has sources of its own. */
export function tellNothingComes({ watermarks: { topology, tasks } }: Seen): Finding | null {
  const inputs = tasks.flatMap((task) => task.inputs);
  if (inputs.length === 0 || inputs.some(({ internal }) => !internal)) return null;
  const before = new Map(tasks.flatMap(({ nodes }) => nodes.flatMap(({ upstream }) => upstream.filter(({ here }) => here === 'elsewhere').map((each) => [each.task, elsewhere(each, topology)] as const))));
  const [first] = before.values();
  if (first === undefined) return null;
  const quiet = Math.min(...inputs.map(({ quiet_seconds: seconds }) => seconds));
  return {
    code: 'no_input',
    message: `${topology} reads no source on this daemon, and from the tasks that do nothing has come for ${Math.round(quiet)} s: ${[...before].map(([task, { where }]) => `task ${task}, which ${where}`).join('; ')}.`,
    remedy: first.remedy
  };
}

const ending = 'If that daemon hangs, end it: its tasks come to the others after its session timeout.';

/** Who has a task that is not on this daemon, as far as the group told. */
function elsewhere({ daemon, member }: Waiting['upstream'], topology: string): { readonly where: string; readonly remedy: string } {
  if (typeof daemon === 'string') return { where: `runs at ${daemon}`, remedy: `Ask there: ${asking(topology, daemon)}. ${ending}` };
  if (typeof member === 'string') return { where: `member ${member} of the group has, on another daemon`, remedy: `Ask that daemon: millrace why ${topology} --url. It does not say where it serves HTTP: see --http and --http-advertise. ${ending}` };
  if (member === null) return { where: 'no member of the group has', remedy: 'The group gives it to a daemon when it deals out its tasks anew, within ten seconds. Where it does not, its partition may be gone from its topic.' };
  return { where: 'is not on this daemon', remedy: `Ask the daemon that has it: millrace why ${topology} --url. ${ending} If none has it, start one.` };
}

/** A command to copy. Whoever may join the group wrote the address: what a shell could take for more than a word is left out. */
function asking(topology: string, daemon: string): string {
  return `millrace why ${topology} --url${/^[\w.:/[\]~-]+$/.test(daemon) ? ` ${daemon}` : ''}`;
}
