import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import { describe, it } from 'node:test';
import { Failure } from '../../../actors/failure.ts';
import type { OauthSettings } from '../../../actors/security.ts';
import { fetchToken } from '../../../src/broker/kafkajs/sasl/client-credentials.ts';
import { Gate } from '../../../src/broker/kafkajs/sasl/gate.ts';
import { oauthbearer } from '../../../src/broker/kafkajs/sasl/oauthbearer.ts';
import { plain } from '../../../src/broker/kafkajs/sasl/plain.ts';
import { scram } from '../../../src/broker/kafkajs/sasl/scram.ts';
import { TokenCache } from '../../../src/broker/kafkajs/sasl/token-cache.ts';
import { SecurityError } from '../../../src/broker/kafkajs/security-error.ts';
import { Authority } from '../../support/certificates.ts';
import { json, TokenServer } from '../../support/token-server.ts';
import { secret } from '../../support/secrets.ts';

/** Speaks a mechanism's part against answers that are set down; gives what was said. */
async function converse(mechanism: { authenticate(send: (bytes: Buffer) => Promise<Buffer>): Promise<void> }, ...answers: readonly string[]): Promise<string[]> {
  const said: string[] = [];
  await mechanism.authenticate((bytes) => {
    said.push(bytes.toString('utf8'));
    return Promise.resolve(Buffer.from(answers[said.length - 1] ?? ''));
  });
  return said;
}

function jwt(claims: object): string {
  return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`;
}

describe('PLAIN', () => {
  it('says name and password as RFC 4616 has it', async () => {
    assert.deepEqual(await converse(plain('tim', secret('tanstaaftanstaaf'))), ['\0tim\0tanstaaftanstaaf']);
  });
});

describe('SCRAM', () => {
  const pencil = scram('SCRAM-SHA-256', 'user', secret('pencil'), () => 'rOprNGfwEbeRWgbNEkqO');
  const first = 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096';
  const refused = (expected: RegExp) => (error: unknown): boolean => error instanceof Failure && error.code === 'authentication_failed' && expected.test(error.message);

  it('is that of RFC 7677, 3', async () => {
    assert.deepEqual(await converse(pencil, first, 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='), [
      'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ='
    ]);
  });

  it('escapes what has a meaning in names', async () => {
    await assert.rejects(converse(scram('SCRAM-SHA-512', 'a=b,c', 'x', () => 'n'), 'r=other,s=,i=4096'), refused(/nonce/));
    const [said] = await converse({ authenticate: (send) => scram('SCRAM-SHA-512', 'a=b,c', 'x', () => 'n').authenticate(send).catch(() => undefined) });
    assert.equal(said, 'n,,n=a=3Db=2Cc,r=n');
  });

  it('refuses a broker that cannot show that it knows the password, or asks for little or a great deal', async () => {
    await assert.rejects(converse(pencil, first, 'v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='), refused(/may not be the broker/));
    await assert.rejects(converse(pencil, first, ''), refused(/may not be the broker/));
    await assert.rejects(converse(pencil, first, 'e=other-error'), refused(/other-error/));
    await assert.rejects(converse(pencil, 'r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'), refused(/nonce/));
    for (const count of ['1', '4095', '1000001', 'x', '']) await assert.rejects(converse(pencil, first.replace('4096', count)), refused(/iterations/));
  });
});

describe('OAUTHBEARER', () => {
  const tokens = (value: string): TokenCache => new TokenCache(() => Promise.resolve({ value, expiresAt: Date.now() + 60_000 }));

  it('says the token and the extensions as RFC 7628 and KIP-342 have it', async () => {
    const mechanism = oauthbearer('x', tokens(secret('abc.def-_~+/==', 'token')), { logicalCluster: 'lkc-1', identityPoolId: 'pool' });
    assert.deepEqual(await converse(mechanism), ['n,,\x01auth=Bearer abc.def-_~+/==\x01logicalCluster=lkc-1\x01identityPoolId=pool\x01\x01']);
  });

  it('takes a refusal, which comes as an answer, for a refusal, and asks for another token next time', async () => {
    let asked = 0;
    const cache = new TokenCache(() => Promise.resolve({ value: `t${++asked}`, expiresAt: Date.now() + 60_000 }));
    const said: string[] = [];
    const refusing = oauthbearer('x', cache, {}).authenticate((bytes) => {
      said.push(bytes.toString());
      return Promise.resolve(Buffer.from('{"status":"invalid_token"}'));
    });
    await assert.rejects(refusing, { code: 'authentication_failed', message: /refuses the token: invalid_token/ });
    assert.equal(said[1], '\x01');
    assert.equal(await cache.get(), 't2');
  });

  it('refuses a token that would end the message early', async () => {
    await assert.rejects(converse(oauthbearer('x', tokens(secret('abc\x01auth=other', 'token')), {})), { code: 'authentication_failed' });
  });
});

describe('a token', () => {
  it('is kept while it is fresh, and asked for once however many want it', async () => {
    let now = 1_000_000;
    let asked = 0;
    const cache = new TokenCache(() => Promise.resolve({ value: `t${++asked}`, expiresAt: now + 3_600_000 }), () => now);
    assert.deepEqual(await Promise.all([cache.get(), cache.get(), cache.get()]), ['t1', 't1', 't1']);
    now += 0.79 * 3_600_000;
    assert.equal(await cache.get(), 't1');
    now += 0.02 * 3_600_000;
    assert.deepEqual(await Promise.all([cache.get(), cache.get()]), ['t2', 't2']);
  });

  it('of a short life is used for half of it', async () => {
    let now = 0;
    let asked = 0;
    const cache = new TokenCache(() => Promise.resolve({ value: `t${++asked}`, expiresAt: now + 60_000 }), () => now);
    await cache.get();
    now = 29_999;
    assert.equal(await cache.get(), 't1');
    now = 30_001;
    assert.equal(await cache.get(), 't2');
  });

  it('that is not fresh any more carries over a server that is away, which is not asked again and again', async () => {
    let now = 0;
    let asked = 0;
    const cache = new TokenCache(() => {
      asked++;
      return asked === 1 ? Promise.resolve({ value: 't', expiresAt: 60_000 }) : Promise.reject(new Failure('broker_unavailable', 'away'));
    }, () => now);
    await cache.get();
    now = 40_000;
    for (let times = 0; times < 50; times++) assert.equal(await cache.get(), 't');
    assert.equal(asked, 2);
    now = 56_000;
    await assert.rejects(cache.get(), { code: 'broker_unavailable' });
  });

  it('that is refused is not asked for again for ten seconds', async () => {
    let now = 0;
    let asked = 0;
    const cache = new TokenCache(() => {
      asked++;
      return Promise.reject(new Failure('authentication_failed', 'no'));
    }, () => now);
    for (let times = 0; times < 20; times++) await assert.rejects(cache.get(), { code: 'authentication_failed' });
    assert.equal(asked, 1);
    now = 10_001;
    await assert.rejects(cache.get());
    assert.equal(asked, 2);
  });
});

describe('the gate', () => {
  it('lets one through, and the others behind it', async () => {
    const gate = new Gate();
    const order: string[] = [];
    const first = Promise.withResolvers<undefined>();
    const passing = [
      gate.pass('a:1', async () => { order.push('first'); await first.promise; }),
      gate.pass('a:1', () => { order.push('second'); return Promise.resolve(); }),
      gate.pass('b:1', () => { order.push('elsewhere'); return Promise.resolve(); })
    ];
    await passing[2];
    assert.deepEqual(order, ['first', 'elsewhere']);
    first.resolve(undefined);
    await Promise.all(passing);
    assert.deepEqual(order, ['first', 'elsewhere', 'second']);
  });

  it('tells all of a refusal, and asks nobody else', async () => {
    const gate = new Gate();
    let asked = 0;
    const refuse = (): Promise<void> => {
      asked++;
      return Promise.reject(new SecurityError(new Failure('authentication_failed', 'no')));
    };
    for (const ended of await Promise.allSettled([gate.pass('a:1', refuse), gate.pass('a:1', refuse), gate.pass('a:1', refuse)])) assert.equal(ended.status, 'rejected');
    await assert.rejects(gate.pass('b:1', refuse), { name: 'SecurityError' });
    assert.equal(asked, 1);
  });

  it('lets others try where a connection was only lost', async () => {
    const gate = new Gate();
    await assert.rejects(gate.pass('a:1', () => Promise.reject(new Error('lost'))));
    await gate.pass('a:1', () => Promise.resolve());
  });
});

describe('a token endpoint', () => {
  const settings = (port: number, more: Partial<OauthSettings> = {}): OauthSettings => ({
    mechanism: 'oauthbearer', tokenEndpoint: `https://localhost:${port}/token?realm=${secret('secret-realm', 'token')}`, clientId: 'a b', clientSecret: secret('p:ä&word', 'client secret'), scope: null, extensions: {}, tls: null, ...more
  });

  it('is asked over TLS that is checked, by the rules of RFC 6749', async () => {
    const authority = new Authority();
    const { cert, key } = authority.issue({ name: 'tokens', names: 'DNS:localhost' });
    const server = await TokenServer.listen((_, response) => { json(response, 200, { access_token: secret('opaque-token', 'token'), token_type: 'bearer', expires_in: 30 }); }, createServer({ cert, key }));
    const tls = { ca: authority.ca, cert: null, key: null, passphrase: null, serverName: null };
    const { value, expiresAt } = await fetchToken(settings(server.port, { tls }));
    assert.equal(value, 'opaque-token');
    assert.ok(Math.abs(expiresAt - Date.now() - 30_000) < 5_000);
    assert.equal(server.requests[0]?.authorization, `Basic ${Buffer.from('a+b:p%3A%C3%A4%26word').toString('base64')}`);
    assert.equal(server.requests[0].form.toString(), 'grant_type=client_credentials');
    await assert.rejects(fetchToken(settings(server.port)), { code: 'tls_failed', message: new RegExp(`https://localhost:${server.port}/token cannot be reached`) });
    assert.equal(server.requests.length, 1);
    server.close();
  });

  it('gives tokens whose own word about their life counts', async () => {
    const server = await TokenServer.listen((_, response) => { json(response, 200, { access_token: jwt({ exp: 4_000_000_000 }), expires_in: 30 }); });
    assert.equal((await fetchToken(settings(0, { tokenEndpoint: `http://127.0.0.1:${server.port}/` }))).expiresAt, 4_000_000_000_000);
    server.close();
  });

  it('says what is wrong, and whether it may pass', async () => {
    const server = await TokenServer.listen(() => undefined);
    const asking = (status: number, content: unknown): Promise<unknown> => {
      server.answer = (_, response) => { json(response, status, content); };
      return fetchToken(settings(0, { tokenEndpoint: `http://127.0.0.1:${server.port}/token?key=${secret('in-the-query', 'token')}` }));
    };
    for (const status of [400, 401, 403, 404, 302]) await assert.rejects(asking(status, { error: 'bad' }), { code: 'authentication_failed', message: `the token endpoint http://127.0.0.1:${server.port}/token answered ${status} (bad)` });
    for (const status of [408, 429, 500, 503]) await assert.rejects(asking(status, 'text'), { code: 'broker_unavailable' });
    await assert.rejects(asking(200, {}), { code: 'authentication_failed', message: /without an access_token/ });
    await assert.rejects(asking(200, { access_token: 'x', token_type: 'mac' }), { code: 'authentication_failed', message: /type mac/ });
    await assert.rejects(asking(401, { error_description: `you said p:ä&word and ${Buffer.from('a+b:p%3A%C3%A4%26word').toString('base64')}` }), { message: /you said \*\*\* and \*\*\*\)$/ });
    server.answer = (_, response) => { response.writeHead(200).end('x'.repeat(2_000_000)); };
    await assert.rejects(fetchToken(settings(0, { tokenEndpoint: `http://127.0.0.1:${server.port}/` })), { code: 'broker_unavailable', message: /longer than/ });
    server.close();
  });
});
