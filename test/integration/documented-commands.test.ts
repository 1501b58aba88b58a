import assert from 'node:assert/strict';
import { chmodSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { createKafkajsBroker } from '../../src/broker/kafkajs/index.ts';
import { commandsOf, documents, fenced, readDocument } from '../support/documents.ts';
import { kafkaJars } from '../support/kafka/jars.ts';
import { ownKafkaOrSkip } from '../support/kafka.ts';
import type { Kafka, Skippable } from '../support/kafka.ts';
import { checkout, checkoutCopy, emptyFolder, nodeFirst } from '../support/scratch.ts';
import { Started } from '../support/started.ts';

/*
 * Every command of the docs is run, page by page, each page in a copy of the checkout of its own. What goes on is
 * stopped once it is ready; each has to end with 0.
 */

/** Commands that cannot be run here, and why. */
const notRun: Readonly<Record<string, string>> = {
  'git clone https://git.example.com/millrace.git': 'the address is an example',
  'npm ci': 'made the checkout that this test runs in',
  'npm test': 'runs this test',
  'npm run test:unit': 'runs with npm test',
  'npm run check': 'CI runs it behind the tests',
  'node_modules/.bin/node test/run.ts integration test/integration/ready.test.ts': 'runs with npm test',
  'npm pack': 'test/packaging/pack.test.ts does',
  'npm install ./millrace-0.1.0.tgz': 'test/packaging/pack.test.ts does',
  'npx millrace demo': 'test/packaging/pack.test.ts does',
  'millrace state export orders.yaml --node per_minute --out rows.ndjson': 'wants state; test/integration/state-import.test.ts does',
  'millrace state import orders.yaml --node per_minute --from rows.ndjson': 'wants state; test/integration/state-import.test.ts does',
  'millrace state import orders.yaml --node per_minute --from rows.ndjson --yes': 'wants state; test/integration/state-import.test.ts does',
  'docker build -f docker/Dockerfile --build-arg COMMIT=$(git rev-parse HEAD) -t millrace .': 'needs an engine; test/packaging/image.test.ts does the steps',
  'docker run -v ./docker/topologies:/topologies:ro -v millrace-state:/state -p 127.0.0.1:7171:7171 -e KAFKA_BROKERS=kafka.example:9092 millrace': 'needs an engine; test/packaging/image.test.ts does the steps',
  'docker compose -f docker/compose.yaml up --build': 'needs an engine; test/integration/compose.test.ts does the steps',
  'docker compose -f docker/compose.yaml down --volumes': 'needs an engine',
  'kubectl apply -f docker/kubernetes/namespace.yaml': 'needs a cluster',
  'kubectl -n millrace create secret generic millrace-http --from-literal=token=$(openssl rand -hex 32)': 'needs a cluster; test/packaging/containers.test.ts holds it to the files',
  'kubectl apply -k docker/kubernetes': 'needs a cluster; test/packaging/containers.test.ts holds the files to the program',
  'kubectl -n millrace rollout status statefulset/millrace': 'needs a cluster'
};

/** Commands that end by themselves although they run topologies. */
const endsItself = (command: string): boolean => command.includes('--exit') || command.includes('history.yaml');

/** Kafka's own tools that the docs name, by the class that each runs. */
const kafkaTools: Readonly<Record<string, string>> = { 'kafka-console-consumer.sh': 'org.apache.kafka.tools.consumer.ConsoleConsumer' };

/** A command as a shell runs it here: npm's scripts by their text, so that a signal reaches the program itself. */
function translate(command: string, folder: string): string {
  const { scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { scripts: Readonly<Record<string, string>> };
  const [, name, rest = ''] = /^npm (?:run )?([\w:]+)(?: -- (.*))?$/.exec(command) ?? [];
  if (name === undefined) return `exec ${command}`;
  assert.ok(Object.hasOwn(scripts, name), `package.json has the script ${name}`);
  return `${scripts[name] ?? ''} ${rest}`;
}

/** Folder with `millrace` and Kafka's tools, to be found by the shell. */
async function programs(): Promise<string> {
  const folder = emptyFolder();
  const write = (name: string, line: string): void => {
    writeFileSync(join(folder, name), `#!/bin/sh\nexec ${line} "$@"\n`);
    chmodSync(join(folder, name), 0o755);
  };
  write('millrace', `node --max-semi-space-size=8 ${join(checkout, 'src/main.ts')}`);
  for (const [name, main] of Object.entries(kafkaTools)) write(name, `java -Xshare:auto -XX:TieredStopAtLevel=1 -cp '${await kafkaJars()}/*' ${main}`);
  return folder;
}

/** Files that a page shows whole, with their path in the first line, are written; a component is listed. */
function writeShownFiles(text: string, folder: string): void {
  for (const block of fenced(text, 'ts')) {
    const path = /^\/\/ (\S+)\n/.exec(block)?.[1];
    if (path === undefined) continue;
    writeFileSync(join(folder, path), block);
    const type = /^actors\/transform\/(\w+)\.ts$/.exec(path)?.[1];
    if (type === undefined) continue;
    const catalogue = join(folder, 'actors/catalogue.ts');
    const listed = readFileSync(catalogue, 'utf8').replace('import { validate }', `import { ${type} } from './transform/${type}.ts';\nimport { validate }`).replace('filter, map,', `filter, ${type}, map,`);
    writeFileSync(catalogue, listed);
  }
}

/** Runs one command to its end; one that serves probes is stopped when it is ready. */
async function runCommand(command: string, folder: string, env: Readonly<Record<string, string>>): Promise<string> {
  const started = new Started('sh', ['-c', translate(command, folder)], { cwd: folder, env });
  const url = await Promise.race([started.exited, started.shows(/(?:"url":"|metrics at )(http:\/\/[\d.:]+)/, 60_000).then((found) => found[1] as string, () => null)]);
  if (typeof url === 'string' && !endsItself(command)) {
    await started.ready(url);
    started.signal('SIGTERM');
  }
  assert.equal(await started.exited, 0, `${command}\n${started.output}`);
  return started.output;
}

/** A folder with the demo's topology, for the daemon that is asked. */
function probedFolder(): string {
  const folder = emptyFolder();
  cpSync(join(checkout, 'config'), join(folder, 'config'), { recursive: true });
  return folder;
}

/** A record in the dead letter topic that the docs look into. */
async function writeDeadLetter(brokers: string): Promise<void> {
  const topic = 'purchases-dead-letters';
  const broker = createKafkajsBroker({ brokers: [brokers], clientId: 'test' });
  await broker.connect();
  if (!(await broker.describeTopics([topic])).has(topic)) await broker.createTopics([{ topic, partitions: 1 }]);
  const producer = broker.producer();
  await producer.send([{ topic, partition: 0, key: null, value: Buffer.from('{'), headers: [['millrace.error.code', Buffer.from('undecodable')]], timestamp: Date.now() }], 'none');
  await producer.close();
  await broker.close();
}

/** A Kafka with a dead letter in it, and a daemon that the commands of all pages ask. */
interface Site {
  readonly kafka: Kafka;
  readonly env: Readonly<Record<string, string>>;
  readonly daemon: Started;
}

async function openSite(t: Skippable): Promise<Site | null> {
  const kafka = await ownKafkaOrSkip(t);
  if (kafka === null) return null;
  const env = { KAFKA_BROKERS: kafka.brokers, PATH: `${await programs()}:${nodeFirst.PATH}` };
  await writeDeadLetter(kafka.brokers);
  const daemon = new Started('millrace', ['run', 'config/flights.yaml', '--state-dir', emptyFolder(), '--http', '127.0.0.1:0'], { cwd: probedFolder(), env });
  await daemon.ready();
  return { kafka, env, daemon };
}

describe('the commands of the docs', () => {
  let site: Promise<Site | null> | undefined;
  after(async () => {
    const opened = await site;
    opened?.daemon.signal('SIGKILL');
    await opened?.kafka.stop();
  });

  it('are all run, or in the list of those that cannot be', () => {
    const all = documents.flatMap((document) => commandsOf(readDocument(document)));
    assert.ok(all.length > 30);
    assert.deepEqual(Object.keys(notRun).filter((command) => !all.includes(command)), [], 'the list has only commands of the docs');
  });

  for (const document of documents) {
    const text = readDocument(document);
    const commands = commandsOf(text).filter((command) => !Object.hasOwn(notRun, command));
    if (commands.length === 0) continue;
    it(`of ${document} end with 0`, async (t) => {
      const opened = await (site ??= openSite(t));
      if (opened === null) return;
      const { kafka, env, daemon } = opened;
      const folder = checkoutCopy();
      writeShownFiles(text, folder);
      for (const command of commands) {
        const here = command.replace('http://127.0.0.1:7171', await daemon.url()).replace('127.0.0.1:9092', kafka.brokers);
        const output = await runCommand(here, folder, env);
        if (command.startsWith('curl')) assert.match(output, /"ready":true|"alive":true|^millrace_topology_up/m);
        if (command.includes('node --test')) assert.match(output, /pass [1-9]/);
        if (command.startsWith('kafka-console-consumer')) assert.match(output, /millrace\.error\.code:undecodable/);
      }
    });
  }

  it('leave the daemon that they asked as it was', async () => {
    const opened = await site;
    if (opened === undefined || opened === null) return;
    assert.equal(await opened.daemon.stop(), 0, opened.daemon.output);
  });
});
