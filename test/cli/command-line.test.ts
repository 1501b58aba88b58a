import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PassThrough } from 'node:stream';
import { WriteStream } from 'node:tty';
import { stripVTControlCharacters } from 'node:util';
import { commands } from '../../src/cli/commands.ts';
import { createOutput } from '../../src/cli/output.ts';
import { paintProblem } from '../../src/cli/paint-problem.ts';
import { commit, version } from '../../src/cli/version.ts';
import { millrace } from '../support/cli.ts';
import { writeTopology } from '../support/plan.ts';

const valid = `
name: plain
broker: { type: embedded, path: ./nowhere }
sources: { in: { type: kafka, topic: in } }
sinks: { out: { type: kafka, from: in, topic: out } }
`;

describe('the command line', { concurrency: 2 }, () => {
  it('says what there is, and ends with 64 when nothing was asked for', async () => {
    const bare = await millrace([]);
    assert.equal(bare.code, 64);
    for (const command of Object.keys(commands)) assert.match(bare.stdout, new RegExp(`^  ${command} `, 'm'));
    assert.equal((await millrace(['--help'])).code, 0);
  });

  for (const command of Object.keys(commands)) {
    it(`${command} --help and help ${command} have a summary, the usage and an example`, async () => {
      const { code, stdout } = await millrace([command, '--help']);
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`^Usage: millrace ${command}`, 'm'));
      assert.match(stdout, new RegExp(`Examples?:\\n  .*millrace ${command}`));
      assert.deepEqual((await millrace(['help', command])).stdout, stdout);
    });
  }

  it('--version says the version, the commit and the Node it runs on', async () => {
    const { code, stdout } = await millrace(['--version']);
    assert.equal(code, 0);
    assert.match(stdout, /^millrace \d+\.\d+\.\d+ \(commit ([0-9a-f]{7}|unknown), Node v\d+\.\d+\.\d+\)\n$/);
    const data = JSON.parse((await millrace(['--version', '--json'])).stdout) as Record<string, string>;
    assert.deepEqual(data, { version, commit: commit(), node: process.version });
  });

  it('suggests the command and the option that was meant', async () => {
    for (const [args, meant] of [[['rnu'], 'run'], [['help', 'ofsets'], 'offsets'], [['run', '--sate-dir', 'x', 'a.yaml'], '--state-dir'], [['init', '--exampel', 'x'], '--example']] as const) {
      const { code, stderr } = await millrace(args);
      assert.equal(code, 64);
      assert.match(stderr, new RegExp(`\\(did you mean ${meant}\\?\\)`));
    }
  });

  it('colors a mistake on a terminal alone, and not under NO_COLOR', () => {
    const shown = (env: Record<string, string>, isTTY: boolean): string => {
      const asked = { TERM: 'xterm-256color', ...env };
      const stream: WriteStream = Object.assign(new PassThrough(), { isTTY, hasColors: () => (WriteStream.prototype.hasColors as (this: WriteStream, env: object) => boolean).call(stream, asked) }) as unknown as WriteStream;
      return paintProblem({ file: 'a.yaml', line: 1, column: 2, code: 'bad_value', message: 'no', hint: 'yes' }, createOutput(stream, stream));
    };
    const plain = 'a.yaml:1:2: bad_value: no (yes)';
    assert.equal(shown({}, false), plain);
    assert.equal(shown({ NO_COLOR: '1' }, true), plain);
    assert.equal(shown({ TERM: 'dumb' }, true), plain);
    assert.notEqual(shown({}, true), plain);
    assert.equal(stripVTControlCharacters(shown({}, true)), plain);
  });

  it('refuses what it does not know with 64 and no stack', async () => {
    for (const args of [['rnu'], ['run', '--sate-dir', 'x', 'a.yaml'], ['run'], ['validate'], ['run', 'x.yaml', '--http', 'nope'], ['demo', '--exit']]) {
      const { code, stderr } = await millrace(args);
      // A file that is not there comes first for some of them.
      assert.ok(code === 64 || code === 78, `${args.join(' ')}: ${code}\n${stderr}`);
      assert.doesNotMatch(stderr, /\n {4}at /);
    }
  });

  it('validate says what is valid, and ends with 0', async () => {
    const file = writeTopology(valid);
    const { code, stdout } = await millrace(['validate', file]);
    assert.deepEqual([code, stdout], [0, `${file}: plain is valid\n`]);
  });

  it('run and validate report every mistake with its place and end with 78', async () => {
    const file = writeTopology(valid.replace('topic: in }', 'topci: in }').replace('from: in,', 'from: inn,'));
    for (const command of ['run', 'validate']) {
      const { code, stderr } = await millrace([command, file]);
      assert.equal(code, 78);
      assert.match(stderr, new RegExp(`^${file}:4:\\d+: \\w+: .*topci`, 'm'));
      assert.match(stderr, new RegExp(`^${file}:5:\\d+: \\w+: .*inn`, 'm'));
    }
  });

  it('validate --json prints the mistakes as data', async () => {
    const file = writeTopology(valid.replace('topic: in }', 'topci: in }'));
    const { stdout } = await millrace(['validate', '--json', file]);
    const { problems } = JSON.parse(stdout) as { problems: { file: string; line: number; code: string }[] };
    assert.ok(problems.some((problem) => problem.file === file && problem.line === 4));
  });
});
