import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { parse } from '../../src/cli/command.ts';
import type { Arguments } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/commands.ts';
import type { Output } from '../../src/cli/output.ts';
import { checkout } from './scratch.ts';

/** The parts of docker/compose.yaml that tests read. */
export interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

/** One service of it. */
export interface ComposeService {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly command?: readonly string[];
  readonly depends_on?: Readonly<Record<string, unknown>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: { readonly test?: readonly string[] };
  readonly stop_grace_period?: string;
}

/** The parts of docker/kubernetes/statefulset.yaml that tests read. */
export interface StatefulSet {
  readonly spec: {
    readonly serviceName: string;
    readonly template: { readonly spec: PodSpec; readonly metadata: { readonly annotations: Readonly<Record<string, string>> } };
    readonly volumeClaimTemplates: readonly { readonly metadata: { readonly name: string } }[];
  };
}

interface PodSpec {
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly containers: readonly [Container];
  readonly volumes: readonly { readonly name: string; readonly configMap: { readonly name: string } }[];
}

/** The daemon's container. */
export interface Container {
  readonly args: readonly string[];
  readonly image: string;
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly envFrom: readonly { readonly configMapRef: { readonly name: string } }[];
  readonly env: readonly { readonly name: string; readonly valueFrom: { readonly fieldRef?: { readonly fieldPath: string }; readonly secretKeyRef?: { readonly name: string; readonly key: string } } }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

/** The parts of docker/kubernetes/kustomization.yaml that tests read. */
export interface Kustomization {
  readonly resources: readonly string[];
  readonly images: readonly { readonly name: string }[];
  readonly configMapGenerator: readonly { readonly name: string; readonly files?: readonly string[]; readonly literals?: readonly string[] }[];
}

/** A YAML file below docker/. */
export function readDocker<T>(path: string): T {
  return parseYaml(readFileSync(join(checkout, 'docker', path), 'utf8')) as T;
}

/** An output that keeps all to itself. */
export const silent: Output = { interactive: false, log: { write: () => undefined }, paint: (_color, text) => text, print: () => undefined, complain: () => undefined, status: () => undefined };

/** A command line as the program reads it; throws on an option or a command that it does not have. */
export async function parseCommandLine([name = '', ...args]: readonly string[]): Promise<Arguments> {
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (entry === undefined) throw new Error(`there is no command ${name}`);
  return parse(await entry.load(silent), args);
}
