import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { evidence } from './evidence.ts';

/** The checkout that the tests belong to. */
export const checkout = resolve(import.meta.dirname, '../..');

/** Puts the Node that runs the tests first, for commands that say `node`: the machine's own may be older. What they run is no part of this test run. */
export const nodeFirst: Readonly<{ PATH: string; NODE_TEST_CONTEXT: undefined }> = { NODE_TEST_CONTEXT: undefined, PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}` };

/** Installed packages are tens of megabytes: nothing is left behind. */
const folders: string[] = [];
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** An empty folder outside of the checkout, removed when the process ends. */
export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-scratch-'));
  folders.push(folder);
  return folder;
}

/** The files of the checkout that git knows or would add. */
export function checkoutFiles(): string[] {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: checkout, encoding: 'utf8' });
  return listed.split('\0').filter((file) => file !== '');
}

/** A copy of the checkout as it is, with its packages linked: what runs there writes nothing into the checkout. */
export function checkoutCopy(): string {
  const copy = emptyFolder();
  for (const file of checkoutFiles()) cpSync(join(checkout, file), join(copy, file), { errorOnExist: false, force: true, recursive: true });
  symlinkSync(join(checkout, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

/** How a program ended and what it said. */
export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a program to its end. */
export function run(program: string, args: readonly string[], options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> }): Promise<Ended> {
  const child = spawn(program, args, { cwd: options.cwd, env: { ...process.env, ...nodeFirst, ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      evidence('command', output);
      resolve({ code, output });
    });
  });
}
