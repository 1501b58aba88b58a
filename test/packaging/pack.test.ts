import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { checkout, run } from '../support/scratch.ts';
import { installed, pack } from '../support/package.ts';

/** The most that the package may weigh, so that nothing large slips in: it had 0.4 MB. */
const largest = 1024 * 1024;

describe('the package', () => {
  it('runs from a folder of its own: version, check, demo', async (t) => {
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
    const hash = execFileSync('git', ['rev-parse', '--short=7', 'HEAD'], { cwd: checkout, encoding: 'utf8' }).trim();
    assert.equal(readFileSync(join(folder, 'node_modules/millrace/commit'), 'utf8').slice(0, 7), hash);
    assert.match((await millrace('--version')).output, /^millrace \d+\.\d+\.\d+/);
    // The flag keeps latency low: a package without it would be slower than the checkout.
    assert.match(readFileSync(join(folder, 'node_modules/millrace/dist/src/main.js'), 'utf8'), /^#!\/usr\/bin\/env -S node --max-semi-space-size=8\n/);
    const written = await millrace('init', 'orders.yaml');
    assert.equal(written.code, 0, written.output);
    assert.deepEqual(await millrace('validate', 'orders.yaml'), { code: 0, output: 'orders.yaml: starter is valid\n' });
    const demo = await millrace('demo', '--records', '2000', '--exit', '--http', 'off');
    assert.equal(demo.code, 0, demo.output);
    assert.match(demo.output, /Accounted for +2,000 +every flight read/);
  });

  it('needs Node 24, and says so on an older one in one line', async () => {
    const older = ['-e', "Object.defineProperty(process.versions, 'node', { value: '20.1.0' }); process.argv.splice(1, 0, 'main'); import('./src/main.ts')", '--', 'demo'];
    const { code, output } = await run(process.execPath, older, { cwd: checkout });
    assert.equal(code, 78);
    assert.match(output, /^millrace: this is Node 20\.1\.0, and Millrace needs 24 or later: .*\n$/);
  });
});
