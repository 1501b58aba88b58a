import { decodeEntry } from './entry-codec.ts';
import { Environment } from './environment.ts';
import { readIdentity, readProgress } from './meta.ts';
import { decodeChunk } from './prepared-codec.ts';
import { metaName, preparedName } from './task-disk.ts';

/** What reading all of an environment found. */
export interface Walk {
  /** Entries, by store. */
  readonly entries: Readonly<Record<string, number>>;
  /** What is damaged: where, and how. The first ones; `bad` counts all. */
  readonly problems: readonly string[];
  readonly bad: number;
}

const shown = 10;

/** Reads every entry of every database, and checks it. LMDB may crash the process: run it in one of its own (`verify.ts`). */
export function walk(dir: string): Walk {
  const environment = new Environment(dir, { readOnly: true });
  const entries: Record<string, number> = {};
  const problems: string[] = [];
  let bad = 0;
  const attempt = (where: string, check: () => void): void => {
    try {
      check();
    } catch (error) {
      bad++;
      if (problems.length < shown) problems.push(`${where}: ${(error as Error).message}`);
    }
  };
  try {
    const names = environment.names();
    attempt(metaName, () => { if (names.includes(metaName)) [readIdentity, readProgress].forEach((read) => read(environment.table(metaName))); });
    for (const name of names.filter((found) => found !== metaName)) {
      let count = 0;
      attempt(name, () => {
        for (const { key, value } of environment.table(name).getRange()) {
          count++;
          attempt(name, () => { if (name === preparedName) decodeChunk(value); else decodeEntry(key, value); });
        }
      });
      if (name !== preparedName) entries[name] = count;
    }
  } finally {
    environment.close();
  }
  return { entries, problems, bad };
}
