import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Codec, Part } from '../../actors/codec.ts';
import type { ReaderCodecConfig, WriterCodecConfig } from '../../actors/codec-options.ts';
import type { BuildContext, Path, ScriptModule, Validator } from '../../actors/component.ts';
import { createReader } from '../codec/create-reader.ts';
import { createWriter } from '../codec/create-writer.ts';
import { plainCodecs } from '../codec/plain.ts';
import { compileSchema } from '../codec/schema.ts';
import type { CodecServices } from '../codec/services.ts';
import type { SourceFile } from './document.ts';
import { compileExpression } from './expression/compile.ts';
import type { CompiledExpression, ExpressionProblem } from './expression/compile.ts';
import { compileAggregate } from './expression/aggregate.ts';
import { compileFold } from './expression/fold.ts';
import { openScript, ScriptProblem } from './script/open.ts';

const acceptsAll: Validator = () => null;

/** Stands in for a script with mistakes; what is built with it never runs. */
const noScript: ScriptModule = {
  name: '',
  form: { kind: 'record', call: () => undefined },
  guard: () => 'done',
  explain: String,
  pause: () => Promise.resolve()
};

/** The context in which a node of a file is built; `at` is the node's place. Schemas and scripts are read once, when the file is loaded. */
export class NodeContext implements BuildContext {
  readonly #file: SourceFile;
  readonly #at: Path;
  readonly #validators = new Map<string, Validator>();
  readonly #scripts = new Map<string, ScriptModule | null>();
  readonly #codecs = new Map<string, Codec>();
  readonly #compiled = new Map<string, CompiledExpression>();
  #checked = false;

  readonly #only: readonly string[] | null;

  /** With `only`, problems of other codes are kept back. */
  constructor(file: SourceFile, at: Path, only: readonly string[] | null = null) {
    this.#file = file;
    this.#at = at;
    this.#only = only;
  }

  get name(): string {
    return String(this.#at[this.#at.length - 1] ?? '');
  }

  /** From now on what is built is run: mistakes were reported the first time. */
  seal(): void {
    this.#checked = true;
  }

  expression(source: string, at: Path, type: 'bool' | 'any' = 'any') {
    const compiled = this.#compile(source, type);
    this.#reportAll(at, compiled.problems);
    return compiled.create();
  }

  uses(source: string, variable: string): boolean {
    return this.#compile(source, 'any').uses.has(variable);
  }

  aggregate(source: string, at: Path) {
    const { problems, call } = compileAggregate(source);
    this.#reportAll(at, problems);
    return call;
  }

  fold(source: string, at: Path, variables: readonly [string, string]) {
    const { problems, run } = compileFold(source, variables);
    this.#reportAll(at, problems);
    return run;
  }

  /** Codecs have no state of a task: what was compiled once serves all of them. */
  reader(config: ReaderCodecConfig, at: Path, part: Part) {
    return this.#codec(`read ${part} ${JSON.stringify(config)}`, () => createReader(config, at, part, this.#services));
  }

  writer(config: WriterCodecConfig, at: Path, part: Part) {
    return this.#codec(`write ${part} ${JSON.stringify(config)}`, () => createWriter(config, at, part, this.#services));
  }

  plain(type: 'json' | 'text') {
    return plainCodecs[type];
  }

  schema(path: string, at: Path): Validator {
    const known = this.#validators.get(path);
    if (known !== undefined) return known;
    const validator = this.#readSchema(path, at);
    this.#validators.set(path, validator);
    return validator;
  }

  script(path: string, at: Path): ScriptModule {
    let module = this.#scripts.get(path);
    if (module === undefined) {
      module = this.#openScript(path, at);
      this.#scripts.set(path, module);
    }
    return module ?? noScript;
  }

  path(file: string): string {
    return resolve(dirname(this.#file.file), file);
  }

  problem(at: Path, code: string, message: string, hint?: string): void {
    this.#report(at, code, message, hint);
  }

  #codec(key: string, make: () => Codec): Codec {
    let codec = this.#codecs.get(key);
    if (codec === undefined) {
      codec = make();
      this.#codecs.set(key, codec);
    }
    return codec;
  }

  get #services(): CodecServices {
    return {
      registry: this.#file.registry,
      path: (file) => this.path(file),
      read: (file) => {
        const path = this.path(file);
        const text = readFileSync(path, 'utf8');
        this.#file.names(path, text);
        return text;
      },
      names: (file, content) => { this.#file.names(file, content); },
      validator: (file, at) => this.schema(file, at),
      problem: (...problem) => { this.#report(...problem); }
    };
  }

  #compile(source: string, type: 'bool' | 'any'): CompiledExpression {
    const key = `${type}:${source}`;
    const known = this.#compiled.get(key);
    if (known !== undefined) return known;
    const compiled = compileExpression(source, type);
    this.#compiled.set(key, compiled);
    return compiled;
  }

  #readSchema(path: string, at: Path): Validator {
    const file = resolve(dirname(this.#file.file), path);
    try {
      const text = readFileSync(file, 'utf8');
      this.#file.names(file, text);
      return compileSchema(JSON.parse(text));
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const reason = code === 'ENOENT' ? 'no such file' : message;
      this.#report(at, 'bad_schema', `cannot use the JSON Schema ${path}: ${reason}`, 'the path is relative to the topology file');
      return acceptsAll;
    }
  }

  #openScript(path: string, at: Path): ScriptModule | null {
    try {
      const { module, files } = openScript(resolve(dirname(this.#file.file), path));
      for (const [file, text] of files) this.#file.names(file, text);
      return module;
    } catch (error) {
      if (!(error instanceof ScriptProblem)) throw error;
      this.#report(at, 'bad_script', `cannot use the script ${path}: ${error.message}`, error.hint);
      return null;
    }
  }

  #reportAll(at: Path, problems: readonly ExpressionProblem[]): void {
    for (const { offset, code, message, hint } of problems) this.#report(at, code, message, hint, offset);
  }

  #report(at: Path, code: string, message: string, hint?: string, offset?: number): void {
    if (this.#checked) throw new Error(`a node was built again with a mistake: ${message}`);
    if (this.#only !== null && !this.#only.includes(code)) return;
    this.#file.report([...this.#at, ...at], code, message, hint, offset === undefined ? {} : { offset });
  }
}
