import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { Plan } from '../topology/model.ts';
import { loadTopologies } from '../topology/load.ts';
import { packagePath } from './package-root.ts';

/** A ready topology of the package. */
export interface Example {
  /** Its file's name without the ending. */
  readonly name: string;
  readonly file: string;
  /** What it is for: the first sentence of the comment it begins with. */
  readonly purpose: string;
}

/** A file to be written. */
export interface NewFile {
  readonly path: string;
  readonly content: Buffer;
}

/** What became of files that were to be written. */
export interface Created {
  readonly written: readonly string[];
  /** Those that were there, with another content: nothing was written. */
  readonly taken: readonly string[];
  readonly problems: readonly { readonly path: string; readonly reason: string }[];
}

const folder = packagePath('config');
const schemas = ['topology.schema.json', 'cases.schema.json'];

/** Every topology in config/, by name. */
export function examples(): Example[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml') && !name.endsWith('_test.yaml')).sort();
  return files.map((name) => {
    const file = join(folder, name);
    return { name: name.slice(0, -'.yaml'.length), file, purpose: purposeOf(readFileSync(file, 'utf8')) };
  });
}

/** The first paragraph of comments behind the editor's line, up to its first full stop. */
function purposeOf(text: string): string {
  const comments = /^(?:#.*\n)+/.exec(text)?.[0].split('\n') ?? [];
  const lines = comments.map((line) => line.replace(/^#\s?/, '')).filter((line) => line !== '' && !line.startsWith('yaml-language-server:'));
  return /^.*?[.](?=\s|$)/.exec(lines.join(' '))?.[0] ?? lines.join(' ');
}

/** An example as files around `target`: the topology and its cases, the editor's schemas beside them, and what the topology names, in the same places relative to it. */
export function filesOf({ file }: Example, target: string): NewFile[] {
  const { plans, problems } = loadTopologies([file], { env: process.env });
  const [plan] = plans;
  if (plan === undefined) throw new Error(`${file} is not valid: ${problems.map(({ message }) => message).join('; ')}`);
  const beside = dirname(resolve(target));
  const named = [...plan.files.slice(1), ...tableFiles(plan)].map((path) => relative(folder, resolve(path)));
  return [
    { path: resolve(target), content: readFileSync(file) },
    { path: resolve(casesOf(target)), content: readFileSync(casesOf(file)) },
    ...[...schemas, ...named].map((path) => ({ path: join(beside, path), content: readFileSync(join(folder, path)) }))
  ];
}

/** Files that hold the rows of tables. */
function tableFiles({ tables }: Plan): string[] {
  return tables.flatMap((table) => {
    const logic = table.build();
    return logic.from === 'file' ? [logic.path] : [];
  });
}

/** The file of the cases of a topology. */
function casesOf(file: string): string {
  return file.replace(/\.ya?ml$/, '_test$&');
}

/** Writes all of the files, or none where one is there with another content; with `force` over what is there. */
export function createFiles(files: readonly NewFile[], force: boolean): Created {
  const missing = files.filter(({ path, content }) => !existsSync(path) || !isSame(path, content));
  const taken = force ? [] : missing.filter(({ path }) => existsSync(path)).map(({ path }) => relative('', path));
  // The topology itself is never passed over in silence, even where it is the same.
  const [topology] = files;
  if (!force && taken.length === 0 && topology !== undefined && existsSync(topology.path)) taken.push(relative('', topology.path));
  if (taken.length > 0) return { written: [], taken, problems: [] };
  const written: string[] = [];
  const problems: { path: string; reason: string }[] = [];
  for (const { path, content } of missing) {
    try {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
      written.push(path);
    } catch (error) {
      problems.push({ path, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return { written, taken: [], problems };
}

function isSame(path: string, content: Buffer): boolean {
  try {
    return readFileSync(path).equals(content);
  } catch {
    return false;
  }
}
