import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Skippable } from './kafka.ts';
import { apicurioVersion, registryJars, whyNoRegistry } from './registry/jars.ts';
import { freePort } from './ports.ts';

/** A running schema registry, with nothing in it. */
export interface Registry {
  /** As the option `registry.url` takes it. */
  readonly url: string;
  /** Puts a schema under a subject; answers its id. */
  register(subject: string, schema: string, type?: 'AVRO' | 'PROTOBUF' | 'JSON', references?: readonly object[]): Promise<number>;
  /** Sets the rule of compatibility of a subject. */
  rule(subject: string, compatibility: string): Promise<void>;
  /** Ends the process; what it had is gone. Safe twice. */
  stop(): Promise<void>;
}

const startTimeout = 60_000;
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A registry of the test's own. Skips the test and answers null where none can be had, unless CI=true: then it throws. */
export async function registryOrSkip(t: Skippable): Promise<Registry | null> {
  const why = await whyNoRegistry();
  if (why === null) return startRegistry();
  if (process.env['CI'] === 'true') throw new Error(why);
  t.skip(why);
  return null;
}

/** Starts Apicurio on a free port of 127.0.0.1, with its data in memory. */
export async function startRegistry(): Promise<Registry> {
  process.once('SIGTERM', () => process.exit(143));
  process.once('SIGINT', () => process.exit(130));
  const jars = await registryJars();
  const folder = await mkdtemp(join(tmpdir(), 'millrace-registry-'));
  const port = await freePort();
  const log = join(folder, 'output');
  const output = await open(log, 'a');
  const child = spawn('java', ['-Xmx384m', '-XX:TieredStopAtLevel=1', '-jar', join(jars, `apicurio-registry-app-${apicurioVersion}-runner.jar`)], {
    cwd: folder,
    stdio: ['ignore', output.fd, output.fd],
    env: { ...process.env, QUARKUS_HTTP_PORT: String(port), QUARKUS_HTTP_HOST: '127.0.0.1' }
  });
  await output.close();
  running.add(child);
  child.once('exit', () => running.delete(child));
  child.unref();
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`;
  const deadline = Date.now() + startTimeout;
  while (!(await answers(`${url}/subjects`))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`the registry did not start: ${await readFile(log, 'utf8')}`);
    await wait(100);
  }
  return {
    url,
    async register(subject, schema, type = 'AVRO', references = []) {
      const { id } = (await send('POST', `${url}/subjects/${subject}/versions`, { schema, schemaType: type, references })) as { id: number };
      return id;
    },
    async rule(subject, compatibility) {
      await send('PUT', `${url}/config/${subject}`, { compatibility });
    },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        child.ref();
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    }
  };
}

async function send(method: string, url: string, body: object): Promise<unknown> {
  const response = await fetch(url, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${await response.text()}`);
  return response.json();
}

function answers(url: string): Promise<boolean> {
  return fetch(url).then(({ ok }) => ok, () => false);
}
