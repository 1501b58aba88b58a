import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { Failure } from '../../../actors/failure.ts';
import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { builtIn } from '../../../src/codec/protobuf/built-in.ts';
import { fileOfDescriptor, filesOfSet } from '../../../src/codec/protobuf/descriptor.ts';
import { protobufFormat } from '../../../src/codec/protobuf/format.ts';
import { link } from '../../../src/codec/protobuf/link.ts';
import { parseProto } from '../../../src/codec/protobuf/parse.ts';
import { readProtobuf } from '../../../src/codec/protobuf/source.ts';
import { readFileSync } from 'node:fs';

const folder = mkdtempSync(join(tmpdir(), 'millrace-proto-'));
after(() => { rmSync(folder, { recursive: true }); });
function file(name: string, content: string): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, content);
  return path;
}
function refused(path: string, imports: string[] = [], message: string | null = null): string {
  let text = '';
  assert.throws(() => readProtobuf({ path, imports, message }), (error: unknown) => {
    if (!(error instanceof Failure)) return false;
    text = error.message;
    return error.code === 'schema_unusable';
  });
  return text;
}

describe('.proto files', () => {
  it('bring what they import, from several folders, each file once', () => {
    const path = file('a/main.proto', 'syntax = "proto3"; import "common/b.proto"; import public "c.proto"; import "google/protobuf/timestamp.proto"; message A { common.B b = 1; C c = 2; google.protobuf.Timestamp t = 3; }');
    file('x/common/b.proto', 'syntax = "proto3"; package common; import "c.proto"; message B { C c = 1; }');
    file('y/c.proto', 'syntax = "proto3"; message C { int32 n = 1; }');
    const schema = readProtobuf({ path, imports: [join(folder, 'x'), join(folder, 'y')], message: null });
    assert.deepEqual(schema.references.map(({ name }) => name), ['common/b.proto', 'c.proto']);
    assert.equal(schema.references[0]?.schema.references[0]?.schema, schema.references[1]?.schema);
    const format = protobufFormat({ long: 'auto', message: null, framing: false });
    const value = { b: { c: { n: 1 } }, c: { n: 2 }, t: '2024-01-01T00:00:00Z' };
    assert.deepEqual(format.reader(schema).read(format.writer(schema).write(value)), value);
  });

  it('that are missing, import themselves or lie elsewhere are refused', () => {
    assert.match(refused(file('m.proto', 'syntax = "proto3"; import "nowhere.proto"; message A {}')), /expected the imported file nowhere\.proto in .*, found none/);
    file('o/one.proto', 'syntax = "proto3"; import "two.proto"; message One {}');
    file('o/two.proto', 'syntax = "proto3"; import "one.proto"; message Two {}');
    assert.match(refused(join(folder, 'o/one.proto')), /expected no file to import itself/);
    assert.match(refused(file('self.proto', 'import "self.proto"; message A {}')), /import itself/);
    assert.match(refused(file('up.proto', 'import "../../etc/passwd"; message A {}')), /expected imports below a folder/);
    assert.match(refused(file('root.proto', 'import "/etc/passwd"; message A {}')), /expected imports below a folder/);
    assert.match(refused(file('large.proto', ' '.repeat(1024 * 1024 + 1))), /at most 1 MiB/);
    assert.throws(() => readProtobuf({ path: join(folder, 'gone.proto'), imports: [], message: null }), { code: 'ENOENT' });
  });
});

describe('descriptor sets', () => {
  const path = 'test/golden/protobuf/descriptors.binpb';

  it('say of each file what its text says', () => {
    const files = filesOfSet(readFileSync(path));
    // Links what was parsed, so that names are whole: a file is the same whether a text or protoc says it.
    const texts = files.map(({ file }) => (file.name.startsWith('google/') ? builtIn(file.name)! : parseProto(file.name, readFileSync(`test/golden/protobuf/${file.name}`, 'utf8'))));
    link(texts);
    for (const [index, { file, bytes }] of files.entries()) {
      assert.deepEqual(comparable(fileOfDescriptor(bytes)), comparable(texts[index]!), file.name);
    }
  });

  it('give the file with the message, or the last, with those that it imports', () => {
    assert.deepEqual(readProtobuf({ path, imports: [], message: 'golden.edition.Modern' }).references.map(({ name }) => name), ['legacy2.proto']);
    assert.deepEqual(readProtobuf({ path, imports: [], message: 'golden.Maps.Inner' }).references, []);
    const last = protobufFormat({ long: 'auto', message: null, framing: false }).writer(readProtobuf({ path, imports: [], message: null }));
    assert.equal(last.name, 'golden.delimited.All');
    assert.match(refused(path, [], 'golden.Nope'), /expected the message golden\.Nope/);
    assert.throws(() => readProtobuf({ path: file('junk.binpb', 'junk'), imports: [], message: null }), Failure);
    assert.match(refused(file('empty.binpb', '')), /a descriptor set with a file/);
  });
});

/** Both forms say the same, but the text's has only what changes bytes or values: no defaults, no ranges, no oneof around each optional field. */
function comparable(file: FileDescriptorProto): unknown {
  const left = new Set(['$typeName', '$unknown', 'defaultValue', 'extensionRange', 'reservedRange', 'reservedName', 'deprecated', 'service']);
  return JSON.parse(JSON.stringify(file), (key, value: unknown) => {
    if (left.has(key) || (key === 'jsonName' && typeof value === 'string' && !value.includes('-'))) return undefined;
    if (key === 'oneofDecl') return (value as { name: string }[]).filter(({ name }) => !name.startsWith('_'));
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const { options, ...rest } = value as { options?: object; proto3Optional?: boolean; oneofIndex?: number };
    if (rest.proto3Optional === true) delete rest.oneofIndex;
    const kept = Object.entries(options ?? {}).filter(([name]) => ['packed', 'mapEntry', 'features', 'messageSetWireFormat'].includes(name));
    return kept.length === 0 ? rest : { ...rest, options: Object.fromEntries(kept) };
  });
}
