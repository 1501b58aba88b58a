import type { ClusterView, Permission } from '../../../actors/cluster-view.ts';
import type { Plan } from '../../topology/model.ts';
import type { Finding } from './finding.ts';
import { failure, ok, warning } from './finding.ts';
import type { UsedTopic } from './patient.ts';
import { usedTopics } from './patient.ts';

/** Milliseconds beyond which each transaction, of several round trips, is felt. */
const slow = 50;

/** The cluster itself. */
export function clusterFindings({ release, nodes }: ClusterView): Finding[] {
  const area = 'broker';
  if (release === 'embedded') return [ok(area, 'embedded, in this process')];
  const away = nodes.filter(({ answer }) => answer === null);
  const slowest = Math.max(0, ...nodes.map(({ answer }) => answer ?? 0));
  const found: Finding[] = [];
  if (release === 'older than Kafka 4') found.push(failure(area, release, 'Use Apache Kafka 4.0 or later.'));
  else found.push(ok(area, `${release}, ${nodes.length} ${nodes.length === 1 ? 'node' : 'nodes'}, ${slowest.toFixed(0)} ms to the slowest`));
  if (away.length > 0) found.push(failure(area, `no answer from ${away.map(({ address }) => address).join(', ')}`, 'Every node must be reached by the address it advertises (advertised.listeners), not only the first one.'));
  if (slowest > slow) found.push(warning(area, `${slowest.toFixed(0)} ms for one round trip`, 'A transaction takes about five of them: run Millrace near the brokers.'));
  return found;
}

/** Topics that are missing, without a leader, or not fit to be read side by side. */
export function topicFindings(plan: Plan, view: ClusterView): Finding[] {
  const area = 'topics';
  const used = usedTopics(plan);
  const found = used.flatMap(({ topic, use }): Finding[] => {
    const seen = view.topics.get(topic);
    if (seen === undefined) {
      if (plan.broker.type === 'embedded') return [ok(area, `${topic} (${use}) will be made`)];
      return [failure(area, `${topic} (${use}) does not exist, or may not be described`, `kafka-topics --bootstrap-server … --create --topic ${topic}; or let run --create-topics make it.`)];
    }
    const short = seen.minInSync !== null && seen.inSync < seen.minInSync;
    return short ? [failure(area, `${topic} (${use}) has a partition with ${seen.inSync} copies in sync, and min.insync.replicas is ${seen.minInSync}`, 'It takes no writes now: bring the missing brokers back.')] : [];
  });
  const there = used.filter(({ topic }) => view.topics.has(topic));
  if (there.length > 0) found.unshift(ok(area, `${there.map(({ topic }) => `${topic} (${view.topics.get(topic)?.partitions ?? 0})`).join(', ')}`));
  return found;
}

/** What this client may not do, of what the topology does. */
export function rightFindings(plan: Plan, view: ClusterView): Finding[] {
  const area = 'rights';
  const found: Finding[] = usedTopics(plan).flatMap((use) => topicRight(use, view));
  for (const { topic } of plan.internalTopics) {
    for (const does of ['Read', 'Write'] as const) found.push(...topicRight({ topic, use: 'its own', does }, view));
  }
  if (view.group !== null && !view.group.includes('Read')) found.push(denied('Read', `the group ${plan.group}`, `--group ${plan.group}`));
  if (view.transactionalId !== null && plan.delivery === 'exactly_once') {
    found.push(failure(area, view.transactionalId, `kafka-acls --bootstrap-server … --add --allow-principal User:… --operation Write --transactional-id ${plan.group}- --resource-pattern-type prefixed`));
  }
  return found.length > 0 ? found : [ok(area, view.release === 'embedded' ? 'none are asked for' : `to topics, the group ${plan.group}${plan.delivery === 'exactly_once' ? ' and its transactional ids' : ''}`)];
}

function topicRight({ topic, use, does }: UsedTopic, view: ClusterView): Finding[] {
  const may = view.topics.get(topic)?.may ?? null;
  return may === null || may.includes(does) ? [] : [denied(does, `${topic} (${use})`, `--topic ${topic}`)];
}

function denied(does: Permission, what: string, flag: string): Finding {
  return failure('rights', `may not ${does} ${what}`, `kafka-acls --bootstrap-server … --add --allow-principal User:… --operation ${does} ${flag}`);
}
