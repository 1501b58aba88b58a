import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The Kafka that tests run against. The version is the pom's. */
export const kafkaVersion = '4.1.1';

/** Where what tests download is kept, outside of the work tree. */
export function cacheFolder(): string {
  return process.env['MILLRACE_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'millrace');
}

/** Where the jars of a Kafka broker lie, fetched by Maven the first time (124 MB, about 10 s). */
export async function kafkaJars(): Promise<string> {
  const cache = cacheFolder();
  const jars = join(cache, `kafka-${kafkaVersion}`);
  if (await exists(jars)) return jars;
  await mkdir(cache, { recursive: true });
  const half = await mkdtemp(join(cache, 'kafka-'));
  const pom = join(import.meta.dirname, 'pom.xml');
  await run('mvn', ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${half}`]);
  // A rename is atomic, so two starts at once leave one whole folder; the loser throws its copy away.
  await rename(half, jars).catch(async (error: unknown) => {
    await rm(half, { recursive: true, force: true });
    if (!(await exists(jars))) throw error;
  });
  return jars;
}

/** Why Kafka cannot be run here, or null where it can. */
export async function whyNoKafka(): Promise<string | null> {
  try {
    await run('java', ['-version']);
  } catch {
    return 'no Kafka: java is not installed (or set KAFKA_BROKERS)';
  }
  try {
    await kafkaJars();
    return null;
  } catch (error) {
    return `no Kafka: Maven could not fetch it (${error instanceof Error ? error.message.split('\n')[0] : String(error)})`;
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(() => true, () => false);
}
