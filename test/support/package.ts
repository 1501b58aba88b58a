import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Skippable } from './kafka.ts';
import { checkout, checkoutCopy, emptyFolder, run } from './scratch.ts';

/** `npm pack` of the checkout as it is; gives the tarball's path. */
export async function pack(): Promise<string> {
  const folder = emptyFolder();
  // The copy has no history of its own, and the package is to say which commit it was made from.
  const gitDir = execFileSync('git', ['rev-parse', '--absolute-git-dir'], { cwd: checkout, encoding: 'utf8' }).trim();
  const packed = await run('npm', ['pack', '--pack-destination', folder], { cwd: checkoutCopy(), env: { GIT_DIR: gitDir } });
  assert.equal(packed.code, 0, packed.output);
  const [tarball] = globSync('*.tgz', { cwd: folder });
  return join(folder, tarball as string);
}

/** Installs packages into a new folder; where there is no registry the test is skipped, and fails on CI. */
export async function installed(t: Skippable, packages: readonly string[]): Promise<string | null> {
  const folder = emptyFolder();
  writeFileSync(join(folder, 'package.json'), '{ "name": "user", "private": true, "type": "module" }\n');
  const { code, output } = await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...packages], { cwd: folder });
  return reached(t, code, output) ? folder : null;
}

/** Whether npm got what it asked for; a registry out of reach skips the test, anything else fails it. */
export function reached(t: Skippable, code: number | null, output: string): boolean {
  if (code === 0) return true;
  const away = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ECONNRESET|ENETUNREACH|ENOTCACHED/.exec(output);
  assert.ok(away !== null && process.env['CI'] !== 'true', output);
  t.skip(`the npm registry is out of reach (${away[0]})`);
  return false;
}
