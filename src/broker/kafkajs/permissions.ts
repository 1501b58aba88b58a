import type { Permission } from '../../../actors/cluster-view.ts';
import type { Definition, Encoder } from './internals.ts';
import { load } from './internals.ts';

/*
 * Metadata v8 and DescribeGroups v3, the first versions that say what this client may do (KIP-430); kafkajs ends at v6 and v2. Both are of the old, inflexible
 * encoding. Layout: Kafka's MetadataRequest.json and DescribeGroupsRequest.json.
 */

/** Operations in the order of their bits (org.apache.kafka.common.acl.AclOperation). */
const bits: readonly (readonly [bit: number, permission: Permission])[] = [
  [3, 'Read'], [4, 'Write'], [5, 'Create'], [6, 'Delete'], [8, 'Describe'], [10, 'DescribeConfigs']
];

/** What a bit field of the protocol allows; null where the broker does not say. */
export function permissions(field: number): readonly Permission[] | null {
  return field === -0x8000_0000 ? null : bits.filter(([bit]) => (field & (1 << bit)) !== 0).map(([, permission]) => permission);
}

interface Reader {
  readInt8(): number;
  readInt16(): number;
  readInt32(): number;
  readString(): string | null;
  readBytes(): Buffer | null;
  readArray<T>(read: (decoder: Reader) => T): T[];
  readBoolean(): boolean;
}

interface Writer extends Encoder {
  writeInt8(value: number): Writer;
  writeBoolean(value: boolean): Writer;
  writeArray(values: readonly string[]): Writer;
}

/** A topic in an answer to `metadataWithPermissions`. */
export interface PermittedTopic {
  readonly errorCode: number;
  readonly name: string;
  readonly partitions: readonly { readonly replicas: readonly number[]; readonly inSync: readonly number[] }[];
  readonly operations: number;
}

/** The answer to `metadataWithPermissions`. */
export interface PermittedMetadata {
  readonly clusterId: string | null;
  readonly brokers: readonly { readonly id: number; readonly host: string; readonly port: number }[];
  readonly topics: readonly PermittedTopic[];
}

/** Metadata of topics, with what may be done with them. */
export const metadataWithPermissions: Definition = definition(3, 'Metadata', 8, (out, { topics }: { readonly topics: readonly string[] }) => {
  out.writeArray(topics).writeBoolean(false).writeBoolean(false).writeBoolean(true);
}, (from): PermittedMetadata => {
  from.readInt32();
  const brokers = from.readArray((each) => {
    const broker = { id: each.readInt32(), host: each.readString() ?? '', port: each.readInt32() };
    each.readString();
    return broker;
  });
  const clusterId = from.readString();
  from.readInt32();
  return { clusterId, brokers, topics: from.readArray(readTopic) };
});

function readTopic(from: Reader): PermittedTopic {
  const errorCode = from.readInt16();
  const name = from.readString() ?? '';
  from.readBoolean();
  const partitions = from.readArray((each) => {
    each.readInt16();
    for (let field = 0; field < 3; field++) each.readInt32();
    const numbers = (): number[] => each.readArray((node) => node.readInt32());
    const partition = { replicas: numbers(), inSync: numbers() };
    numbers();
    return partition;
  });
  return { errorCode, name, partitions, operations: from.readInt32() };
}

/** A group, with what may be done with it. */
export const groupWithPermissions: Definition = definition(15, 'DescribeGroups', 3, (out, { groupIds }: { readonly groupIds: readonly string[] }) => {
  out.writeArray(groupIds).writeBoolean(true);
}, (from): { readonly groups: readonly { readonly errorCode: number; readonly operations: number }[] } => {
  from.readInt32();
  return {
    groups: from.readArray((each) => {
      const errorCode = each.readInt16();
      for (let field = 0; field < 4; field++) each.readString();
      each.readArray((member) => {
        for (let field = 0; field < 3; field++) member.readString();
        return [member.readBytes(), member.readBytes()];
      });
      return { errorCode, operations: each.readInt32() };
    })
  };
});

function definition<A, R extends object>(apiKey: number, apiName: string, apiVersion: number, write: (out: Writer, args: A) => void, read: (from: Reader) => R): Definition {
  return {
    versions: [String(apiVersion)],
    protocol: () => (args) => ({
      request: {
        apiKey,
        apiName,
        apiVersion,
        encode() {
          const KafkajsEncoder = load<new () => Writer>('protocol/encoder');
          const out = new KafkajsEncoder();
          write(out, args as A);
          return Promise.resolve(out);
        }
      },
      response: {
        decode: (raw) => {
          const KafkajsDecoder = load<new (buffer: Buffer) => Reader>('protocol/decoder');
          return Promise.resolve(read(new KafkajsDecoder(raw)));
        },
        parse: (decoded) => decoded
      }
    })
  };
}
