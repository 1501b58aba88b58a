import { Failure } from '../../actors/failure.ts';

/** LMDB's and the system's codes of a disk, or map, that takes no more. */
const fullCodes: readonly unknown[] = ['ENOSPC', 'EDQUOT', 28, 122, -30792];

/** LMDB's codes of a file that is not what it should be: page not found, corrupted, version mismatch, invalid, page full, bad checksum. */
const damageCodes: readonly unknown[] = [-30797, -30796, -30794, -30793, -30786, -30777];

/** What LMDB threw, as a failure where its code tells of the disk or the file. Other errors are left as they are: they say nothing against what is stored. */
export function lmdbFailure(error: unknown, dir: string): Error {
  if (error instanceof Failure) return error;
  const thrown = error instanceof Error ? error : new Error(String(error));
  const { code } = thrown as { code?: unknown };
  if (fullCodes.includes(code)) return new Failure('state_disk_full', `State could not be written to ${dir}: ${thrown.message}.`, { cause: error });
  if (damageCodes.includes(code)) return new Failure('state_corrupt', `The state in ${dir} is damaged: ${thrown.message}.`, { cause: error });
  return thrown;
}

/** Whether an error says that what is stored is damaged. */
export function isDamage(error: unknown): error is Failure {
  return error instanceof Failure && error.code === 'state_corrupt';
}
