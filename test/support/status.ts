import { noCounts } from '../../actors/accounting.ts';
import type { TopologyStatus } from '../../actors/status.ts';

/** The status of a topology that runs and has done nothing yet. */
export const idleStatus: TopologyStatus = {
  name: 'orders',
  state: 'running',
  failure: null,
  tasks: { assigned: 1, running: 1 },
  nodes: [
    { name: 'in', kind: 'source', counts: noCounts() },
    { name: 'out', kind: 'sink', counts: noCounts() }
  ],
  partitions: [],
  lag: 0,
  restores: [],
  tables: [],
  measured: { processing: [], latency: [], edges: [], stores: [], watermarks: [] },
  checkpoints: 0,
  lastCheckpoint: null
};
