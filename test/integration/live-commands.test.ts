import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { it } from 'node:test';
import { createTopics, kafkaBackend, markedTopology, stateDir } from '../support/backend.ts';
import { runCommand } from '../support/command.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { kafkaOrSkip } from '../support/kafka.ts';
import { writeTopology } from '../support/plan.ts';
import { checkout } from '../support/scratch.ts';
import { Feeder } from '../support/why.ts';

/** `millrace top` in a terminal of util-linux's `script`, 40 columns wide: `q` is pressed once it has drawn. */
async function topUntilQ(url: string): Promise<{ readonly code: number; readonly shown: string }> {
  const child = spawn('script', ['-qec', `stty cols 40 rows 12; '${process.execPath}' src/main.ts top --url ${url} --interval 0.2; stty -a`, '/dev/null'], { cwd: checkout, stdio: ['pipe', 'pipe', 'ignore'] });
  let shown = '';
  child.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString();
    if (shown.split('\u001b[H').length > 3 && child.stdin.writable) child.stdin.end('q');
  });
  const [code] = (await once(child, 'close')) as [number];
  return { code, shown };
}

it('top, tap and drain, used on a daemon that runs', { timeout: 30_000 }, async (t) => {
  const kafka = await kafkaOrSkip(t);
  if (kafka === null) return;
  const backend = kafkaBackend(kafka.brokers);
  const marked = markedTopology(backend);
  await backend.use(async (broker) => {
    await createTopics(broker, marked, 1);
    const daemon = new DaemonProcess(writeTopology(marked.yaml), { stateDir: stateDir() });
    await daemon.caughtUp();
    const url = await daemon.url();
    const feeder = new Feeder(broker, [{ topic: marked.topics.in, partition: 0 }], 50);
    const { code, shown } = await topUntilQ(url);
    assert.equal(code, 0, shown);
    const [screen = '', after = ''] = shown.split('\u001b[?25h\u001b[?1049l');
    assert.match(screen, new RegExp(`${marked.name}: running`));
    for (const line of screen.split('\u001b[H').at(-1)?.split(/\u001b\[K\r?\n/) ?? []) assert.ok(line.replaceAll(/\u001b\[\??\w+/g, '').length <= 40, line);
    assert.match(after, / icanon/, 'the terminal is as it was');
    assert.match(await runCommand('top', '--url', url), /running/, 'once where it is piped');
    assert.match(await runCommand('tap', 'marked', '--limit', '2', '--url', url), /^(\S+Z {2}\S+-in\[0\]@\d+ {2}k0 {2}\{.*"seen":.*\}\n){2}$/);
    await assert.rejects(runCommand('tap', 'nothing', '--url', url), /no node of that name, but in, marked, out/);
    await feeder.end();
    assert.equal((await fetch(`${url}/v1/topologies/${marked.name}/drain`, { method: 'POST' })).status, 200);
    assert.equal((await daemon.exited).code, 0, daemon.output);
    await assert.rejects(runCommand('why', marked.name, '--url', url), /No daemon answers at/);
  });
});
