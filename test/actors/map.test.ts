import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { recordOf, run, transformOf } from '../topology/harness.ts';

function mapped(options: object, value: unknown): unknown {
  const { forwarded, failed } = run(transformOf({ type: 'map', ...options }), [recordOf(value)]);
  if (failed[0] !== undefined) throw failed[0].failure;
  return forwarded[0]?.record.value;
}

describe('map', () => {
  it('renames, keeps, removes and sets, in this order', () => {
    const options = { rename: { old: 'new' }, keep: ['new', 'a', 'b'], remove: ['a'], set: { c: 'value.old + value.gone' } };
    assert.deepEqual(mapped(options, { old: 1, a: 2, b: 3, gone: 4 }), { new: 1, b: 3, c: 5 });
  });

  it('works on nested fields', () => {
    const value = { user: { name: 'x', email: 'e', tags: [1] }, n: 1 };
    assert.deepEqual(mapped({ remove: ['user.email'] }, value), { user: { name: 'x', tags: [1] }, n: 1 });
    assert.deepEqual(mapped({ keep: ['user.name', 'user.none', 'n.x'] }, value), { user: { name: 'x' } });
    assert.deepEqual(mapped({ set: { 'user.name': '"y"', 'new.deep': '1' } }, value), { user: { name: 'y', email: 'e', tags: [1] }, n: 1, new: { deep: 1 } });
    assert.deepEqual(mapped({ rename: { 'user.name': 'name', n: 'user.n' } }, value), { user: { email: 'e', tags: [1], n: 1 }, name: 'x' });
  });

  it('keeps a record that it leaves as it was, and so its bytes', () => {
    const unchanged = [{ remove: ['none', 'a.none'] }, { rename: { none: 'x' } }, { keep: ['a', 'b'] }, { keep: ['a', 'b.c'] }, { set: { a: 'value.a' } }, { set: { a: '1' } }];
    for (const options of unchanged) {
      const record = recordOf({ a: 1, b: { c: 2 } });
      assert.equal(run(transformOf({ type: 'map', ...options }), [record]).forwarded[0]?.record, record, JSON.stringify(options));
    }
  });

  it('passes tombstones and fails what is no object', () => {
    const { forwarded, failed } = run(transformOf({ type: 'map', set: { a: '1' } }), [recordOf(undefined), recordOf(null), recordOf([1]), recordOf('x')]);
    assert.equal(forwarded.length, 1);
    assert.deepEqual(failed.map(({ failure }) => failure.message.replace(/.*found /, '')), ['null', 'an array', 'string']);
  });

  it('fails a path that goes through something else, and bytes', () => {
    assert.throws(() => mapped({ set: { 'a.b': '1' } }, { a: 5 }), /on the way to a\.b/);
    assert.throws(() => mapped({ set: { a: 'b"x"' } }, {}), /base64/);
  });

  it('carries a field called __proto__ through unharmed', () => {
    const text = '{"__proto__":{"admin":true},"a":1,"n":{"__proto__":{"x":1},"b":2}}';
    const value: unknown = JSON.parse(text);
    const result = mapped({ set: { a: '2', 'n.b': '3' } }, value) as Record<string, unknown>;
    assert.equal(JSON.stringify(result), '{"__proto__":{"admin":true},"a":2,"n":{"__proto__":{"x":1},"b":3}}');
    assert.equal(result['admin'], undefined);
    assert.equal(JSON.stringify(mapped({ remove: ['a', 'n.b'] }, value)), '{"__proto__":{"admin":true},"n":{"__proto__":{"x":1}}}');
    assert.equal(JSON.stringify(value), text);
    assert.equal(({} as Record<string, unknown>)['admin'], undefined);
    assert.equal(JSON.stringify(mapped({ keep: ['a', 'n'] }, value)), '{"a":1,"n":{"__proto__":{"x":1},"b":2}}');
  });

  it('property: does what a plain copy would do', () => {
    const field = fc.constantFrom('a', 'b', 'c', 'd');
    const options = fc.record({ rename: fc.dictionary(field, field, { maxKeys: 2 }), keep: fc.option(fc.array(field), { nil: undefined }), remove: fc.array(field), set: fc.dictionary(field, fc.integer(), { maxKeys: 2 }) });
    fc.assert(
      fc.property(options, fc.dictionary(field, fc.integer()), (chosen, input) => {
        const { keep, ...rest } = chosen;
        const actual = mapped(keep === undefined ? rest : { ...rest, keep }, input);
        assert.deepEqual({ ...(actual as object) }, model(chosen, input));
      })
    );
  });
});

interface Options {
  readonly rename: Record<string, string>;
  readonly keep: string[] | undefined;
  readonly remove: string[];
  readonly set: Record<string, number>;
}

function model({ rename, keep, remove, set }: Options, input: Record<string, number>): Record<string, number> {
  let fields = new Map(Object.entries(input));
  for (const [from, to] of Object.entries(rename)) {
    const field = fields.get(from);
    if (field === undefined) continue;
    fields.delete(from);
    fields.set(to, field);
  }
  if (keep !== undefined) fields = new Map([...fields].filter(([name]) => keep.includes(name)));
  for (const name of remove) fields.delete(name);
  for (const [name, field] of Object.entries(set)) fields.set(name, field);
  return Object.fromEntries(fields);
}
