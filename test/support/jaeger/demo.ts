/*
 * `npm run start:traced`: a Jaeger as the tests have it, the demo with its traces in it, and the trace of one flight as Jaeger has it.
 * Arguments are the demo's.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Jaeger } from '../jaeger.ts';
import type { JaegerTrace } from '../jaeger.ts';
import { jaegerBinary, whyNoJaeger } from './binary.ts';
import { recordsOf, treeOf } from './tree.ts';

/** What the trace of a flight has that was late and closed an hour at its airport: all there is to see. */
const wanted = ['poll flights', 'process checked', 'process located', 'process stamped', 'process by_delay', 'process per_hour', 'send flights-hourly', 'commit flights'];

console.log('Jaeger: the first time it is built by Go, which takes some minutes.');
const why = await whyNoJaeger();
if (why !== null) {
  console.error(`${why}\nWithout it: docker compose -f docker/compose.yaml up --build, or npm start -- --traces URL with the address of a collector of yours.`);
  process.exit(69);
}
const jaeger = await Jaeger.free(await jaegerBinary());
await jaeger.start();
console.log(`It takes traces at ${jaeger.http} and ${jaeger.grpc}; its API is at ${jaeger.query}/api (the page is not in this build).\n`);

const main = join(import.meta.dirname, '../../../src/main.ts');
// Slow enough that a flight is alone in its batch.
const demo = spawn(process.execPath, ['--max-semi-space-size=8', main, 'demo', '--traces', jaeger.http, '--rate', '100', ...process.argv.slice(2)], { stdio: 'inherit' });
let ended = false;
// A terminal sends Ctrl-C to the demo as well; it ends, and then this does.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => demo.kill('SIGTERM'));
demo.once('exit', (code) => {
  ended = true;
  void jaeger.stop().then(() => process.exit(code ?? 1));
});
const found = await oneFlight();
if (found !== null) console.log(`\nOne flight, as Jaeger has it (${jaeger.query}/api/traces/${found.traceID}):\n\n${treeOf(found)}\n`);

async function oneFlight(): Promise<JaegerTrace | null> {
  while (!ended) {
    const traces = await jaeger.traces('millrace').catch(() => []);
    const alone = traces.find(({ spans }) => wanted.every((name) => spans.some(({ operationName }) => operationName === name)) && spans.every((span) => !span.operationName.startsWith('poll') || recordsOf(span) === 1));
    if (alone !== undefined) return alone;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return null;
}
