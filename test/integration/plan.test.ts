import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Survey } from '../../src/runtime/survey/model.ts';
import { backends, stateDir } from '../support/backend.ts';
import { millrace } from '../support/cli.ts';
import type { Ran } from '../support/cli.ts';
import { countedTopology, createCountedTopics, feedCounted } from '../support/counted.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { writeTopology } from '../support/plan.ts';

const count = 2000;

function plan(yaml: string, state: string, ...args: string[]): Promise<Ran> {
  return millrace(['plan', writeTopology(yaml), '--state-dir', state, ...args]);
}

async function json(yaml: string, state: string): Promise<Survey & { goes_on: boolean; members: readonly object[] }> {
  const { code, stdout, stderr } = await plan(yaml, state, '--json');
  assert.notEqual(stdout, '', stderr);
  const found = JSON.parse(stdout) as Survey & { goes_on: boolean; members: readonly object[] };
  assert.equal(code, found.goes_on ? 0 : 78);
  return found;
}

const fates = (rows: readonly { readonly name?: string; readonly topic?: string; readonly fate: string }[]): Record<string, string> => Object.fromEntries(rows.map(({ name, topic, fate }) => [name ?? topic ?? '', fate]));

for (const { name, open } of backends) {
  describe(`millrace plan on ${name}`, { concurrency: 2 }, () => {
    it('shows what is new, kept, rebuilt, incompatible and left over, and changes nothing', async (t) => {
      const backend = await open(t);
      if (backend === null) return;
      const counted = countedTopology(backend);
      const { topics, yaml } = counted;
      const state = stateDir();
      const [hop, log] = [`${counted.name}-counts-repartition`, `${counted.name}-counts-changelog`];
      await backend.use((broker) => createCountedTopics(broker, counted, 2));

      const fresh = await json(yaml, state);
      assert.deepEqual([fresh.goes_on, fates(fresh.tasks), fates(fresh.stores)], [true, { in: 'new', counts: 'new' }, { counts: 'new' }]);
      assert.deepEqual(fresh.topics.map(({ topic, fate, partitions }) => [topic, fate, partitions]), [[topics.in, 'there', 2], [topics.out, 'there', 2], [hop, 'made', 2], [log, 'made', 2]]);
      assert.deepEqual(fresh.tasks.map(({ tasks }) => tasks), [2, 2]);
      assert.deepEqual(await backend.use(async (broker) => [...(await broker.describeTopics([hop, log])).keys()]), []);

      await backend.use((broker) => feedCounted(broker, topics.in, count));
      const daemon = new DaemonProcess(writeTopology(yaml), { stateDir: state, args: ['--session-timeout', '2'] });
      await daemon.caughtUp();
      const running = await plan(yaml, state);
      assert.match(running.stdout, /It runs now: .*\n.* is in use by pid \d+/);
      assert.equal(await daemon.stop(), 0, daemon.output);

      const after = await json(yaml, state);
      assert.deepEqual([after.goes_on, fates(after.tasks), fates(after.stores), after.restores], [true, { in: 'kept', counts: 'kept' }, { counts: 'kept' }, []]);
      assert.deepEqual(after.offsets.map(({ topic, partitions, lag }) => [topic, partitions.committed, lag]), [[topics.in, 2, 0], [hop, 2, 0]]);
      const elsewhere = await json(yaml, stateDir());
      assert.deepEqual([elsewhere.goes_on, fates(elsewhere.stores)], [true, { counts: 'rebuilt' }]);
      assert.deepEqual(elsewhere.restores.map(({ task, store, offsets }) => [task, store, offsets > 0]), [['counts-0', 'counts', true], ['counts-1', 'counts', true]]);

      const wider = yaml.replace('type: tumbling, size: 1m', 'type: tumbling, size: 5m');
      for (const dir of [state, stateDir()]) {
        const refused = await plan(wider, dir);
        assert.equal(refused.code, 78);
        assert.match(refused.stdout, /store +counts +incompatible +window\.every: 60000 → 300000; window\.size: 60000 → 300000/);
        assert.match(refused.stdout, /A start would be refused:\n {2}state_incompatible: Store counts of task counts-0, /);
      }
      const renamed = await json(yaml.replaceAll('counts', 'totals'), state);
      assert.deepEqual([renamed.goes_on, fates(renamed.stores), fates(renamed.topics)[log], fates(renamed.topics)[hop]], [true, { totals: 'new', counts: 'orphaned' }, 'orphaned', 'orphaned']);
    });

    it('says what a start would stop at: offsets of another program, offsets that are gone, topics that are missing', async (t) => {
      const backend = await open(t);
      if (backend === null) return;
      const counted = countedTopology(backend, { local: true });
      const state = stateDir();
      await backend.use(async (broker) => {
        await createCountedTopics(broker, counted, 2);
        await feedCounted(broker, counted.topics.in, count);
      });
      const daemon = new DaemonProcess(writeTopology(counted.yaml), { stateDir: state, args: ['--session-timeout', '2'] });
      await daemon.caughtUp();
      assert.equal(await daemon.stop(), 0, daemon.output);
      const at = { topic: counted.topics.in, partition: 1 };
      await backend.use((broker) => broker.commitOffsets(counted.name, [{ ...at, offset: 3, metadata: '' }]));
      const foreign = await json(counted.yaml, state);
      assert.deepEqual([foreign.goes_on, foreign.refusals.some(({ code }) => code === 'foreign_commit'), foreign.offsets[0]?.partitions], [false, true, { committed: 1, none: 0, foreign: 1, out_of_range: 0 }]);
      const otherGroup = await json(counted.yaml.replace('delivery:', `group: ${counted.name}b\ndelivery:`), state);
      assert.deepEqual([otherGroup.goes_on, fates(otherGroup.stores)], [true, { counts: 'new' }]);
      if (name === 'Kafka') {
        const missing = await plan(counted.yaml.replace(`topic: ${counted.topics.out}`, 'topic: not-there'), state);
        assert.match(missing.stdout, /topic +not-there +missing +sink out[^]*topic_missing: A topic does not exist: not-there/);
      }
      await backend.use((broker) => broker.deleteRecords([{ ...at, partition: 0, offset: 5 }]).then(() => broker.deleteTopics([counted.topics.in])).then(() => createCountedTopics(broker, counted, 2)));
      const lost = await json(counted.yaml, state);
      assert.ok(lost.refusals.some(({ code }) => code === 'checkpoint_lost' || code === 'offset_out_of_range'), JSON.stringify(lost.refusals));
    });
  });
}

describe('millrace plan while the broker is away', () => {
  it('tells what this machine knows, and what it cannot know', async () => {
    const yaml = countedTopology({ name: 'kafka', yaml: 'broker: { type: kafka, brokers: ["127.0.0.1:1"] }', use: () => Promise.reject(new Error('away')) }).yaml;
    const { code, stdout } = await plan(yaml, stateDir());
    assert.equal(code, 0);
    assert.match(stdout, /The broker is away .*ECONNREFUSED.*not known\.[^]*tasks +in +unknown[^]*store +counts +new[^]*Nothing that is known here stands in the way/);
  });

  it('says what it takes', async () => {
    const { code, stderr } = await millrace(['plan']);
    assert.deepEqual([code, /Name one topology file: plan FILE/.test(stderr)], [64, true]);
  });
});
