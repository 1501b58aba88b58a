import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { evidence } from './evidence.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** What a command printed and how it ended. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
}

/** Runs `millrace` to its end. */
export function millrace(args: readonly string[], options: { cwd?: string; env?: Readonly<Record<string, string>> } = {}): Promise<Ran> {
  const started = performance.now();
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'], cwd: options.cwd, env: { ...process.env, ...options.env } });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve) => {
    child.on('close', (code) => {
      evidence('command', `${stdout}\n${stderr}`);
      resolve({ code, stdout, stderr, milliseconds: performance.now() - started });
    });
  });
}
