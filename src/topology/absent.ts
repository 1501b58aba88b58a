/** What people from other stream processors write, and what takes its place here: by the option or type that asks for it. */
const foreign: readonly (readonly [words: RegExp, hint: string])[] = [
  [/^(ssl|security|security_protocol)$/i, 'TLS is broker.tls, names and passwords are broker.sasl'],
  [/^schema_?registry(_url)?$/i, 'it is called registry: { url: … }']
];

/** Says so where a word asks for what has another name here; null for other words. */
export function absentHint(word: unknown): string | null {
  return (typeof word === 'string' ? foreign.find(([words]) => words.test(word)) : undefined)?.[1] ?? null;
}
