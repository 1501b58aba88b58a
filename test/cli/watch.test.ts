import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { watchFiles } from '../../src/cli/watch.ts';

/** A folder with a topology that is watched, and how often it was read again. */
function site(): { folder: string; file: string; reloads: () => number; end: () => void } {
  const folder = join(mkdtempSync(join(tmpdir(), 'millrace-watch-')), 'topologies');
  const file = join(folder, 'one.yaml');
  mkdirSync(folder);
  writeFileSync(file, 'a');
  let count = 0;
  const end = watchFiles({
    files: [file],
    reload: () => {
      count += 1;
      return Promise.resolve();
    }
  });
  return { folder, file, reloads: () => count, end };
}

async function until(what: string, reached: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!reached()) {
    assert.ok(Date.now() < deadline, `in 10 s: ${what}`);
    await wait(20);
  }
}

describe('watched files', { concurrency: 3 }, () => {
  it('a file written, and one put in its place, is read again', async () => {
    const { file, reloads, end } = site();
    writeFileSync(file, 'b');
    await until('the first reload', () => reloads() === 1);
    writeFileSync(`${file}.new`, 'c');
    renameSync(`${file}.new`, file);
    await until('the second reload', () => reloads() === 2);
    end();
  });

  it('a folder that goes and is made anew is watched again, and what is in it is read', async () => {
    const { folder, file, reloads, end } = site();
    rmSync(folder, { recursive: true });
    await until('a reload because the file went', () => reloads() === 1);
    mkdirSync(folder);
    writeFileSync(file, 'b');
    await until('a reload because the folder is back', () => reloads() >= 2);
    const before = reloads();
    writeFileSync(file, 'c');
    await until('a reload because the file changed', () => reloads() > before);
    end();
  });
});
