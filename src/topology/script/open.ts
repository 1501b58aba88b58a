import { statSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { ScriptModule } from '../../../actors/component.ts';
import type { Script, ScriptBatch } from '../../../actors/script.ts';
import { formatDuration } from '../../../actors/options.ts';
import { explain } from './explain.ts';
import { guard } from './guard.ts';
import { loadBudget, loadModule, LoadTimeout } from './load.ts';
import type { LoadedModule } from './load.ts';

/** A script that cannot be used, and what to do about it. */
export class ScriptProblem extends Error {
  readonly hint: string | undefined;

  constructor(message: string, hint: string | undefined) {
    super(message);
    this.hint = hint;
  }
}

/** A script with the files that it is made of. */
export interface OpenedScript {
  readonly module: ScriptModule;
  readonly files: LoadedModule['files'];
}

const extensions = ['.ts', '.mts', '.js', '.mjs'];

const shape = 'export default a function (record, out, options), or export const batch for one that takes (records, out, options)';

/** Loads a script and checks what it exports. Throws a `ScriptProblem`. */
export function openScript(path: string): OpenedScript {
  checkFile(path);
  const { exports, files } = load(path);
  const name = basename(path);
  const module = { name, form: formOf(exports), guard: (milliseconds: number, work: () => void) => guard(milliseconds, work), explain: (error: unknown) => explain(error, name), pause };
  return { module, files };
}

/** Two rounds of the event loop: timers and sockets both had their turn, whatever phase this one began in. */
async function pause(): Promise<void> {
  await setImmediate();
  await setImmediate();
}

function checkFile(path: string): void {
  if (!extensions.includes(extname(path))) throw new ScriptProblem(`expected a file that ends in ${extensions.join(', ')}`, 'a script is a TypeScript or JavaScript module');
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile() !== true) throw new ScriptProblem(found === undefined ? 'no such file' : 'it is not a file', 'the path is relative to the topology file');
}

function load(path: string): LoadedModule {
  try {
    return loadModule(path);
  } catch (error) {
    if (error instanceof LoadTimeout) throw new ScriptProblem(`its top level is not done after ${formatDuration(loadBudget)}`, 'look for an endless loop outside of its functions');
    const code = (error as NodeJS.ErrnoException | null | undefined)?.code;
    throw new ScriptProblem(code === 'ERR_REQUIRE_ASYNC_MODULE' ? 'expected no await at its top level' : explain(error, basename(path)), loadHint(code, error));
  }
}

function loadHint(code: string | undefined, error: unknown): string | undefined {
  if (code === 'ERR_REQUIRE_ASYNC_MODULE') return 'a script is synchronous and does no I/O';
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') return 'types are stripped, not compiled: instead of an enum write an object with as const';
  if (code === 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING') return 'types are not stripped in node_modules: copy the script to a folder of your own';
  if (error instanceof SyntaxError) return /export named/.test(error.message) ? 'a type needs import type' : undefined;
  if (code === 'ERR_MODULE_NOT_FOUND') return 'imports name files with their extension; types of millrace need import type';
  return 'the script is run once when it is loaded';
}

/** The function of a module and the form it has. */
function formOf({ default: record, batch }: LoadedModule['exports']): ScriptModule['form'] {
  if (record !== undefined && batch !== undefined) throw new ScriptProblem('expected one of export default and export const batch, found both', 'two modules are two transforms');
  if (record === undefined && batch === undefined) throw new ScriptProblem('expected export default or export const batch, found neither', shape);
  checkFunction(record ?? batch, record === undefined ? 'batch' : 'export default');
  return record === undefined ? { kind: 'batch', call: batch as ScriptBatch<unknown, unknown> } : { kind: 'record', call: record as Script<unknown, unknown> };
}

function checkFunction(value: unknown, what: string): void {
  if (typeof value !== 'function') throw new ScriptProblem(`${what}: expected a function, found ${value === null ? 'null' : typeof value}`, shape);
  if (/^(Async|Generator|AsyncGenerator)Function$/.test(value.constructor.name)) {
    throw new ScriptProblem(`${what}: expected a plain function, found one that is async or a generator`, 'scripts are synchronous: what comes later comes too late for its record');
  }
}
