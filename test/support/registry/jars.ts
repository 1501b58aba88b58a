import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The schema registry that tests run against: the last Apicurio that Java 17 runs. */
export const apicurioVersion = '3.0.9';

const archive = `apicurio-registry-app-${apicurioVersion}-all.tar.gz`;

/** Where Apicurio lies, fetched by Maven the first time (110 MB, about 10 s). */
export async function registryJars(): Promise<string> {
  const cache = process.env['MILLRACE_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'millrace');
  const jars = join(cache, `apicurio-${apicurioVersion}`);
  if (existsSync(jars)) return jars;
  await mkdir(cache, { recursive: true });
  const half = await mkdtemp(join(cache, 'apicurio-'));
  try {
    await run('mvn', ['-q', '-B', 'dependency:copy', `-Dartifact=io.apicurio:apicurio-registry-app:${apicurioVersion}:tar.gz:all`, `-DoutputDirectory=${half}`], { cwd: half });
    await run('tar', ['xzf', archive], { cwd: half });
    await rm(join(half, archive));
    // A rename is atomic, so two starts at once leave one whole folder.
    await rename(half, jars);
  } catch (error) {
    await rm(half, { recursive: true, force: true });
    if (!existsSync(jars)) throw error;
  }
  return jars;
}

/** Why no registry can be run here, or null where one can. */
export async function whyNoRegistry(): Promise<string | null> {
  try {
    await run('java', ['-version']);
  } catch {
    return 'no schema registry: java is not installed';
  }
  try {
    await registryJars();
    return null;
  } catch (error) {
    return `no schema registry: Maven could not fetch it (${error instanceof Error ? error.message.split('\n')[0] : String(error)})`;
  }
}
