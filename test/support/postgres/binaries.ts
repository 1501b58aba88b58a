import { execFile } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where PostgreSQL's programs are, and what they need to find theirs. */
export interface Binaries {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

/** PostgreSQL as Debian installs it; else Debian's packages, fetched and unpacked the first time (100 MB on disk), for which nobody has to be root. */
export async function postgresBinaries(): Promise<Binaries> {
  const [installed] = globSync('/usr/lib/postgresql/*/bin/initdb').toSorted().reverse();
  if (installed !== undefined && process.env['MILLRACE_UNPACK_POSTGRES'] === undefined) return { folder: join(installed, '..'), env: {} };
  return unpacked(await fetched());
}

/** Why PostgreSQL cannot be run here, or null where it can. */
export async function whyNoPostgres(): Promise<string | null> {
  try {
    await postgresBinaries();
    return null;
  } catch (error) {
    return `no PostgreSQL: it is not installed under /usr/lib/postgresql, and Debian's packages could not be fetched (${error instanceof Error ? error.message.split('\n')[0] : String(error)})`;
  }
}

/** The folder that stands for `/`. The server refuses to run as root, and another user cannot look into root's home. */
async function fetched(): Promise<string> {
  const cache = process.env['MILLRACE_CACHE'] ?? (process.getuid?.() === 0 ? '/var/cache/millrace' : join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'millrace'));
  const root = join(cache, 'postgres');
  if (existsSync(root)) return root;
  await mkdir(cache, { recursive: true });
  const half = await mkdtemp(join(cache, 'postgres-'));
  try {
    await run('chmod', ['755', half]);
    await run('apt-get', ['download', '-q', ...(await packages())], { cwd: half });
    for (const archive of globSync('*.deb', { cwd: half })) {
      await run('dpkg', ['-x', archive, half], { cwd: half });
      await rm(join(half, archive));
    }
    // A rename is atomic, so two starts at once leave one whole folder.
    await rename(half, root);
  } catch (error) {
    await rm(half, { recursive: true, force: true });
    if (!existsSync(root)) throw error;
  }
  return root;
}

/** The server, and the libraries it needs; not the compiler behind its JIT, which it does without, nor what every Debian has. */
async function packages(): Promise<string[]> {
  const only = ['--no-recommends', '--no-suggests', '--no-conflicts', '--no-breaks', '--no-replaces', '--no-enhances'];
  const server = /Depends: (postgresql-\d+)/.exec((await run('apt-cache', ['depends', 'postgresql'])).stdout)?.[1];
  if (server === undefined) throw new Error('apt-cache knows no package postgresql');
  const { stdout } = await run('apt-cache', ['depends', '--recurse', ...only, server], { maxBuffer: 64 * 1024 * 1024 });
  const libraries = stdout.split('\n').filter((name) => /^lib(pq|icu|ldap|sasl|xml|xslt|lz4|zstd|ssl|gssapi|krb|k5|com-err|keyutils|selinux|systemd|uuid)[\w.+-]*$/.test(name));
  return [server, ...new Set(libraries)];
}

function unpacked(root: string): Binaries {
  const [initdb] = globSync(join(root, 'usr/lib/postgresql/*/bin/initdb'));
  if (initdb === undefined) throw new Error(`there is no initdb under ${root}`);
  return { folder: join(initdb, '..'), env: { LD_LIBRARY_PATH: globSync(join(root, 'usr/lib/*-linux-gnu*')).join(':') } };
}
