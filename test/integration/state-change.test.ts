import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Broker } from '../../actors/port.ts';
import { isMark } from '../../src/runtime/store-mark.ts';
import { backends, stateDir } from '../support/backend.ts';
import { countedTopology, createCountedTopics, feedCounted, verifyCounted } from '../support/counted.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { writeTopology } from '../support/plan.ts';

const args = ['--session-timeout', '2'];
const count = 3000;

async function run(yaml: string, state: string): Promise<string> {
  const daemon = new DaemonProcess(writeTopology(yaml), { stateDir: state, args });
  await daemon.caughtUp();
  assert.equal(await daemon.stop(), 0, daemon.output);
  return daemon.output;
}

async function refused(yaml: string, state: string, message: RegExp): Promise<void> {
  const daemon = new DaemonProcess(writeTopology(yaml), { stateDir: state, args });
  assert.equal((await daemon.exited).code, 78, daemon.output);
  assert.match(daemon.output, /"state_incompatible"/);
  assert.match(daemon.output, message);
}

/** Keys of the first committed record of each partition that has one. */
async function firstKeys(broker: Broker, topic: string, partitions: number): Promise<(Uint8Array | null)[]> {
  const keys: (Uint8Array | null)[] = [];
  for (let partition = 0; partition < partitions; partition += 1) {
    for await (const { records } of broker.readRange({ topic, partition }, 0, Number.MAX_SAFE_INTEGER, 'committed')) {
      if (records[0] === undefined) continue;
      keys.push(records[0].key);
      break;
    }
  }
  return keys;
}

for (const { name, open } of backends) {
  describe(`a changed definition on ${name}`, { concurrency: 2 }, () => {
    it('is refused where state was written under the old one, here or only in the changelog; what does not change the state is not', async (t) => {
      const backend = await open(t);
      if (backend === null) return;
      const counted = countedTopology(backend);
      const state = stateDir();
      await backend.use(async (broker) => {
        await createCountedTopics(broker, counted, 2);
        await feedCounted(broker, counted.topics.in, count);
      });
      await run(counted.yaml, state);
      const wider = counted.yaml.replace('type: tumbling, size: 1m', 'type: tumbling, size: 5m');
      await refused(wider, state, /Store counts of task counts-\d \(topology \w+\) was written for another definition: window\.every: 60000 → 300000; window\.size: 60000 → 300000\./);
      await refused(wider, stateDir(), /Store counts of task counts-\d, in its changelog \w+-counts-changelog\[\d\], was written for another definition: window\.every/);
      await refused(counted.yaml.replace('sum: sum(value.id)', 'sum: max(value.id)'), stateDir(), /aggregate: /);
      await backend.use(async (broker) => {
        const keys = await firstKeys(broker, `${counted.name}-counts-changelog`, 2);
        assert.deepEqual(keys.map((key) => key !== null && isMark(key)), [true, true]);
        await feedCounted(broker, counted.topics.in, count, count);
      });
      const free = counted.yaml.replace('delay: 1m', 'delay: 2m').replace('late: drop', `late: ${counted.topics.out}-late\n    grace: 10s`);
      await backend.use((broker) => broker.createTopics([{ topic: `${counted.topics.out}-late`, partitions: 2 }]));
      const output = await run(free, stateDir());
      assert.match(output, /restoring the state of counts-\d: 0 of \d+ changes/);
      await backend.use((broker) => verifyCounted(broker, counted.topics.out, 2 * count));
    });
  });
}
