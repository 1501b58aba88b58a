import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { Failure } from '../../../actors/failure.ts';
import { fileOfDescriptor, filesOfSet } from '../../../src/codec/protobuf/descriptor.ts';
import { protobufFormat } from '../../../src/codec/protobuf/format.ts';
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
    for (const { name, bytes } of filesOfSet(readFileSync(path))) {
      if (name.startsWith('google/')) continue;
      const text = parseProto(name, readFileSync(`test/golden/protobuf/${name}`, 'utf8'));
      const found = fileOfDescriptor(bytes);
      assert.deepEqual(comparable(found), comparable(text), name);
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

/** Both forms say the same; they differ in how they say it: names that a descriptor has in full, defaults that it writes out. */
function comparable(tree: object): unknown {
  return JSON.parse(JSON.stringify(tree), (key, value: unknown) => {
    if (key === 'type' || key === 'extendee') return typeof value === 'string' ? value.slice(value.lastIndexOf('.') + 1) : value;
    if (key === 'jsonName' || key === 'label') return null;
    if (key === 'oneofs' || key === 'oneofFeatures') return (value as unknown[]).filter((one) => typeof one === 'string' && !one.startsWith('_'));
    return value;
  });
}
