import assert from 'node:assert/strict';
import { it } from 'node:test';
import { UsageError } from '../../src/cli/command.ts';
import { advertisedUrl } from '../../src/cli/http-advertise.ts';
import { secret } from '../support/secrets.ts';

it('an address for other daemons is a host with a port, or a URL', () => {
  assert.equal(advertisedUrl(null), null);
  for (const [given, url] of [
    ['10.0.0.5:7171', 'http://10.0.0.5:7171'], ['millrace-0.millrace:7171', 'http://millrace-0.millrace:7171'], ['fd00::1:7171', 'http://[fd00::1]:7171'], ['[fd00::1]:7171', 'http://[fd00::1]:7171'],
    ['https://millrace.example', 'https://millrace.example'], ['https://millrace.example/one/', 'https://millrace.example/one'], ['HTTP://a:80/', 'http://a']
  ] as const) assert.equal(advertisedUrl(given), url, given);
  for (const given of ['', '7171', ':7171', 'host', 'host:', 'a b:7171', 'host:99999', 'ftp://host', 'file:///etc', 'http://host/?a=b', 'http://host/#a', `http://${'x'.repeat(300)}`]) {
    assert.throws(() => advertisedUrl(given), UsageError, given);
  }
  const password = secret('of-a-proxy-somewhere');
  assert.throws(() => advertisedUrl(`http://somebody:${password}@host`), (error) => error instanceof UsageError && !error.message.includes(password));
});
