import type { Seen } from '../status-text.ts';
import type { Finding } from './findings.ts';
import { tellHolds } from './hold-text.ts';
import { inputHolds, worthTelling } from './input-holds.ts';
import type { Hold, Task } from './input-holds.ts';
import { tellUpstream } from './upstream-text.ts';
import type { Waiting } from './upstream-text.ts';

/** What holds event time back, and windows and joins with it: the inputs of the tasks themselves, and the tasks before a repartition topic. */
export function heldBack({ watermarks }: Seen, now: number): Finding[] {
  const tasks = watermarks.tasks.filter(({ timed }) => timed);
  const byTask = new Map(tasks.map((task) => [task.task, task]));
  const waiting = tasks.flatMap((task) => waitsFor(task, byTask));
  const feeding = new Set(tasks.flatMap(({ nodes }) => nodes.flatMap(({ upstream }) => upstream.map(({ task }) => task))));
  const holds: Hold[] = [];
  const unexplained: Waiting[] = [];
  for (const each of waiting) {
    const before = byTask.get(each.upstream.task);
    const reasons = before === undefined || each.upstream.here !== 'runs' ? [] : inputHolds(before, { node: each.node, behind: each.behind });
    if (reasons.length > 0) holds.push(...reasons);
    // Of one in the middle, what it waits for in turn is told.
    else if (before === undefined || !waiting.some(({ task }) => task === before.task)) unexplained.push(each);
  }
  for (const task of tasks) holds.push(...ownHolds(task, tasks, feeding, waiting.length > 0));
  return [...tellUpstream(unexplained, watermarks.topology), ...tellHolds(holds, now)];
}

/** The tasks upstream that hold a task's nodes back, against all that these nodes hear of. */
function waitsFor({ task, inputs, nodes }: Task, byTask: ReadonlyMap<string, Task>): Waiting[] {
  const direct = inputs.flatMap(({ internal, idle, watermark }) => (internal || idle ? [] : [watermark]));
  return nodes.flatMap(({ node, upstream }) => {
    const stands = upstream.map((before) => ({ before, watermark: standOf(before, byTask.get(before.task)) }));
    const highest = Math.max(...[...direct, ...stands.map(({ watermark }) => watermark)].map((watermark) => watermark ?? -Infinity));
    return stands.flatMap(({ before, watermark }): Waiting[] => {
      const behind = highest === -Infinity ? Infinity : highest - (watermark ?? -Infinity);
      // What is on another daemon is heard of with what it writes, a second late or two.
      return before.idle || behind < (before.here === 'elsewhere' ? 3 : 1) * worthTelling ? [] : [{ task, node, upstream: { ...before, watermark }, behind }];
    });
  });
}

/** How far a task upstream is: by its own inputs where it runs here, which is newer than what was heard from it. */
function standOf({ here, watermark }: Waiting['upstream'], task: Task | undefined): number | null {
  const own = (task?.inputs ?? []).filter(({ internal, idle }) => !internal && !idle);
  if (here !== 'runs' || own.length === 0) return watermark;
  const lowest = own.reduce<number | null>((least, input) => (least === null || input.watermark === null ? null : Math.min(least, input.watermark)), Infinity);
  return lowest === null ? null : Math.max(lowest, watermark ?? -Infinity);
}

/** What holds a task by its own inputs. Of those that feed another the readers know best which of them hold; one whose only partition says nothing holds nobody else. */
function ownHolds(task: Task, tasks: readonly Task[], feeding: ReadonlySet<string>, othersWait: boolean): Hold[] {
  const holds = inputHolds(task, null);
  const feeds = feeding.has(task.task);
  return holds.filter(({ kind, compared }) => {
    if (compared) return true;
    if (feeds) return kind !== 'silent' && !othersWait && siblings(task, tasks).every((other) => inputHolds(other, null).some((hold) => hold.kind === kind));
    return kind !== 'silent' || task.nodes.some(({ upstream }) => upstream.length > 0) || siblings(task, tasks).every((other) => inputHolds(other, null).some((hold) => hold.kind === 'silent'));
  });
}

function siblings({ sub_topology: sub }: Task, tasks: readonly Task[]): Task[] {
  return tasks.filter((other) => other.sub_topology === sub);
}
