import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { Failure } from '../../actors/failure.ts';
import { acquireLock } from '../../src/state/lock.ts';

const module = join(import.meta.dirname, '../../src/state/lock.ts');
const locked = (pid: number) => (error: unknown) => error instanceof Failure && error.code === 'state_locked' && error.message.includes(String(pid));

describe('the lock of a folder', () => {
  let root = '';
  let dir = '';
  let count = 0;
  before(() => { root = mkdtempSync(join(tmpdir(), 'millrace-lock-')); });
  beforeEach(() => { dir = join(root, `${count++}`, 'deep'); });
  after(() => { rmSync(root, { recursive: true }); });

  it('is held once, and again after its release', () => {
    const lock = acquireLock(dir);
    assert.throws(() => acquireLock(dir), locked(process.pid));
    lock.release();
    lock.release();
    assert.deepEqual(readdirSync(dir), []);
    acquireLock(dir).release();
  });

  it('a second release does not take the lock of a later holder', () => {
    const first = acquireLock(dir);
    first.release();
    const second = acquireLock(dir);
    first.release();
    assert.ok(existsSync(join(dir, 'lock')));
    second.release();
  });

  it('names the process that holds it, and is taken over when that one was killed', async () => {
    const code = `const { acquireLock } = await import(${JSON.stringify(module)}); acquireLock(${JSON.stringify(dir)}); console.log('held'); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    assert.throws(() => acquireLock(dir), locked(child.pid as number));
    child.kill('SIGKILL');
    await once(child, 'exit');
    acquireLock(dir).release();
  });

  it('is taken over when the pid belongs to a later process by now', { skip: !existsSync('/proc/self/stat') && 'no /proc' }, () => {
    acquireLock(dir).release();
    writeFileSync(join(dir, 'lock'), JSON.stringify({ pid: process.pid, started: 'another-boot/1' }));
    acquireLock(dir).release();
  });

  it('is taken over when nothing in it can be read', () => {
    acquireLock(dir).release();
    for (const text of ['', '{', 'null', '{"pid":-1}', '{"pid":"7"}']) {
      writeFileSync(join(dir, 'lock'), text);
      acquireLock(dir).release();
    }
  });

  it('goes to exactly one of many processes that take over a stale one at once', async () => {
    acquireLock(dir).release();
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    writeFileSync(join(dir, 'lock'), JSON.stringify({ pid: gone, started: '' }));
    const at = Date.now() + 600;
    const code = `const { acquireLock } = await import(${JSON.stringify(module)}); while (Date.now() < ${at}); try { acquireLock(${JSON.stringify(dir)}); console.log('held'); setTimeout(() => {}, 1500); } catch { console.log('refused'); }`;
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
        const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
        return chunk.toString().trim();
      })
    );
    assert.deepEqual(outcomes.toSorted(), ['held', ...Array.from({ length: 7 }, () => 'refused')]);
    assert.match(readFileSync(join(dir, 'lock'), 'utf8'), /pid/);
  });
});
