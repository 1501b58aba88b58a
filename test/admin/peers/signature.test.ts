import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { acceptForward } from '../../../src/admin/peers/accept.ts';
import { longestAge, signAnswer, signForward } from '../../../src/admin/peers/signature.ts';
import { Problem } from '../../../src/admin/problem.ts';
import { secret } from '../../support/secrets.ts';

const token: string = secret('a-token-that-daemons-share', 'token');
const self = { id: 'one', url: 'http://10.0.0.5:7171' };
const now = 1_800_000_000_000;

/** A request as it comes in. */
interface Sent {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

function sent(method: string, path: string, to = self, time = now, key = token): Sent {
  return { method, url: path, headers: { 'millrace-to': to.id, 'millrace-time': String(time), 'millrace-signature': signForward({ method, path, to, time }, key) } };
}

/** 200, or the status it is refused with. */
function judged(request: Sent, at = now, who = self, key: string | null = token): number | null {
  try {
    return acceptForward(request as unknown as IncomingMessage, { self: who, token: key, now: at }) === null ? null : 200;
  } catch (error) {
    assert.ok(error instanceof Problem && !error.message.includes(token));
    return error.status;
  }
}

describe('what daemons ask each other', () => {
  it('is taken where it is signed for this daemon, and refused with any part changed', () => {
    const path = fc.webPath().map((text) => `/v1${text}`);
    const signature = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64, maxLength: 64 });
    fc.assert(fc.property(path, path, fc.integer({ min: -longestAge, max: longestAge }), fc.integer({ min: 1, max: longestAge }), signature, (one, other, age, more, forged) => {
      const request = sent('GET', one, self, now + age);
      const changed = (headers: Record<string, string>): number | null => judged({ ...request, headers: { ...request.headers, ...headers } });
      assert.equal(judged(request), 200);
      if (other !== one) assert.equal(judged({ ...request, url: other }), 401, 'path');
      assert.equal(judged({ ...request, method: 'POST' }), 401, 'method');
      assert.equal(changed({ 'millrace-time': String(now + age + more) }), 401, 'time');
      assert.equal(changed({ 'millrace-signature': forged }), 401, 'signature');
      assert.equal(changed({ 'millrace-to': 'two' }), 421, 'whom it is for');
      assert.equal(judged(request, now, { ...self, url: 'http://10.0.0.6:7171' }), 401, 'sent on by whoever wrote an address of his own');
      assert.equal(judged(sent('GET', one, self, now, 'another-token-than-that')), 401, 'token');
      assert.equal(judged(sent('GET', one, self, now - longestAge - more)), 401, 'too old');
      assert.equal(judged(sent('GET', one, self, now + longestAge + more)), 401, 'of the future');
    }));
  });

  it('is not taken with parts left out, and needs no signature where there is no token', () => {
    const request = sent('GET', '/v1/x');
    for (const name of ['millrace-time', 'millrace-signature']) {
      const headers = Object.fromEntries(Object.entries(request.headers).filter(([header]) => header !== name));
      assert.equal(judged({ ...request, headers }), 401, name);
    }
    const bare = { method: 'GET', url: '/v1/x', headers: { 'millrace-to': self.id } };
    assert.deepEqual([judged(bare), judged(bare, now, self, null), judged(bare, now, { ...self, id: 'two' }, null), judged({ ...bare, headers: {} })], [401, 200, 421, null]);
  });

  it('has an answer that is signed for it alone', () => {
    const request = sent('GET', '/v1/x');
    const signature = request.headers['millrace-signature'] as string;
    const answer = acceptForward(request as unknown as IncomingMessage, { self, token, now })?.sign('{}');
    assert.equal(answer, signAnswer('{}', signature, token));
    fc.assert(fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (a, b, c, d) => {
      assert.equal(signAnswer(a, b, token) === signAnswer(c, d, token), a === c && b === d);
    }));
  });
});
