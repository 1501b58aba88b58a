import { topicPattern } from '../../actors/topic-set.ts';
import type { Path } from '../../actors/component.ts';
import type { Declared } from './declare.ts';
import type { SourceFile } from './document.ts';

/*
 * Topics are compared as they are written, not as they were built: a node with another mistake still reads and writes
 * them, and one mistake must not hide the next.
 */

/** Reports a topic that is read twice, and writes that come back in. */
export function checkTopics(file: SourceFile, nodes: readonly Declared[], root: Readonly<Record<string, unknown>>): void {
  const readers: Readers = { named: new Map(), patterns: [] };
  for (const node of nodes) {
    if (node.kind !== 'source') continue;
    for (const topic of topicsOf(node)) claim(file, node, topic, readers.named);
    const pattern = patternOf(node);
    if (pattern !== null) readers.patterns.push({ pattern, source: node.name });
  }
  for (const { kind, at, options } of nodes) {
    if (kind === 'sink') checkWrite(file, [...at, 'topic'], options['topic'], readers);
    checkWrite(file, [...at, 'on_error', 'dead_letter'], deadLetter(options), readers);
  }
  checkWrite(file, ['on_error', 'dead_letter'], deadLetter(root), readers);
}

/** Who reads what. */
interface Readers {
  readonly named: Map<string, string>;
  readonly patterns: { readonly pattern: RegExp; readonly source: string }[];
}

/** Null also for one that is no regular expression: that is reported with the node. */
function patternOf({ options }: Declared): RegExp | null {
  try {
    return typeof options['pattern'] === 'string' ? topicPattern(options['pattern']) : null;
  } catch {
    return null;
  }
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

function checkWrite(file: SourceFile, at: Path, topic: unknown, { named, patterns }: Readers): void {
  if (typeof topic !== 'string') return;
  const reader = named.get(topic);
  const matched = patterns.find(({ pattern }) => pattern.test(topic));
  if (reader !== undefined) {
    file.report(at, 'loop', `${topic} is read by the source ${reader}: what is written would come back in`, 'write to another topic');
  } else if (matched !== undefined) {
    file.report(at, 'loop', `${topic} meets the pattern of the source ${matched.source}: what is written would come back in`, 'write to another topic, or narrow the pattern');
  }
}

function deadLetter(options: Readonly<Record<string, unknown>>): unknown {
  const { on_error: policy } = options;
  return typeof policy === 'object' && policy !== null && 'dead_letter' in policy ? policy.dead_letter : undefined;
}
