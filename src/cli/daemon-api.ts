import type { Peer } from '../../actors/peer.ts';
import type { Broker } from '../../actors/port.ts';
import type { StreamRecord } from '../../actors/record.ts';
import type { DaemonApi, TappedRecord } from '../admin/api.ts';
import type { AlertWatcher } from '../alerts/watcher.ts';
import { latestLetters, letterRanges } from '../dead-letters/read.ts';
import { deadLetterTopics } from '../dead-letters/topics.ts';
import { nameInFile } from '../runtime/node-name.ts';
import type { Running, Supervisor } from '../runtime/supervisor.ts';
import type { TappedOutput } from '../runtime/taps.ts';
import type { TaskMemory } from '../runtime/task-memory.ts';
import type { WatchedDirectory } from '../state/watched-directory.ts';
import type { Logger } from '../telemetry/log.ts';
import { topologyGraph } from '../topology/graph.ts';
import type { Plan, SourceNode } from '../topology/model.ts';
import { GroupDirectory } from './api-holders.ts';
import { entriesOfKey } from './api-store.ts';
import { withHolders } from './api-upstream-holders.ts';
import { watermarksOf } from './api-watermarks.ts';
import { showBytes } from './show-bytes.ts';
import { showLetter } from './show-letter.ts';

/** Characters that are shown of a key or a value. */
const mostShown = 500;

/** The parts of a daemon that its API looks at. */
export interface ApiParts {
  readonly supervisor: Supervisor;
  readonly memory: TaskMemory;
  readonly state: WatchedDirectory;
  readonly log: Logger;
  readonly broker: (plan: Plan) => Broker;
  readonly alerts: AlertWatcher;
  /** How other daemons reach this one. */
  readonly peer: () => Peer | null;
}

/** What `/v1` stands on. */
export function daemonApi(parts: ApiParts): DaemonApi {
  const { supervisor, log } = parts;
  const find = (name: string): Running => {
    const running = supervisor.find(name);
    if (running === null) throw new Error(`there is no topology ${name}`);
    return running;
  };
  return {
    status: () => supervisor.status(),
    paused: (name) => find(name).topology.paused,
    tasks: (name) => find(name).topology.tasks.map(shownTask),
    nodes: (name) => nodesOf(find(name).plan),
    alerts: (name) => parts.alerts.view(name),
    graph: (name) => topologyGraph([find(name).plan]),
    pause: (name) => { find(name).topology.pause(); },
    resume: (name) => { find(name).topology.resume(); },
    drain: (name) => void find(name).topology.stop(),
    logLevel: () => log.level as ReturnType<DaemonApi['logLevel']>,
    setLogLevel: (level) => { log.level = level; },
    tap: (name, node, listener) => tap(find(name), node, listener),
    ...lookUps(parts, find)
  };
}

function shownTask({ name, running, trouble, committing }: Running['topology']['tasks'][number]): ReturnType<DaemonApi['tasks']>[number] {
  return { task: name, running, trouble: trouble === null ? null : { code: trouble.code, message: trouble.message, remedy: trouble.remedy }, committing_seconds: committing === null ? null : Math.round(committing / 100) / 10 };
}

function lookUps({ memory, state, broker, peer }: ApiParts, find: (name: string) => Running): Pick<DaemonApi, 'watermarks' | 'store' | 'given' | 'others' | 'deadLetters'> {
  const directory = new GroupDirectory();
  return {
    watermarks(name, quiet) {
      const { plan, topology } = find(name);
      const answer = watermarksOf({ plan, status: topology.status(), paused: topology.paused, quiet, remembered: (task) => memory.get(`${plan.group}/${task}`), open: state.opened(plan.group), tasks: topology.tasks });
      // A broker that is away is not waited for.
      return withHolders(answer, async () => (topology.state === 'running' ? directory.holders(plan, broker(plan)).catch(() => null) : null));
    },
    store(name, node, key, limit) {
      const { plan, topology } = find(name);
      // State that is being restored is open, too, and not all of it is there.
      const running = new Set(topology.tasks.filter((task) => task.running).map((task) => task.name));
      const open = state.opened(plan.group).filter(({ task, stores }) => stores.has(node) && running.has(task));
      return { ...entriesOfKey(open, node, key, limit), looked: open.map(({ task }) => task) };
    },
    given(name, node) {
      const { plan, topology } = find(name);
      const subs = new Set(plan.subTopologies.filter(({ stores }) => stores.includes(node)).map((sub) => sub.name));
      return topology.tasks.map((task) => task.name).filter((task) => subs.has(task.slice(0, task.lastIndexOf('-'))));
    },
    others(name, node) {
      const { plan } = find(name);
      return directory.others(plan, node, broker(plan), peer());
    },
    async deadLetters(name, limit) {
      const { plan } = find(name);
      const topics = deadLetterTopics(plan);
      const letters = await latestLetters(broker(plan), await letterRanges(broker(plan), topics), { limit, fits: () => true });
      return { topology: name, topics: topics.map(({ topic }) => topic), dead_letters: letters.map((letter) => showLetter(letter, mostShown)) };
    }
  };
}

/** Nodes as the file has them; of one that is in two halves the second. */
function nodesOf({ nodes, subTopologies, trigger }: Plan): ReturnType<DaemonApi['nodes']> {
  const stores = new Set(subTopologies.flatMap((sub) => sub.stores));
  return nodes.filter(({ name }) => nameInFile(name) === name).map((node) => {
    const paced = node.kind === 'source' ? pacedBy(node, trigger) : null;
    return { name: node.name, kind: node.kind, store: stores.has(node.name), ...(paced === null ? {} : { paced }) };
  });
}

/** What the file says of how fast a source reads; null for as fast as it can. */
function pacedBy(source: SourceNode, trigger: Plan['trigger']): { readonly by: string; readonly records: number | null } | null {
  const limit = source.build().rateLimit;
  const most = limit === null ? '' : [[limit.records, 'records'] as const, [limit.bytes, 'bytes'] as const].filter(([rate]) => rate < Number.MAX_SAFE_INTEGER).map(([rate, of]) => `${rate} ${of}`).join(' and ');
  const parts = [...(most === '' ? [] : [`rate_limit: ${most} a second and task`]), ...(trigger.mode === 'processing_time' ? [`trigger: processing_time, every ${trigger.interval / 1000} s`] : [])];
  return parts.length === 0 ? null : { by: parts.join('; '), records: limit === null || limit.records >= Number.MAX_SAFE_INTEGER ? null : limit.records };
}

function tap({ plan, topology }: Running, name: string, listener: (record: () => TappedRecord) => void): () => void {
  const outputs = plan.nodes.filter((node) => node.name === name).flatMap((node): TappedOutput[] =>
    node.kind === 'sink' ? node.inputs.map(({ node: upstream, port }) => ({ node: upstream, port })) : node.kind === 'source' ? [{ node: node.id, port: 0 }] : node.outputs.map((_, port) => ({ node: node.id, port })));
  return topology.tap(outputs, (record) => { listener(() => shown(record)); });
}

function shown({ origin, offset, time, key, value, bytes, changed }: StreamRecord): TappedRecord {
  return { topic: origin.topic, partition: origin.partition, offset, time, key: showBytes(key, mostShown), value: changed ? asText(value) : showBytes(bytes, mostShown) };
}

function asText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Uint8Array) return showBytes(value, mostShown);
  const text = JSON.stringify(value, (_, member: unknown) => (typeof member === 'bigint' ? member.toString() : member)) ?? '';
  return text.length <= mostShown ? text : `${text.slice(0, mostShown)}…`;
}
