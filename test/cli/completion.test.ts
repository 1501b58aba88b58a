import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { millrace } from '../support/cli.ts';

/** A folder with a topology, another file and a folder in it. */
const folder = mkdtempSync(join(tmpdir(), 'millrace-completion-'));
writeFileSync(join(folder, 'orders.yaml'), '');
writeFileSync(join(folder, 'my orders.yml'), '');
writeFileSync(join(folder, 'notes.txt'), '');
mkdirSync(join(folder, 'topologies'));

async function script(shell: string): Promise<string> {
  const { code, stdout } = await millrace(['completion', shell]);
  assert.equal(code, 0);
  return stdout;
}

const has = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).status === 0;

/** Command lines, the last word being written, and what is proposed there; in any order. */
const cases: readonly (readonly [words: readonly string[], proposed: readonly string[]])[] = [
  [['gr'], ['graph']],
  [['o'], ['offsets']],
  [['graph', '--f'], ['--format']],
  [['graph', '--format', ''], ['mermaid', 'dot', 'json']],
  [['offsets', 're'], ['reset', 'restore']],
  [['offsets', 'reset', 'o'], ['orders.yaml']],
  [['offsets', 'reset', 'orders.yaml', '--to', 'e'], ['earliest']],
  [['run', ''], ['orders.yaml', 'my orders.yml', 'topologies']],
  [['run', 'orders.yaml', '--log-level', 'w'], ['warn']],
  [['run', '--state-dir', ''], ['topologies']],
  [['run', '--http', ''], []],
  [['init', '--example', 'fi'], ['filter-and-route']],
  [['help', 'val'], ['validate']],
  [['completion', ''], ['bash', 'zsh', 'fish']]
];

/** What bash would show: the completion function is called as readline would call it. */
function bash(text: string, words: readonly string[]): string[] {
  const line = ['millrace', ...words].map((word) => `'${word}'`).join(' ');
  const call = `${text}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length}; _millrace; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['--norc', '-c', call], { cwd: folder, encoding: 'utf8' }).split('\n').filter((each) => each !== '');
}

function fish(text: string, words: readonly string[]): string[] {
  const line = ['millrace', ...words].join(' ');
  const out = execFileSync('fish', ['--no-config', '-c', `${text}\ncomplete -C '${line}'`], { cwd: folder, encoding: 'utf8' });
  return out.split('\n').filter((each) => each !== '').map((each) => (each.split('\t')[0] ?? '').replace(/\/$/, ''));
}

describe('millrace completion', () => {
  it('for bash proposes commands, options, their values and files', async (t) => {
    if (!has('bash')) return t.skip('no bash here');
    const text = await script('bash');
    for (const [words, proposed] of cases) assert.deepEqual(bash(text, words).toSorted(), proposed.toSorted(), words.join(' '));
  });

  it('for fish the same', async (t) => {
    if (!has('fish')) return t.skip('no fish here');
    const text = await script('fish');
    for (const [words, proposed] of cases) {
      if (words.includes('--state-dir')) continue;
      assert.deepEqual([...new Set(fish(text, words))].toSorted(), proposed.toSorted(), words.join(' '));
    }
  });

  it('for zsh is a script that zsh reads, and registers itself', async (t) => {
    if (!has('zsh')) return t.skip('no zsh here');
    const text = await script('zsh');
    const out = execFileSync('zsh', ['-f', '-c', `autoload -Uz compinit; compinit -u -D\n${text}\necho $_comps[millrace]; whence -w _millrace`], { encoding: 'utf8' });
    assert.equal(out, '_millrace\n_millrace: function\n');
  });

  it('there is none for other shells', async () => {
    const { code, stderr } = await millrace(['completion', 'tcsh']);
    assert.equal(code, 64);
    assert.match(stderr, /bash, zsh, fish/);
  });
});
