import type { z } from 'zod';
import type { alertsAnswer, progressAnswer, topologyDetail, watermarksAnswer } from '../admin/answers.ts';
import { textTable } from './text-table.ts';

type Alert = z.infer<typeof alertsAnswer>['alerts'][number];

/** What the API tells of one topology. */
export interface Seen {
  readonly detail: z.infer<typeof topologyDetail>;
  readonly progress: z.infer<typeof progressAnswer>;
  readonly watermarks: z.infer<typeof watermarksAnswer>;
  readonly alerts?: readonly Alert[];
}

/** A topology for people. */
export function showStatus({ detail, progress, watermarks, alerts = [] }: Seen): string {
  const { name, state, paused, tasks, failure, nodes, tables, restores } = detail;
  const batch = progress.batch_ms === null ? 'none yet' : `${progress.batch_ms.total} ms (state ${progress.batch_ms.prepare}, write ${progress.batch_ms.write}, commit ${progress.batch_ms.commit}), ${progress.seconds_since_checkpoint ?? 0} s ago`;
  const lines = [
    `${name}: ${state}${paused ? ', paused' : ''}; ${tasks.running} of ${tasks.assigned} tasks run`,
    ...(failure === null ? [] : [`  ${failure.code}: ${failure.message}`, `  ${failure.remedy}`]),
    ...alerts.filter(({ state }) => state !== 'quiet').map(showAlert),
    `  in ${count(progress.input_rate)}/s  processed ${count(progress.processing_rate)}/s  lag ${count(progress.lag)}  last batch ${batch}`,
    ...restores.map(({ task, done, total, seconds_left: left }) => `  ${task}: state is restored, ${count(done)} of ${count(total)}${left === null ? '' : `, ${left} s left`}`),
    ...tables.map(({ name: table, rows, trouble }) => `  table ${table}: ${count(rows)} rows${trouble === null ? '' : `, not up to date: ${trouble}`}`),
    ...watermarks.tasks.filter(({ timed }) => timed).map(({ task, watermark }) => `  ${task}: event time is complete up to ${showTime(watermark)}`)
  ];
  return `${lines.join('\n')}\n${indent(nodeTable(nodes))}${indent(partitionTable(progress))}`;
}

function showAlert({ name, state, when, since, values }: Alert): string {
  const read = Object.entries(values).map(([variable, value]) => `${variable} ${value === null ? 'beyond all numbers' : count(value)}`);
  return `  alert ${name} ${state === 'firing' ? 'fires' : 'is pending'} since ${showTime(since)}: ${when} (${read.join(', ')})`;
}

function nodeTable(nodes: Seen['detail']['nodes']): string {
  const rows = nodes.map(({ name, kind, counts }) => [name, kind, ...(['received', 'forwarded', 'filtered', 'deduped', 'late', 'dead_lettered', 'skipped', 'absorbed'] as const).map((fate) => count((counts as Record<string, number>)[fate] ?? 0))]);
  return textTable([['node', 'kind', 'received', 'forwarded', 'filtered', 'deduped', 'late', 'dead letters', 'skipped', 'absorbed'], ...rows], [2, 3, 4, 5, 6, 7, 8, 9]);
}

function partitionTable({ partitions }: Seen['progress']): string {
  const rows = partitions.map(({ topic, partition, position, end, lag, processing_rate: rate }) => [topic, ...[partition, position, end, lag, rate].map(count)]);
  return textTable([['topic', 'partition', 'position', 'end', 'lag', 'per second'], ...rows], [1, 2, 3, 4, 5]);
}

/** A number with thousands apart. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** A time as ISO 8601; null for none yet. */
export function showTime(time: number | null): string {
  return time === null ? 'nothing yet' : Math.abs(time) <= 8.64e15 ? new Date(time).toISOString() : String(time);
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ');
}
