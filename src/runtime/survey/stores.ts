import { compareHolds, incompatible } from '../../../actors/holds.ts';
import type { Holds, HoldsChange } from '../../../actors/holds.ts';
import type { Plan, SubTopology } from '../../topology/model.ts';
import { holdsOf } from '../open-state.ts';
import type { BrokerView, LocalTask, LocalView, StoreRow } from './model.ts';

/** The stores of the plan, and those that are left over, with what this machine and the changelogs have of each. */
export function storeRows(plan: Plan, view: BrokerView | null, local: LocalView, attempt: (check: () => void) => void): StoreRow[] {
  const rows = plan.subTopologies.flatMap((sub) => [...holdsOf(plan, sub)].map(([name, holds]) => rowOf(name, holds, boundOf(plan, name), { sub, view, local, attempt })));
  const known = new Set(rows.map(({ name }) => name));
  const changelogs = orphanedLogs(plan, view);
  const left = new Set([...local.tasks.flatMap(({ stores }) => stores.map(({ name }) => name)), ...changelogs.keys()].filter((name) => !known.has(name)));
  return [...rows, ...[...left].sort().map((name): StoreRow => ({ name, fate: 'orphaned', changes: [], here: hereOf(name, local.tasks), changelog: changelogs.get(name) ?? null, bound: null }))];
}

function rowOf(name: string, holds: Holds, bound: string | null, { sub, view, local: { tasks }, attempt }: Beside): StoreRow {
  const logs = view?.logs.filter(({ store, start, end }) => store === name && end > start) ?? [];
  const own = tasks.filter(({ task, stores }) => task.replace(/-\d+$/, '') === sub.name && stores.some((store) => store.name === name));
  const found: { readonly place: string; readonly holds: Holds }[] = [
    ...own.map(({ task, stores }) => ({ place: `task ${task}, on this machine,`, holds: stores.find((store) => store.name === name)?.holds ?? {} })),
    ...logs.flatMap(({ mark, topic, partition }) => (mark === 'empty' || mark.holds === null ? [] : [{ place: `task ${sub.name}-${partition}, in its changelog ${topic}[${partition}],`, holds: mark.holds }]))
  ];
  const wrong = found.map(({ place, holds: before }) => ({ place, changes: compareHolds(before, holds) })).find(({ changes }) => changes.length > 0);
  const row = { name, bound, changes: wrong?.changes ?? noChanges, here: hereOf(name, tasks), changelog: logs[0]?.topic ?? null };
  if (wrong !== undefined) {
    attempt(() => { throw incompatible(name, wrong.place, wrong.changes); });
    return { ...row, fate: 'incompatible' };
  }
  if (own.length > 0) return { ...row, fate: 'kept' };
  return { ...row, fate: logs.length > 0 ? 'rebuilt' : 'new' };
}

/** What a store of the plan is held against. */
interface Beside {
  readonly sub: SubTopology;
  readonly view: BrokerView | null;
  readonly local: LocalView;
  readonly attempt: (check: () => void) => void;
}

function boundOf({ nodes }: Plan, name: string): string | null {
  const node = nodes.find((each) => each.name === name);
  return node?.kind === 'transform' ? node.bound : null;
}

const noChanges: readonly HoldsChange[] = [];

/** All tasks here that have a store, under names of before too. */
function hereOf(name: string, tasks: readonly LocalTask[]): string[] {
  return tasks.filter(({ stores }) => stores.some((store) => store.name === name)).map(({ task }) => task);
}

/** Changelogs of nodes that are not in the plan, by node. */
function orphanedLogs({ group, internalTopics }: Plan, view: BrokerView | null): Map<string, string> {
  const own = new Set(internalTopics.map(({ topic }) => topic));
  const left = [...(view?.topics.keys() ?? [])].filter((topic) => topic.startsWith(`${group}-`) && topic.endsWith('-changelog') && !own.has(topic) && !topic.slice(group.length + 1, -'-changelog'.length).includes('-'));
  return new Map(left.map((topic) => [topic.slice(group.length + 1, -'-changelog'.length), topic]));
}
