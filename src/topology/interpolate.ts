import { readFileSync } from 'node:fs';
import type { RegistrySource } from '../codec/registry/registries.ts';
import type { ProblemCode } from './problem.ts';

/** What a file refers to outside of itself. */
export interface Environment {
  /** Where interpolated values come from. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Who speaks with the schema registries that it names; by default clients of its own, that keep nothing on disk. */
  readonly registries?: RegistrySource;
}

/** A scalar with its `${…}` resolved. */
export interface Interpolated {
  readonly text: string;
  /** True where the whole scalar is one `${…}`: it may then stand for a number or a boolean. */
  readonly whole: boolean;
  /** Values that came from outside the file, to be kept out of logs. */
  readonly secrets: readonly string[];
  readonly problems: readonly { readonly code: ProblemCode; readonly message: string; readonly hint?: string }[];
}

/** `$${` is a literal `${`; else everything up to the next brace. */
const reference = /\$\$\{|\$\{([^}]*)(\}?)/g;

/** Resolves `${env:NAME}`, `${env:NAME:-default}` and `${file:/path}` in one scalar; `$${` is a literal `${`. */
export function interpolate(text: string, environment: Environment): Interpolated {
  const secrets: string[] = [];
  const problems: Interpolated['problems'][number][] = [];
  const result = text.replace(reference, (match: string, inner: string | undefined, close: string | undefined) => {
    if (match === '$${') return '${';
    if (close !== '}') {
      problems.push({ code: 'bad_interpolation', message: 'expected a } that closes ${, found none', hint: 'write $${ for a literal ${' });
      return match;
    }
    const resolved = resolve(inner ?? '', environment);
    if ('code' in resolved) {
      problems.push(resolved);
      return '';
    }
    if (resolved.secret) secrets.push(resolved.value);
    return resolved.value;
  });
  const whole = /^\$\{[^}]*\}$/.test(text);
  return { text: result, whole, secrets, problems };
}

type Resolved = { readonly value: string; readonly secret: boolean } | Interpolated['problems'][number];

function resolve(inner: string, environment: Environment): Resolved {
  if (inner.startsWith('env:')) return fromEnvironment(inner.slice(4), environment);
  if (inner.startsWith('file:')) return fromFile(inner.slice(5));
  return {
    code: 'bad_interpolation',
    message: `expected \${env:NAME}, \${env:NAME:-default} or \${file:/path}, found \${${inner}}`,
    hint: `${/^\w+$/.test(inner) ? `write \${env:${inner}}, or` : 'write'} $\${ for a literal \${`
  };
}

/**
 * Environment variables whose value must not be printed, by what is usual in their names. An address or a topic is
 * no secret, and a log without them helps nobody; what a `${file:…}` holds is one always.
 */
const secretName = /pass|pwd|secret|token|key|credential|private|auth|sasl/i;

function fromEnvironment(inner: string, { env }: Environment): Resolved {
  const split = inner.indexOf(':-');
  const name = split < 0 ? inner : inner.slice(0, split);
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    return { code: 'bad_interpolation', message: `expected the name of an environment variable, found ${JSON.stringify(name)}` };
  }
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  // As in a shell, `:-` also stands in for an empty value.
  if (split >= 0 && (value === undefined || value === '')) return { value: inner.slice(split + 2), secret: false };
  if (value !== undefined) return { value, secret: secretName.test(name) };
  return {
    code: 'unset_variable',
    message: `the environment variable ${name} is not set`,
    hint: `set it, or give a default: \${env:${name}:-default}`
  };
}

function fromFile(path: string): Resolved {
  try {
    return { value: readFileSync(path, 'utf8').replace(/\r?\n$/, ''), secret: true };
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
    return { code: 'unreadable_file', message: `cannot read ${path === '' ? 'a file without a name' : path} (${reason})` };
  }
}
