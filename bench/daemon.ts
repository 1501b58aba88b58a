import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What runs, and how. */
export interface MeasuredOptions {
  readonly file?: string;
  /** Options of Node itself. */
  readonly node?: readonly string[];
  /** Where it serves HTTP; by default nowhere. */
  readonly http?: string;
}

/** `millrace run` of a workload as a process of its own, and what it costs. */
export class Measured {
  readonly #child: ChildProcess;
  readonly #state = mkdtempSync(join(tmpdir(), 'millrace-bench-'));

  constructor(env: Readonly<Record<string, string>>, { file = 'bench/w1.yaml', node = [], http = 'off' }: MeasuredOptions = {}) {
    const args = ['--max-semi-space-size=8', ...node, 'src/main.ts', 'run', file, '--state-dir', this.#state, '--http', http, '--log-level', 'error'];
    this.#child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } });
  }

  /** Seconds of processor time so far (Linux: 100 ticks a second). */
  get cpu(): number {
    const fields = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  /** Throws where it has ended by itself: what it said is on the terminal. */
  assertRunning(): void {
    if (this.#child.exitCode !== null) throw new Error(`The daemon ended with ${this.#child.exitCode}.`);
  }

  /** Peak resident memory, in MB. */
  get peak(): number {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${this.#child.pid}/status`, 'utf8'))?.[1]) / 1024;
  }

  /** Resident memory now, in MB. */
  get resident(): number {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.#child.pid}/status`, 'utf8'))?.[1]) / 1024;
  }

  /** Open sockets. */
  get sockets(): number {
    const folder = `/proc/${this.#child.pid}/fd`;
    return readdirSync(folder).filter((fd) => linkOf(join(folder, fd)).startsWith('socket:')).length;
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await once(this.#child, 'exit');
    rmSync(this.#state, { recursive: true, force: true });
  }
}

/** A descriptor may be closed between listing and looking. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
