/*
 * Runs the tests: `node test/run.ts [unit|integration] [file…]`. One Apache Kafka is started for all integration
 * tests of a run and its address passed on, since a start costs seconds and memory. Behind them all that the program
 * showed is searched for the secrets that the tests used.
 */
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { whyNoJaeger } from './support/jaeger/binary.ts';
import { startKafka } from './support/kafka.ts';
import { Gathering } from './support/gathering.ts';

const [kind = 'all', ...files] = process.argv.slice(2);
const unit = globSync('test/**/*.test.ts', { exclude: ['test/integration/**'] }).toSorted();
const integration = globSync('test/integration/**/*.test.ts').toSorted();
const selected = files.length > 0 ? files : kind === 'unit' ? unit : kind === 'integration' ? integration : [...unit, ...integration];

// Built from its sources the first time, which takes minutes: longer than a test may.
if (selected.some((file) => file.endsWith('/traces.test.ts'))) await whyNoJaeger();
const kafka = selected.some((file) => file.startsWith('test/integration')) ? await tryKafka() : null;
const gathering = new Gathering();
try {
  const code = await runNode(selected, kafka?.brokers);
  const complete = files.length > 0 ? null : kafka === null ? 'unit' : kind === 'integration' ? 'integration' : 'all';
  const shown = gathering.search(complete);
  console.log(shown.report);
  process.exitCode = code === 0 && !shown.ok ? 1 : code;
} finally {
  await kafka?.stop();
}

async function tryKafka(): ReturnType<typeof startKafka> extends Promise<infer K> ? Promise<K | null> : never {
  try {
    return await startKafka();
  } catch (error) {
    // The tests themselves skip or fail for want of it, as CI says.
    console.error(`No Kafka for the integration tests: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}

function runNode(tests: readonly string[], brokers: string | undefined): Promise<number> {
  // Hundreds of processes load the same sources: each strips their types again, a third of its start, unless one leaves them to the others.
  const compiled = { NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? join(tmpdir(), 'millrace-compile-cache') };
  const env = { ...process.env, ...compiled, ...gathering.env, ...(brokers === undefined ? {} : { MILLRACE_TEST_KAFKA: brokers }) };
  const child = spawn(process.execPath, ['--import', './test/support/observed.ts', '--test', '--test-concurrency=2', '--test-timeout=240000', ...tests], { stdio: 'inherit', env });
  return new Promise((resolve) => {
    child.on('exit', (code) => { resolve(code ?? 1); });
  });
}
