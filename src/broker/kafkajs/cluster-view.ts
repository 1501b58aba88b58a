import type { ClusterView, Permission, TopicView } from '../../../actors/cluster-view.ts';
import { failureOf, protocolError } from './failures.ts';
import type { Broker, Definition } from './internals.ts';
import type { Nodes } from './nodes.ts';
import type { PermittedMetadata, PermittedTopic } from './permissions.ts';
import { groupWithPermissions, metadataWithPermissions, permissions } from './permissions.ts';

const topicResource = 2;
const transactionCoordinator = 1;
const coordinatorNotAvailable = 15;
const produce = 0;
const fetch = 1;

/** What a cluster, some topics and a group look like from here. Changes nothing. Rejects with kafkajs' errors. */
export async function viewCluster(nodes: Nodes, topics: readonly string[], group: string, other?: string): Promise<ClusterView> {
  const any = await nodes.any();
  const asked = topics.length === 0 ? [''] : topics;
  const metadata = await ask<PermittedMetadata>(nodes, any, metadataWithPermissions, { topics: asked });
  const known = metadata.topics.filter(({ errorCode, name }) => errorCode === 0 && name !== '');
  // Learns the addresses of the nodes on the way.
  await nodes.metadata(asked);
  const rules = await minInSync(nodes, any, known.map(({ name }) => name));
  return {
    id: metadata.clusterId,
    nodes: await Promise.all(metadata.brokers.map(async ({ id, host, port }) => ({ id, address: `${host}:${port}`, answer: await timed(nodes, id) }))),
    release: releaseOf(any),
    topics: new Map(known.map((topic) => [topic.name, topicView(topic, rules.get(topic.name) ?? null)])),
    group: await groupPermissions(nodes, group),
    transactionalId: (await mayUse(nodes, any, `${group}-doctor`)) ? null : `may not write in transactions whose ids begin with ${group}-`,
    ...(other === undefined ? {} : { other: { name: other, group: await groupPermissions(nodes, other), transactionalId: await mayUse(nodes, any, other) } })
  };
}

async function ask<R>(nodes: Nodes, broker: Broker, definition: Definition, args: object): Promise<R> {
  const { request } = definition.protocol({ version: 0 })(args);
  return (await nodes.send(broker, broker.lookupRequest(request.apiKey, definition)(args))) as R;
}

function topicView({ partitions, operations }: PermittedTopic, least: number | null): TopicView {
  const fewest = (of: (partition: PermittedTopic['partitions'][number]) => readonly number[]): number => Math.min(...partitions.map((each) => of(each).length));
  return { partitions: partitions.length, replicas: fewest(({ replicas }) => replicas), inSync: fewest(({ inSync }) => inSync), minInSync: least, may: permissions(operations) };
}

async function minInSync(nodes: Nodes, broker: Broker, topics: readonly string[]): Promise<Map<string, number>> {
  if (topics.length === 0) return new Map();
  const answer = await nodes.ask(broker, 'DescribeConfigs', { resources: topics.map((name) => ({ type: topicResource, name, configNames: ['min.insync.replicas'] })) });
  return new Map(answer.resources.flatMap(({ resourceName, configEntries: [entry] }) => (entry === undefined ? [] : [[resourceName, Number(entry.configValue)]])));
}

async function groupPermissions(nodes: Nodes, group: string): Promise<readonly Permission[] | null> {
  try {
    const answer = await ask<{ groups: readonly { errorCode: number; operations: number }[] }>(nodes, await nodes.coordinator(group), groupWithPermissions, { groupIds: [group] });
    const [found] = answer.groups;
    // Kafka 4 says that a group without members is not there, and nothing of what may be done with it.
    return found === undefined || found.errorCode !== 0 ? null : permissions(found.operations);
  } catch (error) {
    if (failureOf(error, '').code === 'not_authorized') return [];
    throw error;
  }
}

/** Finding the coordinator asks for the right to describe the id, which the right to write to it contains. */
async function mayUse(nodes: Nodes, broker: Broker, id: string): Promise<boolean> {
  const { errorCode } = await nodes.ask(broker, 'GroupCoordinator', { groupId: id, coordinatorType: transactionCoordinator });
  if (errorCode === 0) return true;
  if (errorCode === coordinatorNotAvailable) throw protocolError(errorCode);
  return failureOf(protocolError(errorCode), '').code !== 'not_authorized';
}

async function timed(nodes: Nodes, id: number): Promise<number | null> {
  const started = performance.now();
  try {
    const node = await nodes.node(id);
    await nodes.ask(node, 'Metadata', { topics: [''], allowAutoTopicCreation: false });
    return performance.now() - started;
  } catch {
    return null;
  }
}

/** From Kafka's message files: Produce 13 came with 4.1, Fetch 17 with 3.9 and 4.0, where the oldest Produce became 3. */
function releaseOf({ versions }: Broker): string {
  const [produced, fetched] = [versions?.[produce], versions?.[fetch]];
  if (produced === undefined || fetched === undefined) return 'unknown';
  if (produced.maxVersion >= 13) return 'Kafka 4.1 or later';
  return produced.minVersion >= 3 && fetched.minVersion >= 4 ? 'Kafka 4.0' : 'older than Kafka 4';
}
