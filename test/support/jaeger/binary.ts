import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../kafka/jars.ts';

const run = promisify(execFile);

/** The Jaeger that tests run against: all in one, without its page. */
const version = '1.76.0';

const main = 'github.com/jaegertracing/jaeger/cmd/all-in-one';

/** Jaeger's binary, built by Go the first time (some 3 minutes on two cores, 74 MB) and kept outside of the work tree. */
export async function jaegerBinary(): Promise<string> {
  const cache = cacheFolder();
  const binary = join(cache, `jaeger-${version}`);
  if (await exists(binary)) return binary;
  await mkdir(cache, { recursive: true });
  const half = await mkdtemp(join(cache, 'jaeger-build-'));
  // One of its modules is not in the checksum database.
  const options = { cwd: half, maxBuffer: 64 * 1024 * 1024, env: { ...process.env, GOFLAGS: '-buildvcs=false -p=2', GONOSUMDB: '*' } };
  try {
    await run('go', ['mod', 'init', 'jaeger-for-tests'], options);
    await run('go', ['get', `${main}@v${version}`], options);
    await run('go', ['build', '-ldflags', '-s -w', '-o', 'jaeger', main], options);
    await rename(join(half, 'jaeger'), binary);
  } finally {
    await rm(half, { recursive: true, force: true });
  }
  return binary;
}

/** Why Jaeger cannot be run here, or null where it can. */
export async function whyNoJaeger(): Promise<string | null> {
  try {
    await jaegerBinary();
    return null;
  } catch (error) {
    return `no Jaeger: Go could not build it (${error instanceof Error ? error.message.split('\n').slice(0, 2).join(' ') : String(error)})`;
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(() => true, () => false);
}
