import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a registry said before, in files, for the time when it does not answer. Schemas never change under their id. Losing it loses nothing: errors of the disk are no errors here. */
export class RegistryDisk {
  readonly #folder: string;

  /** In a folder of the registry's own below this one. */
  constructor(parent: string, urls: readonly string[]) {
    this.#folder = join(parent, hash(JSON.stringify(urls)).slice(0, 16));
  }

  /** What was kept under a key; undefined for nothing that can be used. */
  get(key: string): unknown {
    try {
      const kept = JSON.parse(readFileSync(this.#file(key), 'utf8')) as { key?: unknown; value?: unknown };
      return kept.key === key ? kept.value : undefined;
    } catch {
      return undefined;
    }
  }

  /** Keeps it: whole or not at all. */
  put(key: string, value: unknown): void {
    const file = this.#file(key);
    const half = `${file}.${process.pid}`;
    try {
      mkdirSync(this.#folder, { recursive: true });
      writeFileSync(half, JSON.stringify({ key, value }));
      renameSync(half, file);
    } catch {
      // A full or read-only disk: the registry is asked again instead.
    }
  }

  #file(key: string): string {
    return join(this.#folder, `${hash(key).slice(0, 32)}.json`);
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
