import assert from 'node:assert/strict';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { validate } from 'dockerfile-utils';
import { lastWords, readDockerfile } from '../support/dockerfile.ts';
import type { Stage } from '../support/dockerfile.ts';
import { reached } from '../support/package.ts';
import { checkout, checkoutFiles, emptyFolder, run } from '../support/scratch.ts';
import type { Ended } from '../support/scratch.ts';
import { Started } from '../support/started.ts';

/*
 * The image without an engine: its steps replayed in a folder that stands for its root. What this cannot show is the
 * base image itself (its Node, its user, its shell).
 */

const text = readFileSync(join(checkout, 'docker/Dockerfile'), 'utf8');
const stages = readDockerfile(text);
const image = stages.at(-1) as Stage;

/** What the build gets to see, by .dockerignore: everything ignored but some. */
function buildContext(): string {
  const kept = readFileSync(join(checkout, '.dockerignore'), 'utf8').split('\n').filter((line) => line.startsWith('!')).map((line) => line.slice(1));
  const context = emptyFolder();
  for (const file of checkoutFiles()) {
    if (kept.some((path) => file === path || file.startsWith(`${path}/`))) cpSync(join(checkout, file), join(context, file));
  }
  return context;
}

/** Carries out COPY and RUN of all stages; gives the last stage's root, or how the step ended that did not work. */
async function build(context: string): Promise<{ root: string; failed: Ended | null }> {
  const roots = new Map<string, string>();
  let root = '';
  for (const { name, instructions } of stages) {
    root = emptyFolder();
    roots.set(name, root);
    let workdir = root;
    for (const { name: instruction, words, flags, text: line } of instructions) {
      if (instruction === 'WORKDIR') mkdirSync((workdir = join(root, line)), { recursive: true });
      if (instruction === 'COPY') {
        const from = flags['from'] === undefined ? context : (roots.get(flags['from']) as string);
        const to = join(workdir, words.at(-1) as string);
        for (const path of words.slice(0, -1)) cpSync(join(from, path), words.length > 2 || to.endsWith('/') ? join(to, path) : to, { recursive: true });
      }
      if (instruction === 'RUN') {
        const command = line.replaceAll('/state', join(root, 'state')).replace('chown node:node', process.getuid?.() === 0 ? 'chown 1000:1000' : 'true');
        const ended = await run('sh', ['-ec', command], { cwd: workdir, env: { COMMIT: 'c0ffee0', npm_config_prefer_offline: 'true' } });
        if (ended.code !== 0) return { root, failed: ended };
      }
    }
  }
  return { root, failed: null };
}

const topology = (path: string): string => `
name: plain
broker: { type: embedded, path: ${path} }
sources: { in: { type: kafka, topic: in } }
sinks: { out: { type: kafka, from: in, topic: out } }
`;

describe('the image', () => {
  it('has a Dockerfile without anything to find fault with', () => {
    assert.deepEqual(validate(text).map(({ message, range }) => [range.start.line + 1, message]), []);
    assert.deepEqual(new Set(stages.map(({ image: base }) => base)), new Set(['node:24-slim']));
    assert.notEqual(lastWords(image, 'USER')[0], 'root');
    assert.deepEqual(lastWords(image, 'VOLUME'), ['/state']);
    assert.deepEqual(lastWords(image, 'EXPOSE'), ['7171']);
  });

  it('starts Node as the program asks for in its first line', () => {
    const flags = (readFileSync(join(checkout, 'src/main.ts'), 'utf8').split('\n')[0] ?? '').split(' ').filter((word) => word.startsWith('--') && word !== '--');
    assert.deepEqual(lastWords(image, 'ENTRYPOINT'), ['node', ...flags, 'src/main.ts']);
  });

  it('can be built and runs as another user than root: healthy, and 0 at SIGTERM', async (t) => {
    const { root, failed } = await build(buildContext());
    if (failed !== null && !reached(t, failed.code, failed.output)) return;
    const home = join(root, 'millrace');
    assert.ok(!existsSync(join(home, 'node_modules/typescript')), 'no development packages');
    mkdirSync(join(root, 'topologies'));
    writeFileSync(join(root, 'topologies/plain.yaml'), topology(join(root, 'state/broker')));
    chmodSync(root, 0o755);

    const words = [...lastWords(image, 'ENTRYPOINT'), ...lastWords(image, 'CMD')].map((word) => (word === '0.0.0.0:7171' ? '127.0.0.1:0' : word.replace(/^\/(topologies|state)(?=\/|$)/, `${root}/$1`)));
    const user = process.getuid?.() === 0 ? { uid: 1000, gid: 1000 } : {};
    const daemon = new Started(process.execPath, words.slice(1), { cwd: home, env: { HOME: root }, ...user });
    const url = await daemon.url();
    const probe = lastWords(image, 'HEALTHCHECK').map((word) => word.replace('http://127.0.0.1:7171', url));
    assert.equal((await run(process.execPath, probe.slice(1), { cwd: home })).code, 0, 'the health check says yes while it runs');
    assert.equal(await daemon.stop(), 0, daemon.output);
    assert.equal((await run(process.execPath, probe.slice(1), { cwd: home })).code, 1, 'and no when it does not');
    assert.equal(readFileSync(join(home, 'commit'), 'utf8'), 'c0ffee0\n');
  });
});
