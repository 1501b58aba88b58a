import type { Seen } from '../status-text.ts';
import type { Finding } from './findings.ts';

type Trouble = NonNullable<Seen['detail']['failure']>;

/** What does not run at all. */
export function broken(seen: Seen): Finding[] {
  const { name, paused, restores, tables } = seen.detail;
  const found = [...life(seen)];
  if (paused) found.push({ code: 'paused', message: `${name} was paused: it reads nothing until it is resumed.`, remedy: `Resume it: POST /v1/topologies/${name}/resume` });
  for (const table of tables) if (!table.ready) found.push({ code: 'table_waits', message: `Table ${table.name} is not read yet${table.trouble === null ? '' : `: ${table.trouble}`}; no task begins before.`, remedy: 'Check what the table is read from.' });
  for (const { task, done, total, seconds_left: left } of restores) found.push({ code: 'restoring', message: `Task ${task} reads its state back: ${done} of ${total} changelog offsets${left === null ? '' : `, about ${left} s left`}.`, remedy: 'It begins when that is done.' });
  found.push(...tasks(seen, found.length > 0));
  return found;
}

/** Where the topology as a whole is. */
function life({ detail: { name, state, failure, tasks: { assigned } }, progress: { state_seconds: seconds } }: Seen): Finding[] {
  if (state === 'failed' || state === 'failing') return [{ code: 'failed', message: `${name} has failed${told(failure)}`, remedy: failure?.remedy ?? '' }];
  if (state === 'stopping' || state === 'stopped') return [{ code: 'stopped', message: `${name} was stopped on purpose, by a drain or a signal.`, remedy: 'To run it again, start its daemon again.' }];
  if (state === 'waiting' || (state === 'starting' && failure !== null)) {
    const registry = failure?.code === 'registry_unavailable';
    return [{ code: registry ? 'registry_away' : 'broker_away', message: `${name} has waited for the ${registry ? 'schema registry' : 'broker'} for ${Math.round(seconds)} s${told(failure)}`, remedy: failure?.remedy ?? '' }];
  }
  if (state !== 'running') return [{ code: 'starting', message: `${name} is starting: it has not joined its group yet, for ${Math.round(seconds)} s.`, remedy: 'Look at the log where that takes longer than a minute.' }];
  return assigned > 0 ? [] : [{ code: 'no_tasks', message: `${name} has no task on this daemon: other members of its group have them all.`, remedy: 'Ask their daemons: millrace why with --url.' }];
}

/** Tasks that are assigned and do not run; those with the same trouble together. */
function tasks({ detail: { assigned } }: Seen, known: boolean): Finding[] {
  const troubled = new Map<string, { readonly trouble: Trouble; readonly tasks: string[] }>();
  for (const { task, trouble } of assigned) {
    if (trouble === null) continue;
    const key = `${trouble.code} ${trouble.message}`;
    const others = troubled.get(key) ?? { trouble, tasks: [] };
    others.tasks.push(task);
    troubled.set(key, others);
  }
  const found = [...troubled.values()].map(({ trouble, tasks: names }): Finding => ({ code: 'task_fails', message: `${named(names)} not run${told(trouble)}`, remedy: `${trouble.remedy} It is tried again by itself, every 10 s at most.` }));
  const opening = assigned.filter(({ running, trouble }) => !running && trouble === null).map(({ task }) => task);
  if (opening.length > 0 && !known) found.push({ code: 'starting', message: `${named(opening)} not run yet: ${opening.length === 1 ? 'it is' : 'they are'} being opened.`, remedy: 'Look at the log where that takes longer than a minute.' });
  return found;
}

function named(names: readonly string[]): string {
  return names.length === 1 ? `Task ${names[0]} does` : `Tasks ${names.join(', ')} do`;
}

function told(failure: Trouble | null): string {
  return failure === null ? '.' : `: ${failure.code}: ${failure.message}`;
}
