import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { failureCodes } from '../../actors/failure.ts';
import { generateReference } from '../../src/topology/generate-reference.ts';
import { generateSchema } from '../../src/topology/generate-schema.ts';
import { problemCodes } from '../../src/topology/problem.ts';
import { withSink, withTransform } from './harness.ts';

const config = join(import.meta.dirname, '../../config');

describe('what is generated', () => {
  it('is not stale', () => {
    const hint = 'run node src/cli/generate.ts';
    assert.equal(readFileSync(join(config, 'topology.schema.json'), 'utf8'), `${JSON.stringify(generateSchema(), null, 2)}\n`, hint);
    assert.equal(readFileSync(join(config, 'REFERENCE.md'), 'utf8'), generateReference(), hint);
  });

  it('lists all codes and no others', () => {
    const listed = [...generateReference().matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, code]) => code);
    for (const code of [...Object.keys(failureCodes), ...Object.keys(problemCodes)]) assert.ok(listed.includes(code), code);
  });
});

describe('the schema for editors', () => {
  const validate = new Ajv({ strict: false, allErrors: true }).compile(generateSchema());
  const accepts = (topology: unknown): boolean => validate(topology);

  it('accepts good topologies, also with values from outside', () => {
    assert.ok(accepts(withSink({ topic: 'out', batch: { linger: '5ms' } })), JSON.stringify(validate.errors));
    assert.ok(accepts(withTransform({ type: 'route', routes: { a: true }, match: 'all', otherwise: 'rest' })), JSON.stringify(validate.errors));
    const outside = { ...withSink({ topic: '${env:TOPIC}', compression: '${env:C}', batch: { records: '${env:N}' } }), delivery: '${env:D}' };
    assert.ok(accepts(outside), JSON.stringify(validate.errors));
  });

  it('refuses unknown options and types, missing options, bare numbers', () => {
    for (const bad of [{ topic: 'out', topc: 'x' }, {}, { topic: 'out', batch: { linger: 5 } }, { topic: 'out', compression: 'zip' }]) {
      assert.ok(!accepts(withSink(bad)), JSON.stringify(bad));
    }
    assert.ok(!accepts(withTransform({ type: 'lookup' })));
    assert.ok(!accepts({ ...withSink({ topic: 'out' }), Delivery: 'x' }));
  });

  it('accepts every topology in config', () => {
    for (const name of readdirSync(config).filter((file) => /\.ya?ml$/.test(file) && !/_test\.ya?ml$/.test(file))) {
      assert.ok(accepts(parse(readFileSync(join(config, name), 'utf8'))), `${name}: ${JSON.stringify(validate.errors)}`);
    }
  });
});
