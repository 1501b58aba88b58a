import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { again, textOf, format, write } from './support.ts';
import { cases, schemaOf } from './model.ts';

describe('Avro: what is written is read', () => {
  it('values of any schema come back as they were, with their own properties and nothing else', () => {
    fc.assert(
      fc.property(cases, ({ shape, value }) => {
        const schema = schemaOf(shape);
        assert.deepStrictEqual(again(schema, value), value);
      }),
      { numRuns: 1500 }
    );
  });

  it('read as its own schema, a value is the same', () => {
    fc.assert(
      fc.property(cases, ({ shape, value }) => {
        const schema = schemaOf(shape);
        const bytes = write(schema, value);
        assert.deepStrictEqual(format({ readAs: textOf(schema) }).reader(textOf(schema)).read(bytes), value);
      }),
      { numRuns: 800 }
    );
  });

  it('the same value is the same bytes, and so are those of what was read', () => {
    fc.assert(
      fc.property(cases, ({ shape, value }) => {
        const schema = schemaOf(shape);
        const bytes = write(schema, value);
        assert.deepStrictEqual(write(schema, again(schema, value)), bytes);
      }),
      { numRuns: 500 }
    );
  });

  it('a field that nobody reads is skipped as it would be read', () => {
    fc.assert(
      fc.property(cases, fc.integer(), ({ shape, value }, last) => {
        const writer = { type: 'record', name: 'Outer', fields: [{ name: 'skipped', type: schemaOf(shape) }, { name: 'last', type: 'int' }] };
        const reader = { type: 'record', name: 'Outer', fields: [{ name: 'last', type: 'int' }] };
        const bytes = write(writer, { skipped: value, last });
        assert.deepStrictEqual(format({ readAs: textOf(reader) }).reader(textOf(writer)).read(bytes), { last });
      }),
      { numRuns: 800 }
    );
  });
});
