import assert from 'node:assert/strict';
import { it } from 'node:test';
import { catalogue } from '../../actors/catalogue.ts';
import type { ComponentKind } from '../../actors/component.ts';
import { runCommand } from '../../src/cli/run.ts';
import { optionRows } from '../../src/topology/generate-options.ts';
import { toSchema } from '../../src/topology/generate-schema.ts';
import { recipeOptions } from '../../src/topology/recipe-options.ts';
import { nodeSchema, topologySchema } from '../../src/topology/schema.ts';

it('the table of other systems\' options names only options that Millrace has', () => {
  const kinds: Readonly<Record<string, ComponentKind>> = { sources: 'source', transforms: 'transform', sinks: 'sink' };
  const top = new Set(optionRows(toSchema(topologySchema)).map(({ name }) => name));
  const flags = new Set(runCommand({} as never).options.map(({ name }) => `--${name}`));
  for (const { theirs, ours, note } of recipeOptions) {
    assert.ok(ours.length > 0 || note !== '', `${theirs.join()} has neither an option nor a reason`);
    for (const option of ours) {
      const [section = '', name = ''] = option.includes(': ') ? option.split(': ') : ['', option];
      const own = catalogue.filter(({ kind }) => kind === kinds[section]).flatMap((component) => optionRows(toSchema(nodeSchema(component))).map((row) => row.name));
      assert.ok(section === '' ? top.has(name) || flags.has(name) : own.includes(name), `there is no option ${option}`);
    }
  }
  const theirs = recipeOptions.flatMap((row) => row.theirs);
  assert.equal(new Set(theirs).size, theirs.length);
  for (const needed of ['startingOffsets', 'maxOffsetsPerTrigger', 'acks', 'retries', 'linger.ms', 'batch.size', 'compression.type', 'max.in.flight.requests.per.connection', 'checkpointLocation', 'outputMode']) {
    assert.ok(theirs.includes(needed), needed);
  }
});
