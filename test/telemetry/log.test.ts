import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLog, redact } from '../../src/telemetry/log.ts';
import { evidence } from '../support/evidence.ts';
import { secret } from '../support/secrets.ts';

describe('the log', () => {
  it('never prints a secret, wherever in a line it stands', () => {
    const lines: string[] = [];
    const secrets = [secret('s3cret!'), secret('with "quotes"\n')];
    const log = createLog({ level: 'info', secrets, to: { write: (line) => void lines.push(line) } });
    log.info({ url: 'kafka://user:s3cret!@host', nested: { password: 'with "quotes"\n' } }, 'connecting with s3cret!');
    log.error(new Error('refused s3cret!'));
    const text = lines.join('');
    evidence('log', text);
    assert.equal(text.includes('s3cret!'), false);
    assert.equal(text.includes('quotes'), false);
    assert.equal(lines.every((line) => typeof JSON.parse(line) === 'object'), true);
    assert.match(text, /\[redacted\]/);
  });

  it('leaves nothing of a secret that begins with another', () => {
    const both = [secret('s3cret-of'), secret('s3cret-of-more')];
    for (const secrets of [both, both.toReversed()]) assert.equal(redact('a s3cret-of-more, a s3cret-of', secrets), 'a [redacted], a [redacted]');
  });
});
