import { existsSync, readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { resolve } from 'node:path';
import { decodeOffsetMetadata } from '../../runtime/offset-metadata.ts';
import type { Patient } from './patient.ts';
import { usedTopics } from './patient.ts';
import { openFileLimit } from './process-checks.ts';
import { passingStorage } from './state-checks.ts';

/** One box of the checklist. */
export interface Box {
  readonly box: string;
  /** Null where it cannot be seen from here. */
  readonly ticked: boolean | null;
  readonly found: string;
  /** What to do where it is not ticked. */
  readonly remedy: string | null;
}

const enoughFiles = 4096;
const enoughMemory = 512 * 1024 ** 2;

/** The checklist for production, ticked or not. */
export async function productionBoxes(patient: Patient): Promise<Box[]> {
  return [replication(patient), deadLetters(patient), watermark(patient), alerts(patient), stateVolume(patient), secrets(patient), tls(patient), await checkpoint(patient), limits(), tests(patient)];
}

function box(name: string, ticked: boolean | null, found: string, remedy: string): Box {
  return { box: name, ticked, found, remedy: ticked === true ? null : remedy };
}

function replication({ plan, view }: Patient): Box {
  const name = 'replication';
  const remedy = 'Give every topic replication factor 3 and min.insync.replicas 2: with less, one lost broker loses records or stops the stream.';
  if (plan.broker.type === 'embedded') return box(name, false, 'the embedded broker keeps one copy, in this process', 'Use Kafka: broker: { type: kafka, … }.');
  if (view === null) return box(name, null, 'the broker could not be looked at', remedy);
  const topics = [...new Set([...usedTopics(plan).map(({ topic }) => topic), ...plan.internalTopics.map(({ topic }) => topic)])].filter((topic) => view.topics.has(topic));
  const weak = topics.filter((topic) => (view.topics.get(topic)?.replicas ?? 0) < 3 || (view.topics.get(topic)?.minInSync ?? 1) < 2);
  if (topics.length === 0) return box(name, null, 'none of the topics is there yet', remedy);
  return weak.length === 0
    ? box(name, true, `${topics.length} topics with 3 copies or more, 2 of which acknowledge`, remedy)
    : box(name, false, weak.map((topic) => `${topic}: ${view.topics.get(topic)?.replicas ?? 0} copies, min.insync.replicas ${view.topics.get(topic)?.minInSync ?? 'unknown'}`).slice(0, 4).join('; '), remedy);
}

function deadLetters({ plan }: Patient): Box {
  const without = plan.nodes.filter(({ onError }) => onError.action !== 'dead_letter').map(({ name, onError }) => `${name} (${onError.action})`);
  return box('dead letters', without.length === 0, without.length === 0 ? 'every node has a dead letter topic' : without.slice(0, 5).join(', '), 'Set on_error: { dead_letter: TOPIC } for the topology: with fail one bad record stops it, with skip it is gone.');
}

function watermark({ plan }: Patient): Box {
  const remedy = 'Give sources of windows and joins watermark: { delay: … }, as much as records are out of order, and an idle time.';
  const timed = new Set(plan.subTopologies.filter((sub) => sub.timed).flatMap(({ nodes }) => nodes));
  const sources = plan.nodes.flatMap((node) => (node.kind === 'source' && node.type !== 'repartition' && timed.has(node.id) ? [{ name: node.name, time: node.build().time }] : []));
  if (sources.length === 0) return box('watermark', true, 'no node goes by event time', remedy);
  const weak = sources.filter(({ time }) => time.delay === 0 || time.idle === Infinity);
  return box('watermark', weak.length === 0, weak.length === 0 ? sources.map(({ name, time }) => `${name}: ${time.delay / 1000} s`).join(', ') : weak.map(({ name, time }) => (time.delay === 0 ? `${name} has no delay` : `${name} waits for idle partitions without end`)).join(', '), remedy);
}

/** Rules of a Prometheus elsewhere count as much, but are not to be seen. */
function alerts({ plan }: Patient): Box {
  const found = plan.alerts.map(({ name, notify }) => (notify.length === 0 ? `${name} (log alone)` : name));
  const remedy = 'Give the topology alerts: on lag, dead letters and progress; or Prometheus the rules that millrace alerts FILE prints.';
  return found.length > 0 ? box('alerts', true, found.join(', '), remedy) : box('alerts', null, 'the file has none; others cannot be seen from here', remedy);
}

function stateVolume({ plan, stateDir }: Patient): Box {
  const remedy = 'Give --state-dir a volume that stays with the daemon, one for each.';
  if (plan.subTopologies.every(({ stores }) => stores.length === 0) && plan.tables.length === 0) return box('state volume', true, 'no node keeps state', remedy);
  const passing = passingStorage(stateDir);
  if (passing !== null) return box('state volume', false, `${stateDir} lies on ${passing}`, remedy);
  const temporary = /^\/(tmp|var\/tmp|dev\/shm)(\/|$)/.test(resolve(stateDir));
  return box('state volume', !temporary, temporary ? `${stateDir} is a folder for what may be deleted` : stateDir, remedy);
}

function secrets({ loaded }: Patient): Box {
  const inline = loaded.inlineSecrets;
  return box('secrets not inline', inline.length === 0, inline.length === 0 ? 'none stands in the file' : inline.map(({ line, option }) => `line ${line}: ${option}`).join(', '), 'Write ${env:NAME} or ${file:/run/secrets/name} in its place.');
}

function tls({ plan }: Patient): Box {
  const remedy = 'Set broker.tls, and https for the registry: what is sent in plain text can be read and changed on the way.';
  if (plan.broker.type === 'embedded') return box('TLS', true, 'nothing leaves this process', remedy);
  const plain = [...(plan.broker.tls === null ? ['broker'] : []), ...(plan.registry?.settings.urls.some((url) => url.startsWith('http:')) === true ? ['registry'] : [])];
  return box('TLS', plain.length === 0, plain.length === 0 ? 'all connections' : `plain text: ${plain.join(', ')}`, remedy);
}

/** Offsets that another program commits in the group are no checkpoint of this topology. */
async function checkpoint({ plan, broker, view }: Patient): Promise<Box> {
  const name = 'checkpoint unique';
  const remedy = `Give this topology a group of its own (group: …), and every daemon a --state-dir of its own.`;
  if (view === null) return box(name, null, 'the broker could not be looked at', remedy);
  const partitions = usedTopics(plan).filter(({ does }) => does === 'Read').flatMap(({ topic }) => Array.from({ length: view.topics.get(topic)?.partitions ?? 0 }, (_, partition) => ({ topic, partition })));
  const committed = await broker.committed(plan.group, partitions);
  const foreign = committed.filter((offset) => offset !== null && decodeOffsetMetadata(offset.metadata) === null).length;
  const members = plan.broker.type === 'embedded' ? [] : (await broker.groupMembers(plan.group)).filter(({ client }) => client !== 'millrace');
  const found = [...(foreign > 0 ? [`${foreign} offsets of group ${plan.group} were committed by another program`] : []), ...(members.length > 0 ? [`${members.length} members of another program`] : [])];
  return box(name, found.length === 0, found.length === 0 ? `group ${plan.group}` : found.join(', '), remedy);
}

function limits(): Box {
  const files = openFileLimit('self');
  const memory = memoryLimit();
  const enough = (files === null || files >= enoughFiles) && memory >= enoughMemory;
  return box('limits', enough, `${files ?? 'unknown'} open files, ${(memory / 1024 ** 2).toFixed(0)} MiB of memory`, 'Allow 4096 open files and 512 MiB of memory at least; a million keys in windows need about 600 MiB.');
}

/** What the control group allows, or what there is. */
function memoryLimit(): number {
  for (const file of ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes']) {
    try {
      const limit = Number(readFileSync(file, 'utf8'));
      if (Number.isFinite(limit)) return Math.min(limit, totalmem());
    } catch {
      // Another system, or another version of control groups.
    }
  }
  return totalmem();
}

function tests({ plan }: Patient): Box {
  const file = plan.file.replace(/\.ya?ml$/, '_test.yaml');
  const there = existsSync(file);
  return box('tests', there, there ? file : `no ${file}`, 'Write cases: what goes in, what must come out. millrace test runs them without a broker.');
}
