import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import type { Skippable } from './kafka.ts';
import { postgresBinaries, whyNoPostgres } from './postgres/binaries.ts';
import type { Binaries } from './postgres/binaries.ts';
import { secret } from './secrets.ts';
import { freePort } from './ports.ts';

/** A running PostgreSQL, with an empty database. */
export interface Postgres {
  /** With the password, and with one that is wrong. */
  readonly url: string;
  readonly wrongUrl: string;
  readonly password: string;
  /** Runs statements, one behind the other. */
  run(sql: string): Promise<void>;
  /** Ends the server; its data stay. */
  stop(): Promise<void>;
  /** Starts it again on the same data and port. */
  start(): Promise<void>;
  /** Ends it and deletes its data. */
  remove(): Promise<void>;
}

const startTimeout = 30_000;
const password = secret('pg-s3cret/%+word');
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A PostgreSQL of the test's own. Skips the test and answers null where none can be had, unless CI=true: then it throws. */
export async function postgresOrSkip(t: Skippable): Promise<Postgres | null> {
  const why = await whyNoPostgres();
  if (why === null) return startPostgres();
  if (process.env['CI'] === 'true') throw new Error(why);
  t.skip(why);
  return null;
}

async function startPostgres(): Promise<Postgres> {
  const binaries = await postgresBinaries();
  const folder = await mkdtemp(join(tmpdir(), 'millrace-postgres-'));
  const user = await unprivileged();
  const secret = join(folder, 'password');
  await writeFile(secret, password);
  for (const path of [folder, secret]) await chown(path, user.uid, user.gid);
  const server = new Server(binaries, folder, user, await freePort());
  await promisify(execFile)(join(binaries.folder, 'initdb'), ['-D', server.data, '-U', 'millrace', '-A', 'scram-sha-256', `--pwfile=${secret}`, '-E', 'UTF8', '--locale=C', '--no-sync'], {
    ...user, cwd: folder, env: { ...process.env, ...binaries.env }
  });
  await server.start();
  return server;
}

class Server implements Postgres {
  readonly data: string;
  readonly password = password;
  readonly #binaries: Binaries;
  readonly #folder: string;
  readonly #user: { readonly uid: number; readonly gid: number };
  readonly #port: number;
  #child: ChildProcess | null = null;

  constructor(binaries: Binaries, folder: string, user: { readonly uid: number; readonly gid: number }, port: number) {
    this.data = join(folder, 'data');
    this.#binaries = binaries;
    this.#folder = folder;
    this.#user = user;
    this.#port = port;
  }

  get url(): string {
    return this.#urlWith(password);
  }

  get wrongUrl(): string {
    return this.#urlWith(secret('wr0ng-secret'));
  }

  async run(sql: string): Promise<void> {
    const client = new pg.Client({ connectionString: this.url });
    await client.connect();
    await client.query(sql);
    await client.end();
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    // Fast: connections are ended, not waited for.
    child.kill('SIGINT');
    await exited;
  }

  async start(): Promise<void> {
    const output = await open(join(this.#folder, 'output'), 'a');
    const options = [`listen_addresses=127.0.0.1`, `port=${this.#port}`, 'unix_socket_directories=', 'fsync=off', 'jit=off'];
    const child = spawn(join(this.#binaries.folder, 'postgres'), ['-D', this.data, ...options.flatMap((option) => ['-c', option])], {
      ...this.#user, cwd: this.#folder, env: { ...process.env, ...this.#binaries.env }, stdio: ['ignore', output.fd, output.fd]
    });
    await output.close();
    running.add(child);
    child.once('exit', () => running.delete(child));
    this.#child = child;
    const deadline = Date.now() + startTimeout;
    while (!(await this.run('select 1').then(() => true, () => false))) {
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`PostgreSQL did not start: ${await readFile(join(this.#folder, 'output'), 'utf8')}`);
      await wait(50);
    }
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }

  #urlWith(secret: string): string {
    return `postgres://millrace:${encodeURIComponent(secret)}@127.0.0.1:${this.#port}/postgres`;
  }
}

/** The server refuses to run as root. */
async function unprivileged(): Promise<{ readonly uid: number; readonly gid: number }> {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  if (uid !== 0) return { uid, gid };
  const nobody = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':')).find(([name]) => name === 'nobody');
  return { uid: Number(nobody?.[2] ?? 65534), gid: Number(nobody?.[3] ?? 65534) };
}
