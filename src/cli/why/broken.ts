import type { Seen } from '../status-text.ts';
import type { Finding } from './findings.ts';

/** What does not run at all. */
export function broken({ detail }: Seen): Finding[] {
  const { name, state, failure, paused, assigned, restores, tables, tasks } = detail;
  const found: Finding[] = [];
  if (state === 'failed' || state === 'failing') found.push({ code: 'failed', message: `${name} has failed: ${failure?.code ?? ''}: ${failure?.message ?? ''}`, remedy: failure?.remedy ?? '' });
  if (state === 'waiting' || (state === 'starting' && failure !== null)) found.push({ code: 'broker_away', message: `${name} waits: ${failure?.message ?? 'the broker does not answer'}`, remedy: failure?.remedy ?? '' });
  if (paused) found.push({ code: 'paused', message: `${name} was paused: it reads nothing until it is resumed.`, remedy: `Resume it: POST /v1/topologies/${name}/resume` });
  for (const { task, trouble } of assigned) if (trouble !== null) found.push({ code: 'task_fails', message: `Task ${task} does not run: ${trouble.code}: ${trouble.message}`, remedy: trouble.remedy });
  for (const { task, done, total, seconds_left: left } of restores) found.push({ code: 'restoring', message: `Task ${task} reads its state back: ${done} of ${total} changelog offsets${left === null ? '' : `, about ${left} s left`}.`, remedy: 'It begins when that is done.' });
  for (const table of tables) if (!table.ready) found.push({ code: 'table_waits', message: `Table ${table.name} is not read yet${table.trouble === null ? '' : `: ${table.trouble}`}; no task begins before.`, remedy: 'Check what the table is read from.' });
  if (state === 'running' && tasks.assigned === 0) found.push({ code: 'no_tasks', message: `${name} has no task on this daemon: other members of its group have them all.`, remedy: 'Ask their daemons: millrace why with --url.' });
  return found;
}
