import { join } from 'node:path';
import { RegistryClient } from './client.ts';
import type { Registry } from './registry.ts';
import type { RegistrySettings } from './settings.ts';

/** Gives the registry that settings describe. */
export interface RegistrySource {
  client(settings: RegistrySettings): Registry;
}

/** The schema registries of a process: topologies that name the same one share its client, over reloads too. */
export class Registries implements RegistrySource {
  readonly #folder: string | null;
  readonly #clients = new Map<string, RegistryClient>();

  /** With a folder, what registries said is kept in it. */
  constructor(folder: string | null = null) {
    this.#folder = folder === null ? null : join(folder, '.schemas');
  }

  client(settings: RegistrySettings): RegistryClient {
    const key = JSON.stringify(settings);
    let client = this.#clients.get(key);
    if (client === undefined) {
      client = new RegistryClient(settings, this.#folder);
      this.#clients.set(key, client);
    }
    return client;
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
  }
}
