import type { Path } from '../../actors/component.ts';
import type { Declared } from './declare.ts';
import type { SourceFile } from './document.ts';

/*
 * Topics are compared as they are written, not as they were built: a node with another mistake still reads and writes
 * them, and one mistake must not hide the next.
 */

/** Reports a topic that is read twice, and writes that come back in. */
export function checkTopics(file: SourceFile, nodes: readonly Declared[], root: Readonly<Record<string, unknown>>): void {
  const readers = new Map<string, string>();
  for (const node of nodes) {
    if (node.kind === 'source') for (const topic of topicsOf(node)) claim(file, node, topic, readers);
  }
  for (const { kind, at, options } of nodes) {
    if (kind === 'sink') checkWrite(file, [...at, 'topic'], options['topic'], readers);
    checkWrite(file, [...at, 'on_error', 'dead_letter'], deadLetter(options), readers);
  }
  checkWrite(file, ['on_error', 'dead_letter'], deadLetter(root), readers);
}

function topicsOf({ options }: Declared): Set<string> {
  const { topic, topics } = options;
  const list: unknown[] = Array.isArray(topics) ? [topic, ...(topics as unknown[])] : [topic];
  return new Set(list.filter((item) => typeof item === 'string'));
}

function claim(file: SourceFile, { name, at }: Declared, topic: string, readers: Map<string, string>): void {
  const other = readers.get(topic);
  if (other !== undefined) {
    file.report([...at, 'topic'], 'duplicate_topic', `${topic} is already read by the source ${other}`, 'let both ways read that one source');
  }
  readers.set(topic, name);
}

function checkWrite(file: SourceFile, at: Path, topic: unknown, readers: ReadonlyMap<string, string>): void {
  const reader = typeof topic === 'string' ? readers.get(topic) : undefined;
  if (reader === undefined) return;
  file.report(at, 'loop', `${String(topic)} is read by the source ${reader}: what is written would come back in`, 'write to another topic');
}

function deadLetter(options: Readonly<Record<string, unknown>>): unknown {
  const { on_error: policy } = options;
  return typeof policy === 'object' && policy !== null && 'dead_letter' in policy ? policy.dead_letter : undefined;
}
