import type { RuntimeEvents } from '../../actors/events.ts';

const nothing = (): void => undefined;

/** A case looks at what comes out, and not at the log. */
export const quietEvents: RuntimeEvents = {
  topologyChanged: nothing,
  connectionChanged: nothing,
  assigned: nothing,
  taskOpened: nothing,
  taskRetried: nothing,
  recordsFailed: nothing,
  topicsCreated: nothing,
  checkpointed: nothing,
  reloaded: nothing,
  reloadRefused: nothing,
  restoring: nothing,
  stateAside: nothing,
  alertChanged: nothing,
  alertTold: nothing,
  alertBroken: nothing,
  stateDirectoryQuarantined: nothing,
  tableTrouble: nothing,
  tableLoaded: nothing,
  tableSkipped: nothing,
  stateDirectoryNotWritten: nothing
};
