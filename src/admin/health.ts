import type { TopologyStatus } from '../../actors/status.ts';

/** An answer to a probe. */
export interface Health {
  readonly ok: boolean;
  readonly body: unknown;
}

/** Ready: every topology runs or, as `available_now` does, has ended, with all the tasks assigned to it open. A broker that is away is not ready, but alive. */
export function readiness(topologies: readonly TopologyStatus[]): Health {
  const ok = topologies.every(({ state, tasks }) => state === 'stopped' || (state === 'running' && tasks.running === tasks.assigned));
  const body = {
    ready: ok,
    topologies: topologies.map(({ name, state, tasks, lag, failure, restores }) => ({ name, state, tasks, lag, ...(restores.length === 0 ? {} : { restores }), ...(failure === null ? {} : { failure }) }))
  };
  return { ok, body };
}
