import { isTopicName } from '../../actors/options.ts';
import { Registries } from '../codec/registry/registries.ts';
import { readAlerts } from './alert-options.ts';
import { readBroker } from './broker-options.ts';
import { connect } from './connect.ts';
import { declareNodes } from './declare.ts';
import { SourceFile } from './document.ts';
import type { Environment } from './interpolate.ts';
import { inlineSecrets } from './inline-secrets.ts';
import type { InlineSecret } from './inline-secrets.ts';
import { parsePart, show } from './issues.ts';
import { onlineChecks } from './online.ts';
import type { OnlineCheck } from './online.ts';
import type { Plan } from './model.ts';
import { createPlan } from './plan.ts';
import { readRegistry } from './registry-options.ts';
import type { TopologyHead } from './schema.ts';
import { topologySchema } from './schema.ts';
import { checkTopics } from './topics.ts';
import { urlSecrets } from './url-secrets.ts';

/** A file that was read: its plan where it has no mistakes, and what is known of it in any case. */
export interface ReadTopology {
  readonly file: SourceFile;
  readonly plan: Plan | null;
  /** What the schema registry can be asked, where there are no mistakes. */
  readonly online: readonly OnlineCheck[];
  readonly inlineSecrets: readonly InlineSecret[];
}

/** Text of a topology file to its plan; every mistake of it is reported in `file.problems`. */
export function readTopology(path: string, text: string, environment: Environment): ReadTopology {
  const file = new SourceFile(path, text, environment);
  const { root } = file;
  if (root === undefined || root === null) {
    if (file.problems.length === 0) file.report([], 'no_topology', 'expected a topology, found an empty file');
    return { file, plan: null, online: [], inlineSecrets: [] };
  }
  if (typeof root !== 'object' || Array.isArray(root)) {
    file.report([], 'bad_value', `expected a map with name, broker, sources and sinks, found ${show(root)}`);
    return { file, plan: null, online: [], inlineSecrets: [] };
  }
  const options = root as Record<string, unknown>;
  const head = readHead(file, options);
  const inline = inlineSecrets(file);
  file.secrets.push(...urlSecrets(root));
  const broker = readBroker(file, options['broker']);
  const registry = readRegistry(file, options['registry']);
  file.registry = registry === null ? null : (environment.registries ?? new Registries()).client(registry);
  const alerts = readAlerts(file, options['alerts']);
  const nodes = declareNodes(file, options);
  const graph = connect(file, nodes);
  checkEnds(file, options);
  checkTopics(file, nodes, options);
  if (head === null || broker === null || file.problems.length > 0) return { file, plan: null, online: [], inlineSecrets: [] };
  const plan = createPlan(file, head, broker, graph, alerts);
  checkInternalTopics(file, plan);
  return { file, plan: file.problems.length > 0 ? null : plan, online: onlineChecks(file, nodes), inlineSecrets: inline };
}

/** The topics of keyed nodes are named after the group: those names have to be names, and nobody else's. */
function checkInternalTopics(file: SourceFile, { group, nodes, internalTopics }: Plan): void {
  for (const { topic, node } of internalTopics) {
    if (!isTopicName(topic)) {
      file.report(['group'], 'bad_value', `expected a group that topics can be named after, found ${show(group)}: the state of ${node} needs the topic ${topic}`, "letters, digits, '.', '_' and '-', at most 249 in all");
      return;
    }
    const taken = nodes.find((each) => each.type !== 'repartition' && ((each.kind === 'source' && each.build().reads.topics.includes(topic)) || (each.kind === 'sink' && each.build().topic === topic)));
    if (taken !== undefined) file.report([`${taken.kind}s`, taken.name], 'loop', `${topic} belongs to ${node}: its repartition or changelog topic`, 'use another topic', { key: true });
  }
}

function readHead(file: SourceFile, options: Record<string, unknown>): TopologyHead | null {
  return parsePart({ file, at: [], schema: topologySchema, topKeys: [] }, options);
}

/** A topology reads and writes something. A section that is absent altogether is reported as a missing option already. */
function checkEnds(file: SourceFile, options: Readonly<Record<string, unknown>>): void {
  for (const section of ['sources', 'sinks']) {
    const entries = options[section];
    if (typeof entries !== 'object' || entries === null || Array.isArray(entries) || Object.keys(entries).length > 0) continue;
    file.report([section], 'missing_option', `expected at least one node in ${section}, found none`);
  }
}
