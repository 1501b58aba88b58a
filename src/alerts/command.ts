import { spawn } from 'node:child_process';
import type { AlertChange } from '../../actors/alert.ts';
import type { AlertWay } from '../topology/model.ts';
import { noticeOf } from './notice.ts';

/** Starts a program with the alert as JSON on its input. Rejects where it cannot be started, ends with another code than 0, or takes too long; then it is killed. What it prints goes nowhere. */
export function runCommand({ command: [program = '', ...args], timeout }: Extract<AlertWay, { kind: 'command' }>, change: AlertChange, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'ignore'] });
    let late = false;
    const kill = (): void => { child.kill('SIGKILL'); };
    const timer = setTimeout(() => {
      late = true;
      kill();
    }, timeout);
    signal.addEventListener('abort', kill, { once: true });
    const done = (failed: string | null): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', kill);
      if (failed === null) resolve();
      else reject(new Error(failed));
    };
    child.once('error', (error: NodeJS.ErrnoException) => { done(`${program} cannot be started (${error.code ?? error.message})`); });
    child.once('close', (code, killed) => { done(late ? `${program} took longer than ${timeout / 1000} s` : code === 0 ? null : `${program} ended with ${code ?? killed ?? 'an unknown code'}`); });
    // A program that does not read its input is no failure.
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${noticeOf(change)}\n`);
  });
}
