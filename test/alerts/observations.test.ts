import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { noCounts } from '../../actors/accounting.ts';
import { alertVariables } from '../../actors/alert-variables.ts';
import { Histogram } from '../../actors/histogram.ts';
import { lifecycleStates } from '../../actors/status.ts';
import type { TopologyStatus } from '../../actors/status.ts';
import { Observations } from '../../src/alerts/observations.ts';
import { idleStatus } from '../support/status.ts';

function partition(position: number, end: number, lagSeconds: number | null = 0): TopologyStatus['partitions'][number] {
  return { topic: 'o', partition: 0, position, end, lag: end - position, lagSeconds };
}

describe('what alerts are judged by', () => {
  it('has a number for every variable, whatever is known', () => {
    const values = new Observations().look(idleStatus, 0);
    assert.deepEqual(Object.keys(values).toSorted(), alertVariables.map(({ name }) => name).toSorted());
    for (const [name, value] of Object.entries(values)) assert.ok(Number.isFinite(value), name);
  });

  it('calls a topology up that was stopped on purpose, so that no stop is an alarm', () => {
    const up = (state: TopologyStatus['state']): number => new Observations().look({ ...idleStatus, state }, 0).up;
    assert.deepEqual(lifecycleStates.filter((state) => up(state) === 0), ['created', 'starting', 'waiting', 'failing', 'failed']);
  });

  it('tells rates over the last thirty seconds, not over all time', () => {
    const observations = new Observations();
    let values = observations.look({ ...idleStatus, partitions: [partition(0, 0)] }, 0);
    assert.equal(values.input_rate, 0, 'one look has no rate');
    // A minute at 100 in and 50 out a second, then nothing comes in.
    for (let second = 5; second <= 60; second += 5) values = observations.look({ ...idleStatus, partitions: [partition(50 * second, 100 * second)] }, second * 1000);
    assert.deepEqual([values.input_rate, values.processing_rate], [100, 50]);
    for (let second = 65; second <= 95; second += 5) values = observations.look({ ...idleStatus, partitions: [partition(50 * second, 6000)] }, second * 1000);
    assert.deepEqual([values.input_rate, values.processing_rate], [0, 50]);
  });

  it('counts what nodes did, and nothing below zero where a topology was started anew', () => {
    const observations = new Observations();
    const nodes = (records: number): TopologyStatus['nodes'] => [
      { name: 'in', kind: 'source', counts: { ...noCounts(), dead_lettered: records, skipped: 2 * records, late: 3 * records } },
      { name: 'out', kind: 'sink', counts: { ...noCounts(), forwarded: 4 * records } }
    ];
    observations.look({ ...idleStatus, nodes: nodes(10) }, 0);
    const values = observations.look({ ...idleStatus, nodes: nodes(20) }, 10_000);
    assert.deepEqual([values.dead_letter_rate, values.skipped_rate, values.late_rate, values.output_rate], [1, 2, 3, 4]);
    assert.equal(observations.look({ ...idleStatus, nodes: nodes(0) }, 20_000).dead_letter_rate, 0);
  });

  it('takes the partition, the task and the table that are worst', () => {
    const table = { name: 't', type: 'file', ready: true, rows: 1, bytes: 1, current: 40_000, trouble: null };
    const status: TopologyStatus = {
      ...idleStatus,
      partitions: [partition(0, 10, 7), { ...partition(0, 5, 9), partition: 1 }, { ...partition(0, 1, null), partition: 2 }],
      lag: 16,
      tables: [table, { ...table, current: 90_000 }],
      measured: { ...idleStatus.measured, watermarks: [{ task: 'a', watermark: 70_000 }, { task: 'b', watermark: 30_000 }], edges: [{ from: 'in', to: 'out', records: 4, waited: 0 }], stores: [{ store: 's', entries: 3, bytes: 4096 }] }
    };
    const values = new Observations().look(status, 100_000);
    assert.deepEqual([values.lag_records, values.lag_seconds, values.watermark_delay_seconds, values.table_age_seconds, values.queue_records, values.state_entries, values.state_bytes], [16, 9, 70, 60, 4, 3, 4096]);
  });

  it('a checkpoint is old only while there is something to read', () => {
    const observations = new Observations();
    const behind = { ...idleStatus, partitions: [partition(0, 1)], lag: 1 };
    assert.equal(observations.look(behind, 1000).checkpoint_age_seconds, 0);
    assert.equal(observations.look(behind, 31_000).checkpoint_age_seconds, 30, 'since the start, where there was none');
    const times = { prepare: 1, write: 2, commit: 3, apply: 4 };
    const values = observations.look({ ...behind, lastCheckpoint: { at: 21_000, times } }, 31_000);
    assert.deepEqual([values.checkpoint_age_seconds, values.checkpoint_seconds], [10, 0.01]);
    assert.equal(observations.look({ ...idleStatus, lastCheckpoint: { at: 0, times } }, 90_000).checkpoint_age_seconds, 0);
  });

  it('latency is that of what was written meanwhile', () => {
    const observations = new Observations();
    const histogram = new Histogram();
    const look = (now: number): number => observations.look({ ...idleStatus, measured: { ...idleStatus.measured, latency: [{ sink: 'out', records: histogram.status }] } }, now).e2e_latency_seconds;
    histogram.note(100);
    assert.equal(look(0), 0);
    histogram.note(1);
    histogram.note(3);
    assert.equal(look(5000), 2);
  });
});
