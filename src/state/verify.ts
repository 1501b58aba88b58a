import { spawnSync } from 'node:child_process';
import { extname } from 'node:path';
import { checkDataFile } from './data-file.ts';
import type { TaskFolder } from './task-folder.ts';
import type { Walk } from './walk.ts';

/** The program, compiled or not as this one is. */
const program = `${import.meta.dirname}/walk-main${extname(import.meta.filename)}`;

const nothing: Walk = { entries: {}, problems: [], bad: 0 };

/** Reads all of a task's state in a process of its own, and waits for it: about a second for each million entries. */
export function verifyTask(folder: TaskFolder): Walk {
  const state = checkDataFile(folder.dataFile);
  if (state === 'new') return nothing;
  const lost = folder.lost();
  if (lost !== null) return failed(lost);
  if (state === 'damaged') return failed('data.mdb does not begin as a data file of LMDB');
  const child = spawnSync(process.execPath, [program, folder.path], { encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 });
  if (child.error !== undefined) throw child.error;
  if (child.signal !== null) return failed(`LMDB crashed while it was read (${child.signal})`);
  if (child.status !== 0) return failed(lastLine(child.stderr));
  return JSON.parse(child.stdout) as Walk;
}

function failed(problem: string): Walk {
  return { entries: {}, problems: [problem], bad: 1 };
}

function lastLine(text: string): string {
  return text.trim().split('\n').findLast((line) => /Failure|Error/.test(line)) ?? 'it cannot be opened';
}
