import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AlertChange } from '../../actors/alert.ts';
import type { TopologyStatus } from '../../actors/status.ts';
import { AlertWatcher, lookInterval } from '../../src/alerts/watcher.ts';
import type { AlertWay, Plan } from '../../src/topology/model.ts';
import { idleStatus } from '../support/status.ts';
import { planOf } from '../topology/harness.ts';

/** A watcher whose time goes on when it is told to, and what came of it. */
function watch(alerts: object, tell: (way: AlertWay, change: AlertChange, signal: AbortSignal) => Promise<void> = () => Promise.resolve()) {
  const heard: string[] = [];
  const told: string[] = [];
  const clock = {
    time: 0,
    timers: [] as { at: number; call: () => void }[],
    now: () => clock.time,
    after(milliseconds: number, call: () => void) {
      const timer = { at: clock.time + milliseconds, call };
      clock.timers.push(timer);
      return () => { clock.timers = clock.timers.filter((each) => each !== timer); };
    }
  };
  let status: TopologyStatus = idleStatus;
  const events = {
    alertChanged: ({ alert, status, values }: AlertChange) => void heard.push(`${alert} ${status} ${clock.time / 1000} ${JSON.stringify(values)}`),
    alertTold: ({ alert, status }: AlertChange, way: string, failed: string | null) => void told.push(`${alert} ${status} ${way} ${failed ?? 'ok'}`),
    alertBroken: (_: string, alert: string) => void heard.push(`${alert} broken`)
  };
  const watcher = new AlertWatcher({ status: () => [status], clock, events, tell });
  const plan = (alerts: object): Plan => planOf({ name: 'orders', broker: { type: 'embedded', path: './data' }, sources: { in: { type: 'kafka', topic: 'in' } }, sinks: { out: { type: 'kafka', from: 'in', topic: 'out' } }, alerts });
  watcher.use([plan(alerts)]);
  return {
    heard,
    told,
    watcher,
    use: (alerts: object) => { watcher.use([plan(alerts)]); },
    behind: (lag: number) => { status = { ...idleStatus, lag }; },
    go: async (seconds: number): Promise<void> => {
      for (const end = clock.time + seconds * 1000; clock.time < end; ) {
        clock.time += lookInterval;
        const due = clock.timers.filter(({ at }) => at <= clock.time);
        clock.timers = clock.timers.filter(({ at }) => at > clock.time);
        for (const { call } of due) call();
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  };
}

const command = { command: ['page'] };

describe('alerts of a topology', () => {
  it('fire after their time, with what they were judged by, and resolve at once', async () => {
    const { heard, told, behind, go, watcher } = watch({ behind: { when: 'lag_records > 10 && up == 1', for: '20s', notify: ['log', command] }, never: { when: 'lag_records > 1e9' } });
    behind(11);
    await go(20);
    assert.deepEqual(watcher.view('orders')[0], { topology: 'orders', alert: 'behind', state: 'pending', since: 5000, when: 'lag_records > 10 && up == 1', for: 20_000, values: { lag_records: 11, up: 1 }, broken: false });
    assert.deepEqual(watcher.view('another'), []);
    assert.deepEqual(watcher.status.map(({ alert, state, since }) => [alert, state, since]), [['behind', 'pending', 5000], ['never', 'quiet', null]]);
    await go(10);
    behind(3);
    await go(30);
    assert.deepEqual(heard, ['behind firing 25 {"up":1,"lag_records":11}', 'behind resolved 35 {"up":1,"lag_records":3}']);
    assert.deepEqual(told, ['behind firing command ok', 'behind resolved command ok']);
    await watcher.close();
  });

  it('nobody hears of the end before the beginning, and who cannot be told is named', async () => {
    const first = Promise.withResolvers<void>();
    const order: string[] = [];
    const { told, behind, go, watcher } = watch({ behind: { when: 'lag_records > 10', for: '0s', notify: command } }, async (_, { status }) => {
      order.push(status);
      if (status === 'firing') await first.promise;
    });
    behind(11);
    await go(5);
    behind(0);
    await go(5);
    assert.deepEqual(order, ['firing']);
    first.reject(new Error('it answers 404'));
    await go(5);
    assert.deepEqual(order, ['firing', 'resolved']);
    assert.deepEqual(told, ['behind firing command it answers 404', 'behind resolved command ok']);
    await watcher.close();
  });

  it('go on where they are when other parts of the files change, and are forgotten with their topology', async () => {
    const alert = { when: 'lag_records > 10', for: '1m' };
    const { heard, behind, go, use, watcher } = watch({ kept: alert, changed: alert, gone: alert });
    behind(11);
    await go(40);
    use({ kept: alert, changed: { ...alert, for: '2m' }, added: alert });
    await go(30);
    assert.deepEqual(heard.map((line) => line.split(' ').slice(0, 3).join(' ')), ['kept firing 65']);
    watcher.use([]);
    behind(0);
    await go(30);
    assert.equal(heard.length, 1);
    await watcher.close();
  });

  it('what cannot be judged stays as it is, and is told once', async () => {
    const { heard, behind, go, watcher } = watch({ odd: { when: 'lag_records > 10 && int("x") == 1', for: '0s' } });
    await go(10);
    assert.deepEqual(heard, []);
    behind(11);
    await go(20);
    assert.deepEqual(heard, ['odd broken']);
    await watcher.close();
  });

  it('are looked at once more at the end, and wait a little for who is being told', async () => {
    const { heard, told, behind, go, watcher } = watch({ behind: { when: 'lag_records > 10', for: '0s', notify: command } }, (_, __, signal) => new Promise((_resolve, reject) => { signal.addEventListener('abort', () => { reject(new Error('given up')); }); }));
    await go(10);
    behind(11);
    const closed = watcher.close();
    await go(5);
    await closed;
    assert.deepEqual(heard, ['behind firing 10 {"lag_records":11}']);
    assert.deepEqual(told, ['behind firing command given up']);
    await watcher.close();
  });
});
