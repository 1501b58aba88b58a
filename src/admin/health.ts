import type { TopologyStatus } from '../../actors/status.ts';
import type { TableStatus } from '../../actors/table/table.ts';

/** An answer to a probe. */
export interface Health {
  readonly ok: boolean;
  readonly body: unknown;
}

/** A table as probes show it; without trouble where there is none. */
function showTable({ name, ready, rows, trouble }: TableStatus): unknown {
  return { name, ready, rows, ...(trouble === null ? {} : { trouble }) };
}

/** Ready: every topology runs or, as `available_now` does, has ended, with all the tasks assigned to it open. A broker that is away is not ready, but alive. */
export function readiness(topologies: readonly TopologyStatus[]): Health {
  const ok = topologies.every(({ state, tasks }) => state === 'stopped' || (state === 'running' && tasks.running === tasks.assigned));
  const body = {
    ready: ok,
    topologies: topologies.map(({ name, state, tasks, lag, failure, restores, tables }) => ({ name, state, tasks, lag, ...(restores.length === 0 ? {} : { restores }), ...(tables.length === 0 ? {} : { tables: tables.map(showTable) }), ...(failure === null ? {} : { failure }) }))
  };
  return { ok, body };
}
