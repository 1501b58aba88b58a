import type { Path } from '../../actors/component.ts';
import type { Registry } from './registry/registry.ts';
import type { CodecServices } from './services.ts';

/** A place for ids of schemas, and who has those. */
export interface Framed {
  readonly framing: 'confluent' | 'header';
  readonly client: Registry;
}

type Framing = 'none' | 'confluent' | 'header';

/** What framing is meant: the option's, else Confluent's where the topology has a registry. */
export function framingName(option: Framing | undefined, { registry }: CodecServices): Framing {
  return option ?? (registry === null ? 'none' : 'confluent');
}

/** Where ids of schemas are, and the registry that has them, by `framingName`. `none`: nowhere. Null where a registry is missing, which is reported. */
export function framingOf(option: Framing | undefined, at: Path, services: CodecServices): 'none' | Framed | null {
  const { registry } = services;
  const framing = framingName(option, services);
  if (framing === 'none') return framing;
  if (registry !== null) return { framing, client: registry };
  services.problem([...at, ...(option === undefined ? [] : ['framing'])], 'missing_option', `expected a registry: with framing ${framing} schemas come from there`, 'add registry: { url: … } to the topology');
  return null;
}
