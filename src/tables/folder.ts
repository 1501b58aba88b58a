import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootId } from './boot-id.ts';

/** What a folder is called that stands for a name. */
function encodeName(name: string): string {
  return encodeURIComponent(name).replaceAll('.', '%2E').replaceAll('*', '%2A');
}

/** Takes the tables of a topology away that it does not name any more. */
export function removeOthers(dir: string, topology: string, tables: readonly string[]): void {
  const parent = join(dir, 'tables', encodeName(topology));
  const kept = new Set(tables.map(encodeName));
  for (const name of namesIn(parent)) if (!kept.has(name)) rmSync(join(parent, name), { recursive: true, force: true });
}

/** What is noted beside a generation that may be used again. */
interface Kept {
  /** Its folder. */
  readonly generation: string;
  /** What its rows were made by. */
  readonly holds: string;
  /** The machine's run in which it was written: nothing of it was flushed. */
  readonly boot: string;
  /** How often it was opened since it was closed in good order. */
  readonly opens: number;
}

/** Opened so often without having been closed, it may be what ended the process. */
const mostOpens = 2;

/** `<dir>/tables/<topology>/<table>`: a folder for each generation, and `kept.json`, which says of one that it may be used again. */
export class TableFolder {
  readonly #path: string;
  #number = 0;
  #kept: Kept | null = null;

  constructor(dir: string, topology: string, table: string) {
    this.#path = join(dir, 'tables', encodeName(topology), encodeName(table));
  }

  /** The folder of a generation that an earlier run left and this one may use; null for none. What else there is goes. */
  reuse(holds: string | null): string | null {
    const found = holds === null ? null : this.#read();
    const usable = found !== null && found.holds === holds && found.boot !== '' && found.boot === bootId() && found.opens < mostOpens;
    const kept = usable ? found : null;
    for (const name of namesIn(this.#path)) if (name !== kept?.generation && name !== keptName) rmSync(join(this.#path, name), { recursive: true, force: true });
    if (kept === null) {
      this.forget();
      return null;
    }
    this.#number = Number(kept.generation);
    this.#write({ ...kept, opens: kept.opens + 1 });
    return join(this.#path, kept.generation);
  }

  /** A folder for a new generation; with `holds` it may be used again, in place of any other. */
  next(holds: string | null): string {
    this.#number += 1;
    const generation = String(this.#number);
    mkdirSync(this.#path, { recursive: true });
    if (holds !== null) this.#write({ generation, holds, boot: bootId(), opens: 1 });
    return join(this.#path, generation);
  }

  /** All is closed in good order. */
  closed(): void {
    if (this.#kept !== null) this.#write({ ...this.#kept, opens: 0 });
  }

  /** What there is must not be used again. */
  forget(): void {
    this.#kept = null;
    rmSync(join(this.#path, keptName), { force: true });
  }

  #read(): Kept | null {
    try {
      const found = JSON.parse(readFileSync(join(this.#path, keptName), 'utf8')) as Partial<Kept> | null;
      return typeof found?.generation === 'string' && /^\d+$/.test(found.generation) && typeof found.opens === 'number' ? (found as Kept) : null;
    } catch {
      return null;
    }
  }

  #write(kept: Kept): void {
    this.#kept = kept;
    const file = join(this.#path, keptName);
    writeFileSync(`${file}.new`, JSON.stringify(kept));
    renameSync(`${file}.new`, file);
  }
}

const keptName = 'kept.json';

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}
