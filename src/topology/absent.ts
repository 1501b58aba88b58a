/** What other stream processors have, and the design names, but this version has not: by the option or type that asks for it. */
const absent: readonly (readonly [words: RegExp, what: string])[] = [
  [/^(avro|protobuf|registry|schema_?registry)$/i, 'Avro, Protobuf and schema registries']
];

/** Says so where a word asks for what is not in this version; null for other words. */
export function absentHint(word: unknown): string | null {
  const found = typeof word === 'string' ? absent.find(([words]) => words.test(word)) : undefined;
  return found === undefined ? null : `not in this version: ${found[1]}`;
}
