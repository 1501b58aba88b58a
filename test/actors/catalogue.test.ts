import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { catalogue, findComponent } from '../../actors/catalogue.ts';
import type { Component } from '../../actors/component.ts';
import type { JsonSchema } from '../../src/topology/generate-schema.ts';
import { toSchema } from '../../src/topology/generate-schema.ts';
import { nodeSchema, topologySchema } from '../../src/topology/schema.ts';
import { readTopology } from '../../src/topology/read.ts';

const actors = join(import.meta.dirname, '../../actors');

/** Folders with components, and the kind of these. */
const folders = { source: 'source', table: 'table', transform: 'transform', window: 'transform', join: 'transform', sink: 'sink' };

/** Files that define a component: `source/kafka`, … */
function definitions(): string[] {
  return Object.entries(folders).flatMap(([folder, kind]) =>
    readdirSync(join(actors, folder), { withFileTypes: true })
      .filter((file) => file.isFile() && /\bdefine(Source|Table|Transform|Sink)\(/.test(readFileSync(join(actors, folder, file.name), 'utf8')))
      .map(({ name }) => `${kind}/${name.replace('.ts', '')}`)
  );
}

/** A whole topology around a component's example: what it reads and who reads it are added where they are missing. */
function complete(component: Component): object {
  const example = parse(component.example) as Record<string, Record<string, { topic?: unknown; from?: unknown; with?: unknown }>>;
  const sources: Record<string, object> = { ...example['sources'] };
  const nodes = { ...example['transforms'], ...example['sinks'] };
  // A table is of use only to those that look up in it, and they need one.
  const tables: Record<string, object> = { ...example['tables'] };
  for (const { table } of Object.values(example['transforms'] ?? {}) as { readonly table?: string }[]) if (table !== undefined) tables[table] ??= { type: 'kafka', topic: `rows-${table}` };
  const read = Object.values(nodes).flatMap(({ from, with: other }) => [from, other ?? []].flat() as string[]).filter((name) => !(name in (example['transforms'] ?? {})));
  for (const name of read) sources[name] ??= { type: 'kafka', topic: `in-${name}` };
  const outputs = Object.entries(example['transforms'] ?? {}).flatMap(([name, node]) => {
    const ports = component.outputs?.(component.config.parse(withoutCommon(node))) ?? [''];
    return ports.map((port) => (port === '' ? name : `${name}.${port}`));
  });
  const unread = [...outputs, ...Object.keys(sources).filter((name) => !read.includes(name))];
  const sinks = { ...example['sinks'], ...(unread.length > 0 && { rest: { type: 'kafka', from: unread, topic: 'rest' } }) };
  return { name: 'example', broker: { type: 'embedded', path: './data' }, sources, tables, transforms: example['transforms'] ?? {}, sinks };
}

function withoutCommon(node: object): object {
  return Object.fromEntries(Object.entries(node).filter(([key]) => !['type', 'from', 'on_error'].includes(key)));
}

/** Options without a description, nested ones too. */
function undescribed(schema: JsonSchema, path: string): string[] {
  const missing: string[] = [];
  for (const [key, option] of Object.entries(schema.properties ?? {})) {
    if (option.description === undefined || option.description === '') missing.push(`${path}.${key}`);
    missing.push(...undescribed(option, `${path}.${key}`));
    for (const branch of (option['anyOf'] ?? option['oneOf'] ?? []) as JsonSchema[]) missing.push(...undescribed(branch, `${path}.${key}`));
  }
  return missing;
}

describe('the catalogue', () => {
  it('holds every component that a file defines, and nothing else', () => {
    assert.deepEqual(catalogue.map(({ kind, type }) => `${kind}/${type}`).sort(), definitions().sort());
  });

  it('finds a component by kind and type', () => {
    assert.equal(findComponent('sink', 'kafka')?.kind, 'sink');
    assert.equal(findComponent('transform', 'kafka'), undefined);
  });

  it('describes every option', () => {
    assert.deepEqual(undescribed(toSchema(topologySchema), ''), []);
    for (const component of catalogue) assert.deepEqual(undescribed(toSchema(nodeSchema(component)), component.type), []);
  });

  for (const component of catalogue) {
    it(`has an example of ${component.kind} ${component.type} that loads`, () => {
      // As a file in config/, where what the examples name is.
      const { plan, file } = readTopology(join(actors, '../config/example.yaml'), JSON.stringify(complete(component)), { env: {} });
      assert.ok(plan !== null, JSON.stringify(file.problems));
      const used = component.kind === 'table' ? plan.tables.some(({ type }) => type === component.type) : plan.nodes.some(({ kind, type }) => kind === component.kind && type === component.type);
      assert.ok(used);
    });
    it(`has a summary of ${component.kind} ${component.type} in sentences`, () => assert.match(component.summary, /^[A-Z].*\.$/));
  }
});
