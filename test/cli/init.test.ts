import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { examples } from '../../src/cli/examples.ts';
import { millrace } from '../support/cli.ts';

function folder(): string {
  return mkdtempSync(join(tmpdir(), 'millrace-init-'));
}

describe('millrace init', { concurrency: 2 }, () => {
  it('writes a topology and the schema its first line names, says so, and the next command passes', async () => {
    const cwd = folder();
    const { code, stdout } = await millrace(['init'], { cwd });
    assert.equal(code, 0);
    assert.match(stdout, /^wrote topology\.yaml\nwrote topology_test\.yaml\nwrote topology\.schema\.json\nwrote cases\.schema\.json\n\nNext:\n {2}millrace validate topology\.yaml\n {2}millrace test topology\.yaml\n/);
    assert.match(readFileSync(join(cwd, 'topology.yaml'), 'utf8'), /^# yaml-language-server: \$schema=\.\/topology\.schema\.json\n/);
    assert.equal((JSON.parse(readFileSync(join(cwd, 'topology.schema.json'), 'utf8')) as { type: string }).type, 'object');
    assert.equal((await millrace(['validate', 'topology.yaml'], { cwd })).stdout, 'topology.yaml: starter is valid\n');
  });

  it('overwrites nothing without --force', async () => {
    const cwd = folder();
    writeFileSync(join(cwd, 'topology.yaml'), 'mine');
    const refused = await millrace(['init'], { cwd });
    assert.equal(refused.code, 73);
    assert.match(refused.stderr, /topology\.yaml is there already, and nothing was written\.\n.*--force/);
    assert.deepEqual([readdirSync(cwd), readFileSync(join(cwd, 'topology.yaml'), 'utf8')], [['topology.yaml'], 'mine']);
    assert.equal((await millrace(['init', '--force'], { cwd })).code, 0);
    assert.match(readFileSync(join(cwd, 'topology.yaml'), 'utf8'), /^name: starter$/m);
    // The schema is there by now and the same: another topology beside it needs no --force.
    assert.equal((await millrace(['init', 'other.yaml'], { cwd })).stdout.split('\n')[0], 'wrote other.yaml');
    writeFileSync(join(cwd, 'topology.schema.json'), '{}');
    assert.equal((await millrace(['init', 'third.yaml'], { cwd })).code, 73);
    assert.equal(existsSync(join(cwd, 'third.yaml')), false);
  });

  it('lists the examples with what each is for, for people and as JSON', async () => {
    const { stdout } = await millrace(['init', '--list']);
    const listed = JSON.parse((await millrace(['init', '--list', '--json'])).stdout) as { name: string; purpose: string }[];
    assert.deepEqual(listed.map(({ name }) => name), examples().map(({ name }) => name));
    for (const { name, purpose } of listed) assert.match(stdout, new RegExp(`^${name} +${purpose.slice(0, 20)}`, 'm'));
  });

  it('writes each example into a folder of its own, with what it names and its cases, so that it is valid there and they pass', async () => {
    const cwd = folder();
    for (const { name, purpose } of examples()) {
      assert.match(purpose, /^[A-Z].*\.$/, name);
      const target = join(cwd, name, 'topology.yaml');
      assert.equal((await millrace(['init', '--example', name, target])).code, 0, name);
    }
    assert.ok(existsSync(join(cwd, 'schema-check/schemas/event.schema.json')));
    const { code, stdout, stderr } = await millrace(['validate', ...examples().map(({ name }) => join(cwd, name, 'topology.yaml'))]);
    assert.deepEqual([code, stdout.split('\n').length - 1], [0, examples().length], stderr);
    const tested = await millrace(['test', ...examples().map(({ name }) => join(cwd, name, 'topology.yaml'))]);
    assert.match(tested.stdout, /^\d+ cases, 0 failed$/m);
  });

  it('does not know other examples', async () => {
    const { code, stderr } = await millrace(['init', '--example', 'filter-and-rout'], { cwd: folder() });
    assert.equal(code, 64);
    assert.match(stderr, /did you mean filter-and-route\?/);
  });
});
