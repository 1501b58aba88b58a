import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { kafkaBackend, stateDir } from '../support/backend.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { kafkaOrSkip } from '../support/kafka.ts';
import { writeTopology } from '../support/plan.ts';
import { Feeder, firstIs, whyUntil } from '../support/why.ts';

/* Two daemons, of which the one has a task that the other waits for. */

const counted = 'counted: { type: window, from: in, key: value.k, window: { type: tumbling, size: 1m }, aggregate: { n: count() }, emit: update, late: drop }';

describe('why, of a topology on two daemons', { timeout: 60_000 }, () => {
  it('names the task upstream whose daemon hangs, and nobody once another has it', async (t) => {
    const kafka = await kafkaOrSkip(t);
    if (kafka === null) return;
    const name = `u${randomBytes(3).toString('hex')}`;
    const backend = kafkaBackend(kafka.brokers);
    await backend.use(async (broker) => {
      await broker.createTopics(['in', 'out'].map((topic) => ({ topic: `${name}-${topic}`, partitions: 2 })));
      const file = writeTopology(`
name: ${name}
${backend.yaml}
sources: { in: { type: kafka, topic: ${name}-in, start: earliest, event_time: value.at } }
transforms: { ${counted} }
sinks: { out: { type: kafka, from: counted, topic: ${name}-out } }
`);
      const feeder = new Feeder(broker, [0, 1].map((partition) => ({ topic: `${name}-in`, partition })));
      const daemons = [0, 1].map(() => new DaemonProcess(file, { stateDir: stateDir(), args: ['--session-timeout', '60'] }));
      const has = async (daemon: DaemonProcess): Promise<string[]> => ((await (await fetch(`${await daemon.url()}/v1/topologies/${name}`)).json()) as { assigned: { task: string; running: boolean }[] }).assigned.flatMap(({ task, running: runs }) => (runs ? [task] : []));
      const dealt = (): Promise<string[][]> => Promise.all(daemons.map(has));
      await Promise.all(daemons.map((daemon) => daemon.until(({ topologies }) => topologies.every(({ tasks }) => tasks.running === 2))));
      // Each has a task on the hop's other side, or what is asked for cannot be seen.
      const tasks = await dealt();
      const survivor = tasks.findIndex((own) => own.some((task) => task.startsWith('counted')));
      const [asked, hung] = [daemons[survivor], daemons[1 - survivor]] as [DaemonProcess, DaemonProcess];
      const gone = (tasks[1 - survivor] ?? []).find((task) => task.startsWith('in'));
      await whyUntil(asked, name, 'nothing');
      const at = await hung.url();
      hung.child.kill('SIGSTOP');
      const remedy = new RegExp(`^Ask there: millrace why ${name} --url ${at}. If that daemon hangs, end it`);
      // With all tasks before the hop gone nothing is behind anything else: nothing comes at all.
      if ((tasks[survivor] ?? []).some((task) => task.startsWith('in'))) {
        firstIs(await whyUntil(asked, name, 'upstream_gone'), 'upstream_gone', new RegExp(`counted waits for task ${gone}, which runs at ${at}: it stands at .*, [\\d.]+ s behind the furthest`), remedy);
      } else firstIs(await whyUntil(asked, name, 'no_input', /for [1-9]/), 'no_input', new RegExp(`nothing has come for [1-9]\\d* s: .*task ${gone}, which runs at ${at}`), remedy);
      // It wakes and leaves, as it would be taken for lost later.
      hung.child.kill('SIGCONT');
      await hung.stop();
      firstIs(await whyUntil(asked, name, 'nothing'), 'nothing', /keeps up/, /^$/);
      await feeder.end();
      await asked.kill();
    });
  });
});
