import assert from 'node:assert/strict';
import { it } from 'node:test';
import { showStatus } from '../../src/cli/status-text.ts';
import type { Seen } from '../../src/cli/status-text.ts';

const seen: Seen = {
  detail: { name: 'orders', state: 'running', paused: false, tasks: { assigned: 1, running: 1 }, lag: 5, failure: null, assigned: [], nodes: [], tables: [], restores: [], checkpoints: 0, last_checkpoint: null } as unknown as Seen['detail'],
  progress: { topology: 'orders', window_seconds: 10, input_rate: 1, processing_rate: 1, batch_ms: null, seconds_since_checkpoint: null, lag: 5, partitions: [] } as unknown as Seen['progress'],
  watermarks: { topology: 'orders', tasks: [] }
};

it('status has a line for each alert that fires or is pending, and none for others', () => {
  const alert = { when: 'lag_records > 1 && up == 1', for_seconds: 60, broken: false, values: { lag_records: 12_000, up: 1 } };
  const text = showStatus({ ...seen, alerts: [{ ...alert, name: 'one', state: 'firing', since: 0 }, { ...alert, name: 'two', state: 'pending', since: 1000, values: { lag_seconds: null } }, { ...alert, name: 'three', state: 'quiet', since: null }] });
  const lines = text.split('\n').filter((line) => line.includes('alert'));
  assert.deepEqual(lines, [
    '  alert one fires since 1970-01-01T00:00:00.000Z: lag_records > 1 && up == 1 (lag_records 12,000, up 1)',
    '  alert two is pending since 1970-01-01T00:00:01.000Z: lag_records > 1 && up == 1 (lag_seconds beyond all numbers)'
  ]);
  assert.ok(!showStatus(seen).includes('alert'));
});
