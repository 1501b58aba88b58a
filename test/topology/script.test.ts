import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { formatProblem } from '../../src/topology/format.ts';
import { loadTopologies } from '../../src/topology/load.ts';
import type { Loaded } from '../../src/topology/load.ts';
import { loadModule, LoadTimeout } from '../../src/topology/script/load.ts';
import { guard } from '../../src/topology/script/guard.ts';
import type { TransformLogic } from '../../actors/component.ts';
import { recordOf, withTransform, noTask, unexpected } from './harness.ts';
import { evidence } from '../support/evidence.ts';
import { secret } from '../support/secrets.ts';

/* Scripts as files have them: what is loaded, what is refused, and how a call of one is ended. */

const root = mkdtempSync(join(tmpdir(), 'millrace-script-'));
after(() => { rmSync(root, { recursive: true }); });

let folders = 0;

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = join(root, String(folders++));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** Loads a topology with a script from files beside it; `module` is script.ts unless it says otherwise. */
function load(folder: string, options: object = {}): Loaded {
  const file = join(folder, 'topology.yaml');
  writeFileSync(file, JSON.stringify(withTransform({ type: 'script', module: 'script.ts', ...options })));
  return loadTopologies([file], { env: { PASSWORD: secret('hunter2') } });
}

function logicOf({ plans, problems }: Loaded): TransformLogic {
  const node = plans[0]?.nodes.find(({ kind }) => kind === 'transform');
  assert.ok(node?.kind === 'transform', problems.map(formatProblem).join('\n'));
  return node.build(noTask);
}

/** What becomes of records with these values, as words in their order; failures by code and message. */
async function fates(logic: TransformLogic, values: readonly unknown[]): Promise<string[]> {
  const seen: string[] = [];
  await logic.process(
    { kind: 'batch', now: 0, records: values.map((value, offset) => recordOf(value, { offset })) },
    {
      forward: ({ value }) => seen.push(JSON.stringify(value)),
      copy: ({ value }) => seen.push(`copy ${JSON.stringify(value)}`),
      filtered: () => seen.push('filtered'),
      failed: (_, { code, message }) => seen.push(`${code}: ${message}`),
      ...unexpected
    },
          0
  );
  return seen;
}

const pass = 'export default (record, out) => out.pass(record);';

describe('a script that cannot be used', () => {
  for (const [name, text, message] of [
    ['an enum', 'const a = 1;\nenum E { A }\nexport default () => E.A;', /script\.ts:2: SyntaxError: TypeScript enum.*as const/],
    ['types that are broken', 'export const a: = 1;', /script\.ts:1: SyntaxError/],
    ['broken JavaScript', '\n\nconst a = 1; const a = 2;', /script\.ts:3: SyntaxError: Identifier 'a' has already been declared/],
    ['a throw at its top level', '\nthrow new Error("no luck");', /script\.ts:2: no luck/],
    ['an await at its top level', 'await 1;\nexport default () => 1;', /expected no await at its top level/],
    ['no export', 'export const other = 1;', /expected export default or export const batch, found neither/],
    ['two exports', `${pass} export const batch = () => 1;`, /expected one of .*, found both/],
    ['an export that is no function', 'export default { a: 1 };', /export default: expected a function, found object/],
    ['a batch that is none', 'export const batch = 1;', /batch: expected a function, found number/],
    ['an async function', 'export default async () => 1;', /expected a plain function, found one that is async/],
    ['an import that is not there', `import './gone.ts';\n${pass}`, /Cannot find module .*gone\.ts/],
    ['a mistake in what it imports', `import './lib/other.ts';\n${pass}`, /other\.ts:2: TypeError/],
    ['types of millrace as values', `import { Script } from 'millrace';\n${pass}`, /import type/]
  ] as const) {
    it(`is reported at its place: ${name}`, () => {
      const { plans, problems } = load(folderWith({ 'script.ts': text, 'lib/other.ts': '\nnull.x;' }));
      assert.deepEqual(plans, []);
      assert.deepEqual(problems.map(({ code }) => code), ['bad_script']);
      assert.match(problems.map(formatProblem).join(), message);
      assert.doesNotMatch(problems.map(formatProblem).join(), /\?millrace|\n/);
    });
  }

  it('is reported with all else, and shows nothing secret', () => {
    const folder = folderWith({ 'script.ts': 'throw new Error("hunter2");' });
    const { problems } = load(folder, { budgt: '1s', options: { a: '${env:PASSWORD}' } });
    assert.deepEqual(problems.map(({ code }) => code).sort(), ['bad_script', 'unknown_key']);
    evidence('problem', problems.map(formatProblem).join('\n'));
    assert.doesNotMatch(problems.map(formatProblem).join(), /hunter2/);
  });

  it('is no file, or none of its kind', () => {
    const folder = folderWith({ 'a.py': '' });
    for (const [module, message] of [['gone.ts', /no such file/], ['a.py', /ends in \.ts/], ['.', /ends in/]] as const) assert.match(load(folder, { module }).problems.map(formatProblem).join(), message);
  });

  it('ends when its top level does not', () => {
    const path = join(folderWith({ 'script.ts': 'for (;;) {}' }), 'script.ts');
    assert.throws(() => loadModule(path, 50), LoadTimeout);
    writeFileSync(path, 'export const a = 1;');
    assert.equal(loadModule(path, 5000).exports['a'], 1);
  });
});

describe('a script that was loaded', () => {
  it('may be JavaScript, and an ES module whatever the package around it says', async () => {
    const folder = folderWith({ 'package.json': '{ "type": "commonjs" }', 'script.js': pass, 'script.mjs': pass, 'script.mts': pass });
    for (const module of ['script.js', 'script.mjs', 'script.mts']) assert.deepEqual(await fates(logicOf(load(folder, { module })), [1]), ['1']);
  });

  it('is loaded anew when it changes, or what it imports, and counts as part of the topology', async () => {
    const folder = folderWith({ 'script.ts': "import { n } from './lib/n.ts';\nimport more from './more.json' with { type: 'json' };\nexport default (r, out) => out.send(r, [n, more]);", 'lib/n.ts': 'export const n: number = 1;', 'more.json': '"a"' });
    const first = load(folder);
    assert.deepEqual(await fates(logicOf(first), [0]), ['[1,"a"]']);
    assert.equal(load(folder).plans[0]?.fingerprint, first.plans[0]?.fingerprint);
    assert.deepEqual(first.plans[0]?.files.slice(1).toSorted(), ['lib/n.ts', 'more.json', 'script.ts'].map((name) => join(folder, name)));
    let last: string | undefined = first.plans[0]?.fingerprint;
    for (const [name, text, result] of [['lib/n.ts', 'export const n: number = 2;', '[2,"a"]'], ['more.json', '"b"', '[2,"b"]'], ['script.ts', 'export default (r, out) => out.send(r, 3);', '3']] as const) {
      writeFileSync(join(folder, name), text);
      const next = load(folder);
      assert.deepEqual(await fates(logicOf(next), [0]), [result]);
      assert.notEqual(next.plans[0]?.fingerprint, last);
      last = next.plans[0]?.fingerprint;
    }
    assert.deepEqual(await fates(logicOf(first), [0]), ['[1,"a"]']);
  });

  it('tells what it threw with its line, and nothing of the stack', async () => {
    const folder = folderWith({ 'script.ts': "import { check } from './check.ts';\nexport default (r, out) => {\n  if (r.value === 1) throw new TypeError('one\\nmore');\n  if (r.value === 2) check();\n  if (r.value === 3) throw 'text';\n  if (r.value === 4) (() => { r.value.deep.down(); })();\n  if (r.value === 5) throw { get message() { throw r; } };\n  if (r.value === 6) throw Object.defineProperty(new Error(), 'message', { get() { throw r; } });\n};", 'check.ts': '\n\nexport function check() { throw new Error("from below"); }' });
    assert.deepEqual(await fates(logicOf(load(folder)), [1, 2, 3, 4, 5, 6]), [
      'script_failed: script.ts:3: TypeError: one',
      'script_failed: check.ts:3: from below',
      'script_failed: script.ts: threw text',
      "script_failed: script.ts:6: TypeError: Cannot read properties of undefined (reading 'down')",
      'script_failed: script.ts: threw object',
      'script_failed: script.ts: threw an error that cannot be read'
    ]);
  });
});

describe('the budget', () => {
  const loop = 'const work = (v) => { if (v === "loop") for (;;) { try { for (;;); } catch {} } };';
  const forms = {
    'once per record': `${loop}\nexport default (r, out) => { out.send(r, 1); work(r.value); };`,
    'a batch at a time': `${loop}\nexport const batch = (rs, out) => { for (const r of rs) { out.send(r, 1); work(r.value); } };`,
    'in two passes': `${loop}\nexport const batch = (rs, out) => { for (const r of rs) work(r.value); for (const r of rs) out.send(r, 1); };`
  };
  for (const [form, text] of Object.entries(forms)) {
    it(`ends an endless loop: that record fails, those around it do not, ${form}`, async () => {
      const logic = logicOf(load(folderWith({ 'script.ts': text }), { budget: '60ms' }));
      assert.deepEqual(await fates(logic, [0, 1, 'loop', 3, 4]), ['1', '1', 'script_timeout: script.ts: expected to be done within its budget of 60ms, it was not', '1', '1']);
      assert.deepEqual(await fates(logic, ['loop', 1]), ['script_timeout: script.ts: expected to be done within its budget of 60ms, it was not', '1']);
    });
  }

  it('is that of one record: many that take less never run out of it together', async () => {
    const text = 'export default (r, out) => { const end = performance.now() + 5; while (performance.now() < end); out.send(r, 1); };';
    const seen = await fates(logicOf(load(folderWith({ 'script.ts': text }), { budget: '100ms' })), Array.from({ length: 60 }, (_, n) => n));
    assert.deepEqual([...new Set(seen)], ['1']);
    assert.equal(seen.length, 60);
  });

  it('lets the process have its turn after each record that took all of it', async () => {
    const logic = logicOf(load(folderWith({ 'script.ts': forms['once per record'] }), { budget: '20ms' }));
    let turns = 0;
    const timer = setInterval(() => { turns += 1; }, 1);
    await fates(logic, ['loop', 'loop', 'loop', 'loop']);
    clearInterval(timer);
    assert.ok(turns >= 3, String(turns));
  });

  it('knows a loop from a process that was stopped', () => {
    assert.equal(guard(300, () => { for (;;); }), 'timeout');
    // Waits without working, as a process does that is stopped.
    assert.equal(guard(30, () => { for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5); }), 'stalled');
    assert.throws(() => guard(1000, () => { throw new RangeError('through'); }), RangeError);
  });
});
