import type { Decoded, Definition } from './internals.ts';
import { load } from './internals.ts';

/*
 * The requests this driver sends itself, with the shape kafkajs decodes each response into (protocol/requests/<name>).
 * Error codes stay in the response: kafkajs' own `parse` throws on the first of them and drops what the others said.
 */

interface Apis {
  ListOffsets: {
    args: {
      isolationLevel: number;
      topics: readonly { topic: string; partitions: readonly { partition: number; timestamp: string }[] }[];
    };
    answer: {
      readonly responses: readonly {
        readonly topic: string;
        readonly partitions: readonly { readonly partition: number; readonly errorCode: number; readonly offset: string }[];
      }[];
    };
  };
  Metadata: {
    args: { topics: readonly string[]; allowAutoTopicCreation: boolean };
    answer: {
      readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
      readonly topicMetadata: readonly {
        readonly topicErrorCode: number;
        readonly topic: string;
        readonly partitionMetadata: readonly { readonly partitionErrorCode: number; readonly partitionId: number; readonly leader: number }[];
      }[];
    };
  };
  OffsetCommit: {
    args: {
      groupId: string;
      groupGenerationId: number;
      memberId: string;
      topics: readonly { topic: string; partitions: readonly { partition: number; offset: string; metadata: string }[] }[];
    };
    answer: { readonly responses: readonly { readonly topic: string; readonly partitions: readonly PartitionError[] }[] };
  };
  GroupCoordinator: {
    args: { groupId: string; coordinatorType: number };
    answer: ErrorCode & { readonly coordinator: { readonly nodeId: number; readonly host: string; readonly port: number } };
  };
  JoinGroup: {
    args: {
      groupId: string;
      sessionTimeout: number;
      rebalanceTimeout: number;
      memberId: string;
      protocolType: string;
      groupProtocols: readonly { name: string; metadata: Buffer }[];
    };
    answer: ErrorCode & {
      readonly generationId: number;
      readonly leaderId: string;
      readonly memberId: string;
      readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[];
    };
  };
  SyncGroup: {
    args: {
      groupId: string;
      generationId: number;
      memberId: string;
      groupAssignment: readonly { memberId: string; memberAssignment: Buffer }[];
    };
    answer: ErrorCode & { readonly memberAssignment: Buffer | null };
  };
  Heartbeat: { args: { groupId: string; groupGenerationId: number; memberId: string }; answer: ErrorCode };
  LeaveGroup: { args: { groupId: string; memberId: string }; answer: ErrorCode };
  DescribeGroups: {
    args: { groupIds: readonly string[] };
    answer: { readonly groups: readonly (ErrorCode & { readonly state: string; readonly members: readonly { readonly memberId: string; readonly clientId: string; readonly clientHost: string; readonly memberMetadata: Buffer; readonly memberAssignment: Buffer }[] })[] };
  };
  CreateTopics: {
    args: {
      topics: readonly { topic: string; numPartitions: number; configEntries: readonly { name: string; value: string }[] }[];
      timeout: number;
    };
    answer: { readonly topicErrors: readonly (ErrorCode & { readonly topic: string; readonly errorMessage: string | null })[] };
  };
  DeleteTopics: {
    args: { topics: readonly string[]; timeout: number };
    answer: { readonly topicErrors: readonly (ErrorCode & { readonly topic: string })[] };
  };
  DeleteRecords: {
    args: { topics: readonly { topic: string; partitions: readonly { partition: number; offset: string }[] }[]; timeout: number };
    answer: { readonly topics: readonly { readonly topic: string; readonly partitions: readonly PartitionError[] }[] };
  };
  DescribeConfigs: {
    args: { resources: readonly { type: number; name: string; configNames: readonly string[] }[] };
    answer: {
      readonly resources: readonly (ErrorCode & {
        readonly resourceName: string;
        readonly configEntries: readonly { readonly configName: string; readonly configValue: string | null }[];
      })[];
    };
  };
}

interface ErrorCode {
  readonly errorCode: number;
}

interface PartitionError extends ErrorCode {
  readonly partition: number;
}

/** An API this driver calls by itself. */
export type ApiName = keyof Apis;

/** What a request of this API is made of. */
export type ApiArgs<N extends ApiName> = Apis[N]['args'];

/** What its answer holds. */
export type ApiAnswer<N extends ApiName> = Apis[N]['answer'] & Decoded;

const keys: Readonly<Record<ApiName, number>> = {
  ListOffsets: 2,
  Metadata: 3,
  OffsetCommit: 8,
  GroupCoordinator: 10,
  JoinGroup: 11,
  Heartbeat: 12,
  LeaveGroup: 13,
  SyncGroup: 14,
  DescribeGroups: 15,
  CreateTopics: 19,
  DeleteTopics: 20,
  DeleteRecords: 21,
  DescribeConfigs: 32
};

/** An API's number in the protocol and kafkajs' definition of it. */
export function api(name: ApiName): { readonly key: number; readonly definition: Definition } {
  const { requests } = load<{ requests: Record<string, Definition> }>('protocol/requests');
  const definition = requests[name];
  if (definition === undefined) throw new Error(`kafkajs has no ${name} request`);
  return { key: keys[name], definition };
}
