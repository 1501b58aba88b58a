import type { Path, SinkLogic, SourceLogic } from '../../actors/component.ts';
import type { Declared, OnErrorOption } from './declare.ts';
import type { SourceFile } from './document.ts';

/** Topics of the sources, with the node that reads each. Reports a topic that is read twice, and writes that come back in. */
export function checkTopics(file: SourceFile, nodes: readonly Declared[], onError: OnErrorOption | undefined): void {
  const readers = new Map<string, string>();
  for (const node of nodes) {
    if (node.kind !== 'source' || node.built === null) continue;
    for (const topic of new Set((node.built.logic as SourceLogic).topics)) claim(file, node, topic, readers);
  }
  for (const node of nodes) {
    if (node.kind === 'sink' && node.built !== null) checkWrite(file, [...node.at, 'topic'], (node.built.logic as SinkLogic).topic, readers);
    checkWrite(file, [...node.at, 'on_error', 'dead_letter'], deadLetter(node.built?.onError), readers);
  }
  checkWrite(file, ['on_error', 'dead_letter'], deadLetter(onError), readers);
}

function claim(file: SourceFile, { name, at }: Declared, topic: string, readers: Map<string, string>): void {
  const other = readers.get(topic);
  if (other !== undefined) {
    file.report([...at, 'topic'], 'duplicate_topic', `${topic} is already read by the source ${other}`, 'let both ways read that one source');
  }
  readers.set(topic, name);
}

function checkWrite(file: SourceFile, at: Path, topic: string | null, readers: ReadonlyMap<string, string>): void {
  const reader = topic === null ? undefined : readers.get(topic);
  if (reader === undefined) return;
  file.report(at, 'loop', `${topic ?? ''} is read by the source ${reader}: what is written would come back in`, 'write to another topic');
}

function deadLetter(onError: OnErrorOption | undefined): string | null {
  return typeof onError === 'object' ? onError.dead_letter : null;
}
