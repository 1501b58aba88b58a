import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from './jars.ts';

const run = promisify(execFile);

/** Confluent's client for Python, which is librdkafka. */
const version = '2.16.1';

/** The folder that PYTHONPATH has to name for `import confluent_kafka`, got by pip the first time (42 MB). Rejects where it cannot be had. */
export async function librdkafkaPath(): Promise<string> {
  const cache = cacheFolder();
  const folder = join(cache, `confluent-kafka-${version}`);
  if (await exists(folder)) return folder;
  await mkdir(cache, { recursive: true });
  const half = await mkdtemp(join(cache, 'confluent-kafka-'));
  await run('python3', ['-m', 'pip', 'install', '-q', '--no-cache-dir', '--target', half, `confluent-kafka==${version}`]);
  // A rename is atomic, so two starts at once leave one whole folder; the loser throws its copy away.
  await rename(half, folder).catch(async (error: unknown) => {
    await rm(half, { recursive: true, force: true });
    if (!(await exists(folder))) throw error;
  });
  return folder;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(() => true, () => false);
}
