import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { evidence, gathering } from './evidence.ts';
import { views } from './views.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
/** The flags of Node that the program asks for in its first line. */
const flags = (readFileSync(main, 'utf8').split('\n')[0] ?? '').split(' ').filter((word) => word.startsWith('--'));

export interface DaemonOptions {
  readonly stateDir: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

/** What /readyz answers. */
export interface Readiness {
  readonly ready: boolean;
  readonly topologies: readonly { name: string; state: string; lag: number; tasks: { assigned: number; running: number }; failure?: { code: string; message: string } }[];
}

/** Daemons that a failed test left behind end with the tests. */
const running = new Set<ChildProcess>();
after(() => {
  for (const child of running) child.kill('SIGKILL');
});

/** `millrace run` as a process of its own. */
export class DaemonProcess {
  readonly child: ChildProcess;
  readonly lines: string[] = [];
  readonly #url = Promise.withResolvers<string>();
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;

  constructor(file: string, { stateDir, env = {}, args = [] }: DaemonOptions) {
    this.#url.promise.catch(() => undefined);
    this.child = spawn(process.execPath, [...flags, main, 'run', file, '--state-dir', stateDir, '--http', '127.0.0.1:0', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env }
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      if (stream !== null) createInterface(stream).on('line', (line) => { this.#note(line); });
    }
    this.exited = once(this.child, 'exit').then(([code, signal]) => {
      this.#url.reject(new Error(`The daemon ended before it listened:\n${this.output}`));
      return { code: code as number | null, signal: signal as NodeJS.Signals | null };
    });
    running.add(this.child);
    this.child.once('exit', () => running.delete(this.child));
  }

  get output(): string {
    return this.lines.join('\n');
  }

  /** Where it serves HTTP. */
  url(): Promise<string> {
    return this.#url.promise;
  }

  async readiness(): Promise<Readiness> {
    const response = await fetch(`${await this.#url.promise}/readyz`);
    return (await response.json()) as Readiness;
  }

  async metrics(): Promise<string> {
    return (await fetch(`${await this.#url.promise}/metrics`)).text();
  }

  /** Waits until the daemon runs and has no lag. */
  async caughtUp(timeout = 60_000): Promise<void> {
    // What was just written shows as lag with the next fetch: once is not enough.
    let times = 0;
    await this.until(({ ready, topologies }) => {
      times = ready && topologies.every(({ lag, tasks }) => lag === 0 && tasks.assigned > 0) ? times + 1 : 0;
      return times >= 5;
    }, timeout);
  }

  /** Waits until readiness satisfies a condition; tells what was seen when it does not in time. */
  async until(condition: (readiness: Readiness) => boolean, timeout = 60_000): Promise<void> {
    const deadline = Date.now() + timeout;
    for (;;) {
      const readiness = await this.readiness();
      if (condition(readiness)) return;
      if (Date.now() > deadline) throw new Error(`Not in ${timeout} ms: ${JSON.stringify(readiness)}\n${this.lines.slice(-40).join('\n')}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Waits until a line of its output is like this: what it answers may be here before what it logged. */
  async told(pattern: RegExp, timeout = 10_000): Promise<void> {
    for (const deadline = Date.now() + timeout; !this.lines.some((line) => pattern.test(line)); ) {
      if (Date.now() > deadline) throw new Error(`Not told in ${timeout} ms: ${String(pattern)}\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** SIGTERM, and the exit code. */
  async stop(): Promise<number | null> {
    if (gathering) await this.#url.promise.then(views, () => undefined);
    this.child.kill('SIGTERM');
    return (await this.exited).code;
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }

  #note(line: string): void {
    this.lines.push(line);
    evidence('daemon', line);
    const url = /"url":"(http[^"]+)"/.exec(line)?.[1];
    if (url !== undefined) this.#url.resolve(url);
  }
}
