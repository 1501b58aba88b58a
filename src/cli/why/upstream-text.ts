import { showTime } from '../status-text.ts';
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
export function tellUpstream(waiting: readonly Waiting[]): Finding[] {
  const byName = new Map<string, Waiting>();
  for (const each of waiting) if ((byName.get(each.upstream.task)?.behind ?? -1) < each.behind) byName.set(each.upstream.task, each);
  return [...byName.values()].toSorted((a, b) => b.behind - a.behind).map(tell);
}

function tell({ node, behind, upstream: { task, here, heard, watermark } }: Waiting): Finding {
  const at = heard && watermark !== null ? `it stands at ${showTime(watermark)}${behind === Infinity ? '' : `, ${distanceOf(behind)} behind the furthest`}` : 'nothing was heard from it yet';
  if (here === 'runs') return { code: 'upstream_behind', message: `${node} waits for task ${task}, which runs here: ${at}.`, remedy: 'Its partition has older records than the others, or none.' };
  if (here === 'does not run') return { code: 'upstream_gone', message: `${node} waits for task ${task}, which is assigned to this daemon and does not run: ${at}.`, remedy: 'See what is said of that task.' };
  return {
    code: 'upstream_gone',
    message: `${node} waits for task ${task}, which is not on this daemon: ${at}.`,
    remedy: `Ask the daemon that has it: millrace why --url. If that one hangs, end it: its tasks come to the others after its session timeout. If none has it, start one.`
  };
}
