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
  const waiting = tasks.flatMap((task) => waitsFor(task));
  const feeding = new Set(tasks.flatMap(({ nodes }) => nodes.flatMap(({ upstream }) => upstream.map(({ task }) => task))));
  const byTask = new Map(tasks.map((task) => [task.task, task]));
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
  return [...tellUpstream(unexplained), ...tellHolds(holds, now)];
}

/** The tasks upstream that hold a task's nodes back, against all that these nodes hear of. */
function waitsFor({ task, inputs, nodes }: Task): Waiting[] {
  const direct = inputs.flatMap(({ internal, idle, watermark }) => (internal || idle ? [] : [watermark]));
  return nodes.flatMap(({ node, upstream }) => {
    const highest = Math.max(...[...direct, ...upstream.map(({ watermark }) => watermark)].map((watermark) => watermark ?? -Infinity));
    return upstream.flatMap((before): Waiting[] => {
      const behind = highest === -Infinity ? Infinity : highest - (before.watermark ?? -Infinity);
      return before.idle || behind < worthTelling ? [] : [{ task, node, upstream: before, behind }];
    });
  });
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
