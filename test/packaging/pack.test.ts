import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { checkout, run } from '../support/scratch.ts';
import { installed, pack } from '../support/package.ts';

/** The most that the package may weigh, so that nothing large slips in: it had 0.4 MB. */
const largest = 1024 * 1024;

/** A script with the package's types, and a mistake that the types find. */
const script = `
import type { Script } from 'millrace';

const script: Script<{ factor: number }> = (record, out, { factor }) => out.send(record, { n: Number(record.value.distance) * factor });
export default script;
`;

/** The topology around it works on what the demo has left, and ends. A record on which the script fails would end it with another code. */
const topology = `
name: scripted
broker: { type: embedded, path: ./data/broker }
trigger: available_now
sources: { flights: { type: kafka, topic: flights, start: earliest, on_error: skip } }
transforms: { times: { type: script, from: flights, module: times.ts, options: { factor: 2 } } }
sinks: { out: { type: kafka, from: times, topic: out } }
`;

async function checkScript(folder: string, millrace: (...args: readonly string[]) => ReturnType<typeof run>): Promise<void> {
  const tsc = (): ReturnType<typeof run> => run(join(checkout, 'node_modules/.bin/tsc'), ['-p', '.'], { cwd: folder });
  writeFileSync(join(folder, 'tsconfig.json'), '{ "compilerOptions": { "noEmit": true, "strict": true, "module": "nodenext", "target": "es2024", "types": [] } }');
  writeFileSync(join(folder, 'times.ts'), script);
  writeFileSync(join(folder, 'scripted.yaml'), topology);
  assert.deepEqual(await tsc(), { code: 0, output: '' });
  writeFileSync(join(folder, 'wrong.ts'), script.replace('out.send', 'out.sent'));
  assert.match((await tsc()).output, /Property 'sent' does not exist on type 'ScriptOut'/);
  const ran = await millrace('run', 'scripted.yaml', '--http', 'off');
  assert.equal(ran.code, 0, ran.output);
}

describe('the package', () => {
  it('runs from a folder of its own: version, init, check, demo, a script with types', async (t) => {
    const tarball = await pack();
    const listed = execFileSync('tar', ['tzf', tarball], { encoding: 'utf8' }).trim().split('\n').map((path) => path.replace('package/', ''));
    for (const file of ['commit', 'README.md', 'LICENSE', 'config/REFERENCE.md', 'config/topology.schema.json', 'config/flights.yaml', 'config/data/flights-20k.ndjson.gz', 'dist/src/main.js']) {
      assert.ok(listed.includes(file), `${file} is in the package`);
    }
    assert.deepEqual(listed.filter((file) => /^(test|bench|src|actors|node_modules)\//.test(file)), []);
    assert.ok(readFileSync(tarball).length < largest);

    const folder = await installed(t, [tarball]);
    if (folder === null) return;
    const millrace = (...args: readonly string[]): ReturnType<typeof run> => run('npx', ['--no-install', 'millrace', ...args], { cwd: folder });
    const hash = readFileSync(join(folder, 'node_modules/millrace/commit'), 'utf8').trim();
    assert.equal(execFileSync('git', ['cat-file', '-t', hash], { cwd: checkout, encoding: 'utf8' }).trim(), 'commit');
    assert.ok((await millrace('--version')).output.includes(`(commit ${hash.slice(0, 7)}, Node v`));
    assert.match((await millrace('--version')).output, /^millrace \d+\.\d+\.\d+/);
    // The flag keeps latency low: a package without it would be slower than the checkout.
    assert.match(readFileSync(join(folder, 'node_modules/millrace/dist/src/main.js'), 'utf8'), /^#!\/usr\/bin\/env -S node --max-semi-space-size=8\n/);
    const written = await millrace('init', 'orders.yaml');
    assert.equal(written.code, 0, written.output);
    assert.deepEqual(await millrace('validate', 'orders.yaml'), { code: 0, output: 'orders.yaml: starter is valid\n' });
    const demo = await millrace('demo', '--records', '2000', '--exit', '--http', 'off');
    assert.equal(demo.code, 0, demo.output);
    assert.match(demo.output, /Accounted for +2,000 +every flight read/);
    await checkScript(folder, millrace);
  });

  it('needs Node 24, and says so on an older one in one line', async () => {
    const older = ['-e', "Object.defineProperty(process.versions, 'node', { value: '20.1.0' }); process.argv.splice(1, 0, 'main'); import('./src/main.ts')", '--', 'demo'];
    const { code, output } = await run(process.execPath, older, { cwd: checkout });
    assert.equal(code, 78);
    assert.match(output, /^millrace: this is Node 20\.1\.0, and Millrace needs 24 or later: .*\n$/);
  });
});
