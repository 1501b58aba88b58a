import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../actors/failure.ts';
import { bootId } from './boot-id.ts';

/** A folder held by this process. */
export interface Lock {
  /** Gives the folder back. Safe to call twice. */
  release(): void;
}

interface Holder {
  readonly pid: number;
  /** Tells a process from a later one with the same pid; '' where the system does not say. */
  readonly started: string;
}

/** Takeovers of stale locks tried before giving up; each needs another process to have been faster. */
const attempts = 10;

/**
 * Takes a folder for this process alone, making it where it is missing. Throws `state_locked`, naming the holder's pid.
 * A lock left behind by a process that is gone (kill -9, power loss) is taken over. Holds among processes of one host
 * that see each other's pids, not between containers.
 */
export function acquireLock(dir: string): Lock {
  mkdirSync(dir, { recursive: true });
  const path = join(dir, 'lock');
  const text = JSON.stringify({ pid: process.pid, started: startedAt(process.pid) } satisfies Holder);
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (create(path, text)) return lockAt(path, text);
    const found = readText(path);
    if (found === null) continue;
    const holder = parse(found);
    if (holder !== null && isAlive(holder)) throw locked(dir, holder);
    removeStale(path, found);
  }
  throw new Failure('state_locked', `${dir} could not be locked: other processes are taking it at the same time.`);
}

/** The process that holds a folder; null for none. Touches nothing. */
export function lockHolder(dir: string): number | null {
  const text = readText(join(dir, 'lock'));
  const holder = text === null ? null : parse(text);
  return holder !== null && isAlive(holder) ? holder.pid : null;
}

function locked(dir: string, { pid }: Holder): Failure {
  const who = pid === process.pid ? `this process (pid ${pid})` : `another process (pid ${pid})`;
  return new Failure('state_locked', `${dir} is in use by ${who}.`);
}

function lockAt(path: string, text: string): Lock {
  let held = true;
  return {
    release() {
      if (held && readText(path) === text) rmSync(path, { force: true });
      held = false;
    }
  };
}

/** Creates the lock file with its content in one step (a link), so that nobody ever reads half of it. */
function create(path: string, text: string): boolean {
  const own = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(own, text, { flag: 'wx' });
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

/** Moves the file away before deleting it: if another process was faster, what was moved is its live lock and goes back. */
function removeStale(path: string, judged: string): void {
  const aside = `${path}.stale.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (readText(aside) !== judged) {
    try {
      linkSync(aside, path);
    } catch {
      // A third process holds it by now.
    }
  }
  rmSync(aside, { force: true });
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function parse(text: string): Holder | null {
  try {
    const holder = JSON.parse(text) as Partial<Holder> | null;
    if (typeof holder?.pid !== 'number' || !Number.isInteger(holder.pid) || holder.pid <= 0) return null;
    return { pid: holder.pid, started: typeof holder.started === 'string' ? holder.started : '' };
  } catch {
    return null;
  }
}

function isAlive({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const now = startedAt(pid);
  return started === '' || now === '' || now === started;
}

/** Boot id and start time in ticks since boot (proc(5), stat, field 22). The command name before it may hold spaces and brackets. */
function startedAt(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
    return `${bootId()}/${ticks}`;
  } catch {
    return '';
  }
}
