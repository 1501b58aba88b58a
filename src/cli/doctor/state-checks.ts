import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { lockHolder } from '../../state/lock.ts';
import type { Plan } from '../../topology/model.ts';
import type { Finding } from './finding.ts';
import { failure, ok, warning } from './finding.ts';

/** Bytes below which a disk is nearly full: state is written twice while it is restored. */
const little = 1024 ** 3;

/** statfs types of file systems that are gone with the machine or the container (linux/magic.h). */
const passing: ReadonlyMap<number, string> = new Map([[0x01021994, 'tmpfs, memory'], [0x794c7630, 'overlay, the container itself']]);

/** The folder for state and its disk. */
export function stateFindings(plan: Plan, stateDir: string): Finding[] {
  const area = 'state';
  const folder = existing(stateDir);
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch {
    return [failure(area, `${folder} cannot be written`, `Give this user the folder, or name another one: --state-dir DIR.`)];
  }
  const holder = lockHolder(stateDir);
  const found = [ok(area, `${stateDir}${existsSync(stateDir) ? '' : ' will be made'}${holder === null ? '' : `, in use by process ${holder}`}`)];
  const free = freeBytes(folder);
  const amount = `${(free / 1024 ** 3).toFixed(1)} GiB free under ${folder}`;
  found.push(free < little ? failure('disk', amount, 'Make room: with less than 1 GiB a restore may not fit, and tasks wait on a full disk.') : ok('disk', amount));
  const kind = passing.get(typeOf(folder));
  if (kind !== undefined && plan.subTopologies.some(({ stores }) => stores.length > 0)) {
    found.push(warning('disk', `state lies on ${kind}`, plan.state.changelog ? 'It is rebuilt from the changelog at each start; give --state-dir a volume that stays.' : 'With changelog: off it would be lost for good: give --state-dir a volume that stays.'));
  }
  return found;
}

/** What state lies on, where that does not stay; null for a disk. */
export function passingStorage(stateDir: string): string | null {
  return passing.get(typeOf(existing(stateDir))) ?? null;
}


function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

function typeOf(folder: string): number {
  return statfsSync(folder).type;
}

/** The nearest folder that is there. */
function existing(path: string): string {
  let folder = resolve(path);
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

