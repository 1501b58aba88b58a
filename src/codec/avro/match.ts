import type { NamedSchema, Schema } from './schema.ts';

/** What a type can be promoted to. */
const promotions: Readonly<Record<string, readonly string[]>> = {
  int: ['long', 'float', 'double'],
  long: ['float', 'double'],
  float: ['double'],
  string: ['bytes'],
  bytes: ['string']
};

/**
 * How well a type matches the one that it is read as, as far as can be seen without looking into it: 0 by its full name, or its kind where it has no
 * name; 1 by its name alone or an alias; 2 by a promotion; Infinity: not at all.
 */
export function matchRank(writer: Schema, reader: Schema): number {
  if (writer.kind !== reader.kind) {
    return promotions[writer.kind]?.includes(reader.kind) === true ? 2 : Infinity;
  }
  if (writer.kind !== 'record' && writer.kind !== 'enum' && writer.kind !== 'fixed') return 0;
  if (writer.kind === 'fixed' && writer.size !== (reader as typeof writer).size) return Infinity;
  return namesRank(writer, reader as NamedSchema);
}

function namesRank(writer: NamedSchema, reader: NamedSchema): number {
  if (writer.name === reader.name) return 0;
  const names = [reader.name, ...(reader.aliases ?? [])].map(unqualified);
  return names.includes(unqualified(writer.name)) ? 1 : Infinity;
}

function unqualified(name: string | undefined): string {
  return name?.slice(name.lastIndexOf('.') + 1) ?? '';
}
