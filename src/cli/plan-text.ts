import { showChange } from '../../actors/holds.ts';
import type { OffsetRow, StoreRow, Survey, TaskRow, TopicRow } from '../runtime/survey/model.ts';
import type { Plan } from '../topology/model.ts';
import type { Seen } from './plan.ts';
import { textTable } from './text-table.ts';

/** What is printed of a plan. */
export interface PlanShown {
  readonly plan: Plan;
  readonly found: Survey;
  readonly seen: Seen;
  readonly stateDir: string;
  /** Process that has the state directory. */
  readonly holder: number | null;
}

/** A plan for people: a table of all there is, then what stands in the way. */
export function planText(shown: PlanShown): string {
  const { plan, found, seen } = shown;
  const rows = [
    ...found.tasks.map((row) => ['tasks', row.name, row.fate, taskRemark(row)]),
    ...found.stores.map((row) => ['store', row.name, row.fate, [storeRemark(row, plan), row.bound === null ? '' : `keeps ${row.bound}`].filter((part) => part !== '').join('; ')]),
    ...found.tables.map(({ name, source }) => ['table', name, '', `${source}, whole on each daemon`]),
    ...found.topics.map((row) => ['topic', row.topic, row.fate, topicRemark(row)]),
    ...found.offsets.map((row) => ['offsets', row.topic, offsetWord(row), offsetRemark(row)]),
    ...found.restores.map(({ task, store, offsets }) => ['restore', task, store, `${offsets.toLocaleString('en-US')} changelog offsets to read, if it starts here`])
  ];
  return `${head(shown)}${textTable([['', 'name', '', ''], ...rows], [])}${ending(found, seen)}`;
}

function head({ plan, seen, stateDir, holder }: PlanShown): string {
  const away = seen.away === null ? [] : [`The broker is away (${seen.away}): topics, offsets, changelogs and who runs are not known.`];
  const running = seen.members.length === 0 ? [] : [`It runs now: ${seen.members.map(({ client, host }) => `${client} on ${host}`).join(', ')}.`];
  const used = holder === null ? [] : [`${stateDir} is in use by pid ${holder}.`];
  return [`${plan.name}, group ${plan.group}, state in ${stateDir}`, ...away, ...running, ...used, ''].join('\n');
}

function taskRemark({ tasks, reads, fate, before }: TaskRow): string {
  const count = tasks === null ? '' : `${tasks} ${tasks === 1 ? 'task' : 'tasks'}, `;
  const was = before.length === 0 ? '' : fate === 'split' ? `; a part of what was ${before.join(', ')}` : `; was ${before.join(', ')}`;
  return `${count}reads ${reads.join(', ') || 'nothing yet'}${was}`;
}

function storeRemark({ fate, changes, here, changelog }: StoreRow, { state }: Plan): string {
  const places = [here.length > 0 ? `here: ${here.join(', ')}` : '', changelog === null ? '' : `changelog ${changelog}`].filter((place) => place !== '').join('; ');
  switch (fate) {
    case 'incompatible':
      return `${changes.map(showChange).join('; ')} (${places})`;
    case 'orphaned':
      return `${places}; no node has this name any more, it is left alone`;
    case 'new':
      return here.length > 0 ? `begins empty: what is here belongs to tasks of another name (${here.join(', ')})` : state.changelog ? 'begins empty' : 'begins empty, or is on another machine: changelog: off';
    case 'kept':
    case 'rebuilt':
      return places;
  }
}

function topicRemark({ use, fate, partitions }: TopicRow): string {
  return fate === 'missing' ? use : `${use}, ${partitions} ${partitions === 1 ? 'partition' : 'partitions'}`;
}

function offsetWord({ partitions }: OffsetRow): string {
  const words = (['foreign', 'out_of_range', 'committed', 'none'] as const).filter((state) => partitions[state] > 0);
  return words[0] ?? 'none';
}

function offsetRemark({ partitions: { committed, none, foreign, out_of_range: outside }, lag }: OffsetRow): string {
  const parts = [
    committed > 0 ? `${committed} committed, lag ${lag.toLocaleString('en-US')}` : '',
    none > 0 ? `${none} without: start: decides` : '',
    foreign > 0 ? `${foreign} by another program` : '',
    outside > 0 ? `${outside} not in the log` : ''
  ];
  return parts.filter((part) => part !== '').join('; ');
}

function ending({ refusals }: Survey, { away }: Seen): string {
  if (refusals.length === 0) return away === null ? '\nA start would go on.\n' : '\nNothing that is known here stands in the way of a start.\n';
  const lines = [...new Map(refusals.map((refusal) => [`${refusal.code}: ${refusal.message}`, refusal.remedy]))].map(([text, remedy]) => `  ${text}\n    ${remedy}\n`);
  return `\nA start would be refused:\n${lines.join('')}`;
}
