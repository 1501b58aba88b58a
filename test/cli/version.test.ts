import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { packagePath } from '../../src/cli/package-root.ts';
import { commit } from '../../src/cli/version.ts';

/** A folder with these files. */
function folder(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'millrace-root-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

const hash = '0123456789abcdef0123456789abcdef01234567';

describe('where Millrace is and which commit it is', () => {
  it('finds the files of the package', () => {
    assert.ok(existsSync(packagePath('config', 'flights.yaml')));
  });

  it('takes the commit from the file of a package, from a branch, from packed refs and from a checkout of a commit', () => {
    assert.equal(commit(folder({ commit: 'abc1234\n', '.git/HEAD': hash })), 'abc1234');
    assert.equal(commit(folder({ '.git/HEAD': 'ref: refs/heads/main\n', '.git/refs/heads/main': `${hash}\n` })), '0123456');
    assert.equal(commit(folder({ '.git/HEAD': 'ref: refs/heads/main\n', '.git/packed-refs': `# pack-refs\n${hash} refs/heads/main\n` })), '0123456');
    assert.equal(commit(folder({ '.git/HEAD': `${hash}\n` })), '0123456');
  });

  it('takes it from a worktree, whose refs are in the repository it belongs to', () => {
    const repository = folder({ '.git/worktrees/one/HEAD': 'ref: refs/heads/one\n', '.git/worktrees/one/commondir': '../..\n', '.git/refs/heads/one': `${hash}\n` });
    assert.equal(commit(folder({ '.git': `gitdir: ${join(repository, '.git/worktrees/one')}\n` })), '0123456');
  });

  it('is unknown where neither is there, or what is there is no hash', () => {
    assert.equal(commit(folder({ 'package.json': '{}' })), 'unknown');
    assert.equal(commit(folder({ '.git/HEAD': 'ref: refs/heads/none\n' })), 'unknown');
    assert.equal(commit(folder({ commit: 'fatal: not a repository' })), 'unknown');
  });
});
