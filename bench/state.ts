import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What much keyed state costs; times in milliseconds, sizes in bytes. */
export interface StateFigures {
  readonly keys: number;
  readonly updatesPerSecond: number;
  readonly checkpoint: { readonly p50: number; readonly p99: number };
  /** While it is updated: all, and of it the pages of the data file, which the system takes away where memory is short. */
  readonly resident: number;
  readonly mapped: number;
  readonly file: number;
  readonly openAfterClose: number;
  readonly openAfterKill: number;
  readonly restoredPerSecond: number;
  /** The longest that a part of the restore keeps the thread. */
  readonly longestStep: number;
  readonly peakOfRestore: number;
}

/** A task with so many keys, as windows have them: restored, closed, opened, updated at random, killed, opened. */
export function stateAtScale(keys: number): StateFigures {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-bench-state-'));
  try {
    const restored = step('restore', dir, keys);
    const updated = step('update', dir, keys);
    const reopened = step('reopen', dir, keys);
    return {
      keys,
      updatesPerSecond: figure(updated, 'rate'), checkpoint: { p50: figure(updated, 'p50'), p99: figure(updated, 'p99') },
      resident: figure(updated, 'resident'), mapped: figure(updated, 'mapped'), file: figure(updated, 'bytes'),
      openAfterClose: figure(updated, 'open'), openAfterKill: figure(reopened, 'open'),
      restoredPerSecond: figure(restored, 'rate'), longestStep: figure(restored, 'longest'), peakOfRestore: figure(restored, 'peak')
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function step(name: string, dir: string, keys: number): Readonly<Record<string, number>> {
  const { stdout, signal } = spawnSync(process.execPath, ['--max-semi-space-size=8', join(import.meta.dirname, 'state-steps.ts'), name, dir, String(keys)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (signal !== 'SIGKILL' || stdout === '') throw new Error(`Step ${name} of the state's measurement failed.`);
  return JSON.parse(stdout) as Record<string, number>;
}

function figure(figures: Readonly<Record<string, number>>, name: string): number {
  const value = figures[name];
  if (value === undefined) throw new Error(`There is no figure ${name}.`);
  return value;
}
