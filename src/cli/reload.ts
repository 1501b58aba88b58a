import { closeSync, openSync } from 'node:fs';
import { asFailure } from '../../actors/failure.ts';
import type { Registries } from '../codec/registry/registries.ts';
import { formatProblem } from '../topology/format.ts';
import { loadTopologies } from '../topology/load.ts';
import type { Plan } from '../topology/model.ts';
import type { Daemon } from './daemon.ts';
import type { Output } from './output.ts';

/** Reads the topology files again and swaps what changed; with a mistake in any of them everything goes on as it was. */
export class Reloader {
  readonly #paths: readonly string[];
  readonly #daemon: Daemon;
  readonly #secrets: string[];
  readonly #registries: Registries;
  #plans: readonly Plan[];

  /** `secrets` is the list that the log and the HTTP answers redact by; what a new file brings is added to it. */
  constructor(daemon: Daemon, paths: readonly string[], { plans, secrets, registries }: { readonly plans: readonly Plan[]; readonly secrets: string[]; readonly registries: Registries }) {
    this.#registries = registries;
    this.#daemon = daemon;
    this.#paths = paths;
    this.#plans = plans;
    this.#secrets = secrets;
  }

  /** The topology files and those they name, as of the last good reading. */
  get files(): readonly string[] {
    return this.#plans.flatMap(({ files }) => files);
  }

  /** A change that came to nothing is not worth a line; whoever sent a signal wants an answer. */
  async reload(why: 'signal' | 'change'): Promise<void> {
    const { events } = this.#daemon;
    try {
      const { plans, problems, secrets } = loadTopologies(this.#paths, { env: process.env, registries: this.#registries });
      this.#secrets.push(...secrets.filter((secret) => !this.#secrets.includes(secret)));
      if (problems.length > 0) {
        events.reloadRefused(problems.map(formatProblem));
        return;
      }
      const reloaded = await this.#daemon.reload(plans);
      this.#plans = plans;
      const { started, changed, stopped } = reloaded;
      if (why === 'signal' || started.length + changed.length + stopped.length > 0) events.reloaded(reloaded);
    } catch (error) {
      const { code, message, remedy } = asFailure(error, 'task_crashed');
      events.reloadRefused([`${code}: ${message} (${remedy})`]);
    }
  }
}

/** SIGHUP reloads; where it came because the terminal is gone it stops. Returns how to take the handler away. */
export function reloadOnSignal(reloader: Reloader, daemon: Daemon, { interactive }: Output): () => void {
  const handle = (): void => {
    if (interactive && !hasTerminal()) void daemon.stop();
    else void reloader.reload('signal');
  };
  process.on('SIGHUP', handle);
  return () => { process.off('SIGHUP', handle); };
}

function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
