import assert from 'node:assert/strict';
import { existsSync, globSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { failureCodes } from '../../actors/failure.ts';
import type { FailureCode } from '../../actors/failure.ts';
import { commands } from '../../src/cli/commands.ts';
import { exitCodeOf } from '../../src/cli/exit-code.ts';
import { formatProblem } from '../../src/topology/format.ts';
import { loadTopologies } from '../../src/topology/load.ts';
import { silent } from '../support/containers.ts';
import { anchorsOf, commandsOf, documents, fenced, inlineCode, readDocument, withoutBlocks } from '../support/documents.ts';
import { writeTopology } from '../support/plan.ts';
import { checkout } from '../support/scratch.ts';

const loaded = await Promise.all(Object.values(commands).map((entry) => entry.load(silent)));
const optionsOf = new Map(loaded.map(({ name, options }) => [name, new Set(['help', ...options.map((option) => option.name)])]));
const allOptions = new Set(['version', ...[...optionsOf.values()].flatMap((options) => [...options])]);

/** Names as /metrics has them: OpenTelemetry's exporter adds to those of the instruments. */
const exported = [...globSync('src/telemetry/metric*.ts', { cwd: checkout }).map(readDocument).join('\n').matchAll(/(?:create(\w+)|\b(counter|gauge|histogram))\('(millrace_\w+)'/g)].flatMap(([, created = '', short = '', name = '']) => {
  const kind = (created + short).toLowerCase();
  if (kind.includes('histogram')) return [name, `${name}_bucket`, `${name}_sum`, `${name}_count`];
  return kind.includes('counter') ? [`${name}_total`] : [name];
});

/** The part of a command line behind `millrace`, also as it is called in a checkout; null for another program. */
function millraceArgs(command: string): string[] | null {
  const words = /^(?:npx millrace|millrace|npm run millrace --) (.+)$/.exec(command)?.[1] ?? /^npm start -- (.+)$/.exec(command)?.[1]?.replace(/^/, 'demo ');
  return words?.split(/\s+/) ?? null;
}

describe('the docs', () => {
  for (const document of documents) {
    const text = readDocument(document);

    it(`${document}: links lead somewhere`, () => {
      for (const [, target = ''] of withoutBlocks(text).matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^https?:/.test(target)) continue;
        const [path = '', anchor] = target.split('#');
        const file = path === '' ? document : join(dirname(document), path);
        assert.ok(existsSync(join(checkout, file)), target);
        if (anchor !== undefined) assert.ok(anchorsOf(readDocument(file)).includes(anchor), target);
      }
    });

    it(`${document}: files it names exist`, () => {
      const named = inlineCode(text).filter((code) => /^(?:actors|src|test|config|docker|bench|\.ci)\/[\w./-]+\.\w+$/.test(code));
      assert.deepEqual(named.filter((path) => !existsSync(join(checkout, path))), []);
    });

    it(`${document}: commands and options it names exist`, () => {
      for (const code of [...inlineCode(text), ...commandsOf(text)]) {
        const option = /^--([a-z-]+)/.exec(code)?.[1];
        if (option !== undefined) assert.ok(allOptions.has(option), code);
        const [name = '', ...args] = millraceArgs(code) ?? [];
        if (!/^[a-z]+$/.test(name) || name === 'COMMAND') continue;
        const options = optionsOf.get(name);
        assert.ok(options !== undefined || name === 'help', code);
        for (const arg of args) if (arg.startsWith('--')) assert.ok(options?.has(arg.slice(2)), `${code}: ${arg}`);
      }
    });

    it(`${document}: metrics it names are exported`, () => {
      for (const [metric] of text.matchAll(/\bmillrace_[a-z_]+\b/g)) assert.ok(exported.includes(metric), metric);
    });

    it(`${document}: YAML is YAML, and whole topologies are valid`, () => {
      for (const block of fenced(text, 'yaml')) {
        assert.doesNotThrow(() => { parse(block); }, block);
        if (!/^name:/m.test(block)) continue;
        assert.deepEqual(loadTopologies([writeTopology(block)], { env: {} }).problems.map(formatProblem), []);
      }
    });
  }

  it('README stays readable in one go', () => {
    assert.ok(readDocument('README.md').split('\n').length <= 250);
  });

  it('README and config/README.md tell of every ready topology', () => {
    const names = readdirSync(join(checkout, 'config')).filter((file) => file.endsWith('.yaml') && !file.endsWith('_test.yaml')).map((file) => file.replace('.yaml', ''));
    const headings = [...readDocument('config/README.md').matchAll(/^### (.+)$/gm)].map(([, name]) => name as string);
    assert.deepEqual(headings.toSorted(), names.toSorted());
    for (const name of names) assert.ok(readDocument('README.md').includes(`[${name}](config/${name}.yaml)`), name);
  });

  it('TROUBLESHOOTING.md has every fatal and every retryable code, with its exit code', () => {
    const rows = [...readDocument('TROUBLESHOOTING.md').matchAll(/^\| `([a-z_]+)`(?:, (\d+))? \|/gm)].map(([, code = '', exit]) => ({ code, exit }));
    const wanted = Object.entries(failureCodes).filter(([, { kind }]) => kind !== 'poison').map(([code, { kind }]) => ({ code, exit: kind === 'fatal' ? String(exitCodeOf(code as FailureCode)) : undefined }));
    const byCode = (a: { code: string }, b: { code: string }): number => a.code.localeCompare(b.code);
    assert.deepEqual(rows.toSorted(byCode), wanted.toSorted(byCode));
  });
});
