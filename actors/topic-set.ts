/** The topics that one reader of a topology reads: by name, and by pattern. */
export interface TopicSet {
  readonly topics: readonly string[];
  /** Each is held against the whole name. */
  readonly patterns: readonly RegExp[];
}

/** A pattern as a source writes it, held against whole names as Kafka's `subscribe(Pattern)` does. Throws a `SyntaxError`. */
export function topicPattern(source: string): RegExp {
  // By itself first: an error should show what was written, and `)(` is none only in between.
  new RegExp(source, 'u');
  return new RegExp(`^(?:${source})$`, 'u');
}

/** True for topics that belong to Kafka itself: no pattern takes them. */
export function isInternalTopic(topic: string): boolean {
  return topic.startsWith('__');
}

/**
 * Which of several sets a topic belongs to, -1 for none: the one that names it, else the first with a pattern that it meets. So
 * every member of a group, and every part of a member, comes to the same answer.
 */
export function ownerOf(topic: string, sets: readonly TopicSet[]): number {
  const named = sets.findIndex(({ topics }) => topics.includes(topic));
  if (named >= 0 || isInternalTopic(topic)) return named;
  return sets.findIndex(({ patterns }) => patterns.some((pattern) => pattern.test(topic)));
}

/** The topics of each set, sorted, out of those that exist. */
export function dealTopics(sets: readonly TopicSet[], existing: Iterable<string>): string[][] {
  const dealt: string[][] = sets.map(() => []);
  for (const topic of existing) dealt[ownerOf(topic, sets)]?.push(topic);
  return dealt.map((topics) => topics.sort());
}

/** True where what is read can only be known by asking the broker which topics there are. */
export function hasPatterns(sets: readonly TopicSet[]): boolean {
  return sets.some(({ patterns }) => patterns.length > 0);
}
