import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after } from 'node:test';
import { evidence, gathering } from './evidence.ts';
import { nodeFirst } from './scratch.ts';
import { views } from './views.ts';

/** A daemon says in its log where it is. */
const daemonUrl = /"url":"(http[^"]+)"/;

/** Where and as whom a program runs. */
export interface StartOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly gid?: number;
}

/** Programs that a failed test left behind end with the tests. */
const running = new Set<Started>();
after(() => {
  for (const started of running) started.signal('SIGKILL');
});

/** A program that goes on until it is told to stop. */
export class Started {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #waiting = new Set<() => void>();
  /** The exit code; null where a signal ended it. */
  readonly exited: Promise<number | null>;
  #ended = false;

  constructor(program: string, args: readonly string[], { cwd, env, ...user }: StartOptions) {
    // A group of its own: npm and npx run the program below themselves.
    this.#child = spawn(program, args, { cwd, env: { ...process.env, ...nodeFirst, ...env }, ...user, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream !== null) createInterface(stream).on('line', (line) => { this.#note(line); });
    }
    running.add(this);
    this.exited = once(this.#child, 'exit').then(([code]) => {
      this.#ended = true;
      running.delete(this);
      this.#wake();
      return code as number | null;
    });
  }

  get output(): string {
    return this.#lines.join('\n');
  }

  /** Resolves with what a pattern finds in the output, as soon as it does; rejects when the program ends before. */
  async shows(pattern: RegExp, timeout = 30_000): Promise<RegExpExecArray> {
    const deadline = Date.now() + timeout;
    for (;;) {
      const found = pattern.exec(this.output);
      if (found !== null) return found;
      if (this.#ended || Date.now() > deadline) throw new Error(`${this.#ended ? 'It ended' : `${timeout} ms went by`} without ${String(pattern)}:\n${this.output}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1000);
        this.#waiting.add(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** Where a daemon says that its probes are. */
  async url(): Promise<string> {
    return (await this.shows(daemonUrl))[1] as string;
  }

  /** Waits until /readyz says yes. `at` is where, for a program that does not say it as a daemon does. */
  async ready(at?: string, timeout = 30_000): Promise<void> {
    const url = at ?? (await this.url());
    const deadline = Date.now() + timeout;
    for (;;) {
      const response = await fetch(`${url}/readyz`);
      const body = await response.text();
      if (response.ok) return;
      if (Date.now() > deadline) throw new Error(`Not ready in ${timeout} ms: ${body}\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Sends a signal to the program and what it started. */
  signal(signal: NodeJS.Signals): void {
    if (this.#ended || this.#child.pid === undefined) return;
    process.kill(-this.#child.pid, signal);
  }

  /** SIGTERM, and the exit code. */
  async stop(): Promise<number | null> {
    const url = daemonUrl.exec(this.output)?.[1];
    if (gathering && url !== undefined) await views(url);
    this.signal('SIGTERM');
    return this.exited;
  }

  #note(line: string): void {
    this.#lines.push(line);
    evidence('daemon', line);
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}
