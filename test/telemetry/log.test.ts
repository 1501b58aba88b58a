import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLog } from '../../src/telemetry/log.ts';

describe('the log', () => {
  it('never prints a secret, wherever in a line it stands', () => {
    const lines: string[] = [];
    const secrets = ['s3cret!', 'with "quotes"\n'];
    const log = createLog({ level: 'info', secrets, to: { write: (line) => void lines.push(line) } });
    log.info({ url: 'kafka://user:s3cret!@host', nested: { password: 'with "quotes"\n' } }, 'connecting with s3cret!');
    log.error(new Error('refused s3cret!'));
    const text = lines.join('');
    assert.equal(text.includes('s3cret!'), false);
    assert.equal(text.includes('quotes'), false);
    assert.equal(lines.every((line) => typeof JSON.parse(line) === 'object'), true);
    assert.match(text, /\[redacted\]/);
  });
});
