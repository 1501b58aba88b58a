import assert from 'node:assert/strict';
import { globSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { Failure } from '../../../actors/failure.ts';
import type { FailureCode } from '../../../actors/failure.ts';
import { RegistryClient } from '../../../src/codec/registry/client.ts';
import type { RegistrySettings } from '../../../src/codec/registry/settings.ts';
import { emptyFolder } from '../../support/scratch.ts';
import { fakeRegistry } from './fake.ts';
import type { FakeRegistry } from './fake.ts';
import { secret } from '../../support/secrets.ts';

const avro = '{"type":"string"}';
/** So that nothing waits. */
const pauses = [1, 1, 1];
const schema = { text: avro, references: [] };

async function started(t: TestContext, auth: RegistrySettings['auth'] = null): Promise<FakeRegistry> {
  const fake = await fakeRegistry(auth);
  t.after(() => fake.close());
  return fake;
}

async function failsWith(code: FailureCode, promise: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(promise, (error) => error instanceof Failure && error.code === code && message.test(error.message));
}

describe('a client of a schema registry', () => {
  it('asks for a schema once, whoever asks, and keeps it', async (t) => {
    const fake = await started(t);
    fake.answer = () => ({ status: 200, body: { schema: avro } });
    const client = new RegistryClient(fake.settings, null, pauses);
    const found = await Promise.all([client.byId(7), client.byId(7)]);
    assert.deepEqual(found, Array.from({ length: 2 }, () => ({ type: 'AVRO', schema })));
    await client.byId(7);
    assert.deepEqual(fake.asked.map(({ line }) => line), ['GET /schemas/ids/7']);
  });

  it('does not ask again soon for what is not there', async (t) => {
    const fake = await started(t);
    const client = new RegistryClient(fake.settings, null, pauses);
    assert.equal(await client.byId(8), null);
    assert.equal(await client.byId(8), null);
    assert.equal(fake.asked.length, 1);
  });

  it('forgets the schemas that were not asked for the longest', async (t) => {
    const fake = await started(t);
    fake.answer = () => ({ status: 200, body: { schema: avro } });
    const client = new RegistryClient({ ...fake.settings, cache: 2 }, null, pauses);
    for (const id of [1, 2, 1, 3, 1, 2]) await client.byId(id);
    assert.deepEqual(fake.asked.map(({ line }) => line.split('/').at(-1)), ['1', '2', '3', '2']);
  });

  it('gets what a schema refers to, with it', async (t) => {
    const fake = await started(t);
    fake.answer = (line) => ({
      status: 200,
      body: line.endsWith('/ids/1') ? { schema: 'a', schemaType: 'PROTOBUF', references: [{ name: 'b.proto', subject: 'b', version: 3 }] } : { schema: 'b', schemaType: 'PROTOBUF' }
    });
    const found = await new RegistryClient(fake.settings, null, pauses).byId(1);
    assert.deepEqual(found, { type: 'PROTOBUF', schema: { text: 'a', references: [{ name: 'b.proto', subject: 'b', version: 3, schema: { text: 'b', references: [] } }] } });
    assert.equal(fake.asked[1]?.line, 'GET /subjects/b/versions/3');
  });

  it('ends on schemas that refer to each other without end', async (t) => {
    const fake = await started(t);
    let version = 0;
    fake.answer = () => ({ status: 200, body: { schema: 'a', references: [{ name: 'a', subject: 'a', version: (version += 1) }] } });
    await failsWith('schema_unusable', new RegistryClient(fake.settings, null, pauses).byId(1), /levels deep/);
  });

  it('tries again what may pass, and says what did not', async (t) => {
    const fake = await started(t);
    let left = 2;
    fake.answer = () => (left-- > 0 ? { status: 429, body: { message: 'slow down' } } : { status: 200, body: { schema: avro } });
    const client = new RegistryClient(fake.settings, null, pauses);
    assert.notEqual(await client.byId(1), null);
    assert.equal(fake.asked.length, 3);
    fake.answer = () => ({ status: 500, body: { message: 'out of order' } });
    await failsWith('registry_unavailable', client.byId(2), /answered 500: out of order/);
  });

  it('asks the next of several addresses', async (t) => {
    const [one, two] = [await started(t), await started(t)];
    one.answer = () => ({ status: 503, body: null });
    two.answer = () => ({ status: 200, body: { schema: avro } });
    const client = new RegistryClient({ ...one.settings, urls: [...one.settings.urls, ...two.settings.urls] }, null, pauses);
    assert.notEqual(await client.byId(1), null);
    assert.notEqual(await client.byId(2), null);
    assert.deepEqual([one.asked.length, two.asked.length], [1, 2]);
  });

  it('says who it is, and does not try again where that is refused', async (t) => {
    for (const [auth, header] of [[{ username: 'u', password: secret('päss-wörd') }, `Basic ${Buffer.from('u:päss-wörd').toString('base64')}`], [{ token: secret('token-of-registry', 'token') }, 'Bearer token-of-registry']] as const) {
      const fake = await started(t, auth);
      fake.answer = () => ({ status: 401, body: { message: 'who are you' } });
      await failsWith('registry_refused', new RegistryClient(fake.settings, null, pauses).byId(1), /answered 401: who are you/);
      assert.deepEqual(fake.asked.map(({ authorization }) => authorization), [header]);
    }
  });

  it('takes no answer that is not JSON, nor one without end', async (t) => {
    const fake = await started(t);
    fake.answer = () => ({ status: 200, body: '<html>' });
    const client = new RegistryClient(fake.settings, null, pauses);
    await failsWith('registry_unavailable', client.byId(1), /is this the URL of a schema registry/);
    fake.answer = () => ({ status: 200, body: { schema: 'x'.repeat(5 * 1024 * 1024) } });
    await failsWith('registry_unavailable', client.byId(1), /more than 4 MiB/);
  });

  it('registers, and passes on why not', async (t) => {
    const fake = await started(t);
    fake.answer = (line) => ({ status: 200, body: line.endsWith('/versions') ? { id: 12, guid: 'g' } : { schema: 'b', id: 1, version: 4 } });
    const client = new RegistryClient(fake.settings, null, pauses);
    const made = await client.register('s/1', 'PROTOBUF', { text: 'a', references: [{ name: 'b', schema: { text: 'b', references: [] } }] });
    assert.deepEqual(made, { id: 12, guid: 'g' });
    assert.deepEqual(fake.asked.map((each) => each.line), ['POST /subjects/b/versions', 'POST /subjects/b', 'POST /subjects/s%2F1/versions']);
    const { line, body } = fake.asked.at(-1) as FakeRegistry['asked'][number];
    assert.equal(line, 'POST /subjects/s%2F1/versions');
    assert.deepEqual(JSON.parse(body), { schema: 'a', schemaType: 'PROTOBUF', references: [{ name: 'b', subject: 'b', version: 4 }] });
    fake.answer = () => ({ status: 409, body: { message: 'reader field x has no default' } });
    await failsWith('schema_refused', client.register('s', 'AVRO', schema), /subject s: reader field x has no default/);
  });

  it('goes on with what it has on disk while the registry is away, after a restart too', async () => {
    const folder = emptyFolder();
    const fake = await fakeRegistry();
    fake.answer = (line) => ({ status: 200, body: line.startsWith('GET /schemas') ? { schema: avro } : { id: 5, version: 1, schema: avro } });
    const before = new RegistryClient(fake.settings, folder, pauses);
    await before.byId(1);
    await before.lookup('s', 'AVRO', schema);
    await fake.close();
    const after = new RegistryClient(fake.settings, folder, pauses);
    assert.deepEqual(await after.byId(1), { type: 'AVRO', schema });
    assert.equal((await after.lookup('s', 'AVRO', schema))?.id, 5);
    await failsWith('registry_unavailable', after.byId(2), /ECONNREFUSED/);
  });

  it('gives up what it asks when it is closed', async (t) => {
    const fake = await started(t);
    const asked = Promise.withResolvers<undefined>();
    fake.answer = () => {
      asked.resolve(undefined);
      return { status: 503, body: null };
    };
    const client = new RegistryClient(fake.settings, null, [60_000]);
    const answer = client.byId(1);
    await asked.promise;
    client.close();
    await failsWith('registry_unavailable', answer, /does not answer/);
  });

  it('believes no file that is damaged, or is about something else', async () => {
    const folder = emptyFolder();
    const fake = await fakeRegistry();
    fake.answer = () => ({ status: 200, body: { schema: avro } });
    await new RegistryClient(fake.settings, folder, pauses).byId(1);
    await fake.close();
    for (const content of ['{"key":"/schemas/ids/2","value":{"schema":"x"}}', '{"key":"/schem', '']) {
      for (const file of globSync('**/*.json', { cwd: folder })) writeFileSync(`${folder}/${file}`, content);
      await failsWith('registry_unavailable', new RegistryClient(fake.settings, folder, pauses).byId(1), /ECONNREFUSED/);
    }
  });
});
