import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, it } from 'node:test';

const files = globSync('{actors,src}/**/*.ts').toSorted();

function importsOf(file: string): { specifier: string; path: string | null }[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/(?:from|import|require\()\s*'([^']+)'/g)].map((match) => {
    const specifier = match[1] as string;
    return { specifier, path: specifier.startsWith('.') ? normalize(join(dirname(file), specifier)) : null };
  });
}

/** For each part of the house: what it may import beside itself, as prefixes of paths. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  'actors/': [],
  // The embedded broker locks its folder as a daemon locks its own.
  'src/broker/': ['actors/', 'src/state/lock.ts'],
  'src/state/': ['actors/'],
  'src/codec/': ['actors/'],
  // A new state of a table is sorted as a store is that is restored.
  'src/tables/': ['actors/', 'src/state/run-file.ts'],
  'src/telemetry/': ['actors/'],
  'src/alerts/': ['actors/', 'src/topology/model.ts'],
  'src/admin/': ['actors/'],
  'src/topology/': ['actors/', 'src/codec/'],
  'src/runtime/': ['actors/', 'src/topology/model.ts'],
  // A daemon in small, on the embedded broker.
  'src/testing/': ['actors/', 'src/codec/', 'src/topology/', 'src/runtime/', 'src/state/', 'src/tables/', 'src/broker/embedded/']
};

describe('imports go one way', () => {
  for (const [part, others] of Object.entries(allowed)) {
    it(`${part} imports itself${others.length === 0 ? '' : `, ${others.join(', ')}`} and packages`, () => {
      const wrong = files
        .filter((file) => file.startsWith(part))
        .flatMap((file) => importsOf(file).map(({ path }) => ({ file, path })))
        .filter(({ path }) => path !== null && ![part, ...others].some((prefix) => path.startsWith(prefix)));
      assert.deepEqual(wrong, []);
    });
  }

  it('actors/ knows no library but the schema one, and nothing of Node', () => {
    const packages = new Set(files.filter((file) => file.startsWith('actors/')).flatMap((file) => importsOf(file).flatMap(({ specifier, path }) => (path === null ? [specifier] : []))));
    assert.deepEqual([...packages].filter((name) => name !== 'zod'), []);
  });

  it('the brokers do not know each other', () => {
    for (const [one, other] of [['embedded', 'kafkajs'], ['kafkajs', 'embedded']] as const) {
      const wrong = files.filter((file) => file.startsWith(`src/broker/${one}/`)).filter((file) => importsOf(file).some(({ path }) => path?.startsWith(`src/broker/${other}/`)));
      assert.deepEqual(wrong, []);
    }
  });

  for (const [name, only] of [['nact', 'src/runtime/system.ts'], ['pino', 'src/telemetry/log.ts'], ['@marcbachmann/cel-js', 'src/topology/expression/'], ['kafkajs', 'src/broker/kafkajs/'], ['lmdb', 'src/'], ['avsc', 'src/codec/avro/'], ['@bufbuild/protobuf', 'src/codec/protobuf/']] as const) {
    it(`${name} is imported under ${only} alone`, () => {
      const wrong = files.filter((file) => !file.startsWith(only) && importsOf(file).some(({ specifier }) => specifier === name || specifier.startsWith(`${name}/`)));
      assert.deepEqual(wrong, []);
    });
  }
});

describe('the house is tidy', () => {
  it('no file is longer than 400 lines', () => {
    const all = [...files, ...globSync('test/**/*.ts'), ...globSync('bench/**/*.ts')];
    const long = all.map((file) => [file, readFileSync(file, 'utf8').split('\n').length] as const).filter(([, lines]) => lines > 400);
    assert.deepEqual(long, []);
  });

  it('every export has a doc comment', () => {
    const bare = files.flatMap((file) => {
      const lines = readFileSync(file, 'utf8').split('\n');
      return lines.flatMap((line, index) => {
        if (!/^export (async )?(function|class|interface|type|const|abstract)/.test(line)) return [];
        const before = (lines[index - 1] ?? '').trim();
        return before.endsWith('*/') ? [] : [`${file}:${index + 1}: ${line.slice(0, 60)}`];
      });
    });
    assert.deepEqual(bare, []);
  });
});
