import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { ClusterView } from '../../../actors/cluster-view.ts';
import { lockHolder } from '../../state/lock.ts';
import type { Plan } from '../../topology/model.ts';
import type { Finding } from './finding.ts';
import { failure, ok, warning } from './finding.ts';

/** Connections of all producers of a daemon come in at most so many sets (src/broker/kafkajs/shared-clusters.ts). */
const producerSets = 16;

/** Transactions that a daemon starts per second at most, and one task (src/runtime/topology.ts). */
const perDaemon = 350;
const perTask = 100;

/** Files of other kinds: LMDB, logs, Node's own. */
const otherFiles = 64;

/** Node itself. */
export function nodeFindings(version: string): Finding[] {
  const major = Number(version.replace(/^v/, '').split('.')[0]);
  return [major >= 24 ? ok('node', version) : failure('node', version, 'Millrace needs Node 24 or later.')];
}

/** Sockets and transactions per second: what this topology comes to if one daemon runs all of it, and what the daemon on this folder has open now. */
export function loadFindings(plan: Plan, view: ClusterView, stateDir: string): Finding[] {
  if (plan.broker.type === 'embedded') return [ok('sockets', 'none: the broker is embedded')];
  const tasks = taskCount(plan, view);
  const nodes = Math.max(1, view.nodes.length);
  const producers = plan.delivery === 'exactly_once' ? tasks : 1;
  // Two to each node for reading, one for questions, and a set for each producer.
  const sockets = nodes * (3 + Math.min(producers, producerSets));
  const limit = openFileLimit('self');
  const pid = lockHolder(stateDir);
  const now = pid === null ? null : socketsOf(pid);
  const text = `about ${sockets} for ${tasks} ${tasks === 1 ? 'task' : 'tasks'} on one daemon${now === null ? '' : `; process ${pid ?? 0} has ${now} open`}${limit === null ? '' : `; ${limit} files may be open`}`;
  const found = [limit !== null && limit < sockets + otherFiles ? failure('sockets', text, 'Raise the limit of open files: ulimit -n 65536, LimitNOFILE= of systemd.') : ok('sockets', text)];
  if (plan.delivery === 'exactly_once') {
    const most = Math.min(perDaemon, tasks * perTask);
    const each = `up to ${most} per second on one daemon (${perTask} per task, ${perDaemon} in all)`;
    found.push(tasks > perDaemon / 2 ? warning('transactions', each, `With ${tasks} tasks on one daemon each commits about ${(perDaemon / tasks).toFixed(1)} times a second: start more daemons, or use fewer partitions.`) : ok('transactions', each));
  }
  return found;
}

/** One task for each partition number of what a sub-topology reads. */
function taskCount(plan: Plan, view: ClusterView): number {
  let total = 0;
  for (const { reads } of plan.subTopologies) {
    const counts = reads.topics.map((topic) => view.topics.get(topic)?.partitions ?? 0);
    total += Math.max(1, ...counts);
  }
  return total;
}

/** Of a process of this machine; null where the system does not say. */
export function openFileLimit(pid: number | 'self'): number | null {
  try {
    const soft = /^Max open files\s+(\S+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'))?.[1];
    return soft === undefined ? null : soft === 'unlimited' ? Infinity : Number(soft);
  } catch {
    return null;
  }
}

function socketsOf(pid: number): number | null {
  try {
    return readdirSync(`/proc/${pid}/fd`).filter((file) => linkOf(`/proc/${pid}/fd/${file}`).startsWith('socket:')).length;
  } catch {
    return null;
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
