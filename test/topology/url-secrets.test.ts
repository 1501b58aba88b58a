import assert from 'node:assert/strict';
import { it } from 'node:test';
import { urlSecrets } from '../../src/topology/url-secrets.ts';
import { readTopology } from '../../src/topology/read.ts';
import { secret } from '../support/secrets.ts';

const password = secret('url/pass:word');
const url = `postgres://me:${encodeURIComponent(password)}@db.example:5432/shop`;
const basic = Buffer.from(`me:${password}`).toString('base64');

it('a password in a URL is a secret wherever in a file it stands, as it is written and as it is meant', () => {
  assert.deepEqual(urlSecrets({ tables: { users: { url } }, others: [`see ${url} and http://plain.example/a:b@c`, 5, null] }), [encodeURIComponent(password), password, basic, encodeURIComponent(password), password, basic]);
  assert.deepEqual(urlSecrets({ a: 'http://me@host', b: 'kafka:9092', c: 'http://host/a:b@c', d: 'http://host:80', e: '//a:b@c' }), []);
  assert.deepEqual(urlSecrets('http://a:%zz-password@host')[0], '%zz-password');
});

it('is one also where it comes from the environment by a name that says nothing, and is still told to the doctor where it stands in the file', () => {
  const read = (text: string): ReturnType<typeof readTopology> => readTopology('test.yaml', JSON.stringify({ name: 'test', broker: { type: 'embedded', path: './d' }, tables: { users: { type: 'postgres', url: text, query: 'select 1 as id', key: 'id' } }, sources: { in: { type: 'kafka', topic: 'in' } }, transforms: { known: { type: 'enrich', from: 'in', table: 'users', key: 'value.id', into: 'user' } }, sinks: { out: { type: 'kafka', from: 'known', topic: 'out' } } }), { env: { DATABASE_URL: url } });
  for (const text of [url, '${env:DATABASE_URL}']) assert.ok(read(text).file.secrets.includes(password));
  assert.deepEqual([read(url), read('${env:DATABASE_URL}')].map(({ inlineSecrets }) => inlineSecrets.length), [1, 0]);
});
