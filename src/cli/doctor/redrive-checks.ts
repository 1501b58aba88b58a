import type { ClusterView, Permission } from '../../../actors/cluster-view.ts';
import { deadLetterTopics } from '../../dead-letters/topics.ts';
import type { Plan } from '../../topology/model.ts';
import type { Finding } from './finding.ts';
import { warning } from './finding.ts';
import { usedTopics } from './patient.ts';

/** What this client may not do, of what `millrace dlq redrive` does. Only warnings: the topology itself needs none of it. */
export function redriveFindings(plan: Plan, { topics, other }: ClusterView): Finding[] {
  if (other === undefined) return [];
  const { name, group, transactionalId } = other;
  const lacks = (topic: string, does: Permission): Finding[] => (topics.get(topic)?.may?.includes(does) === false ? [missing(does, `the topic ${topic}`, `--topic ${topic}`)] : []);
  const sources = usedTopics(plan).filter(({ use }) => use.startsWith('source '));
  return [
    ...deadLetterTopics(plan).flatMap(({ topic }) => lacks(topic, 'Read')),
    ...sources.flatMap(({ topic }) => lacks(topic, 'Write')),
    ...(group === null || group.includes('Read') ? [] : [missing('Read', `the group ${name}`, `--group ${name}`)]),
    ...(transactionalId ? [] : [missing('Write', `in transactions of the id ${name}`, `--transactional-id ${name}`)])
  ];
}

function missing(does: Permission, what: string, flag: string): Finding {
  return warning('rights', `millrace dlq redrive may not ${does} ${what}`, `Before dead letters are driven again: kafka-acls --bootstrap-server … --add --allow-principal User:… --operation ${does} ${flag}`);
}
