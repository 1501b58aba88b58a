import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { it } from 'node:test';

/** What a text is by its name, in TypeScript and in the YAML of topologies; six letters and more, as `secret` takes them. */
const named = /\b\w*(?:password|passphrase|token|secret)\b['"]?\s*[:=]\s*(?:(['"`])(?<quoted>[^'"`\n$]{6,})\1|(?<plain>[\w-]*\d[\w-]{5,}|\w+-[\w-]{4,}))/gi;
/** How it is noted; the passphrase of a certificate is by the authority that issues it, and those of a list by its loop. */
const noted = /(?:\b(?:secret|noted)\(|\bissue\(.*passphrase: |for \(const each of \[.*secret\(each).*/g;

it('what tests call a password, a token, a passphrase or a secret is noted as one, so that it is searched for', () => {
  const files = globSync('test/**/*.{ts,yaml}').filter((file) => !file.startsWith('test/tidy/'));
  const texts = files.map((file) => [file, readFileSync(file, 'utf8')] as const);
  const known = texts.flatMap(([, text]) => text.match(noted) ?? []).join('\n');
  const found = texts.flatMap(([file, text]) => [...text.matchAll(named)].map(({ groups }) => `${file}: ${groups?.['quoted'] ?? groups?.['plain'] ?? ''}`));
  assert.ok(found.length > 5, 'nothing was looked at');
  assert.deepEqual(found.filter((each) => !known.includes(each.slice(each.indexOf(': ') + 2).replaceAll('"', '\\"')) && !known.includes(each.slice(each.indexOf(': ') + 2))), []);
});
