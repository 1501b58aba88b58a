/*
 * What a refusal for want of rights says: which right on what, and the command that gives it. Which request needs what is in Kafka's documentation,
 * "Authorization and ACLs: Operations and resources on protocols".
 */

/** What may be done, by Kafka's names. */
export type Operation = 'Read' | 'Write' | 'Describe' | 'Create' | 'Delete' | 'DescribeConfigs' | 'IdempotentWrite';

/** One right, on one thing or on one of several. */
export interface Right {
  readonly operation: Operation;
  readonly resource: 'topic' | 'group' | 'transactional-id' | 'cluster';
  /** Empty for the cluster. */
  readonly names: readonly string[];
}

const resources: Readonly<Record<string, Right['resource']>> = {
  TOPIC_AUTHORIZATION_FAILED: 'topic',
  GROUP_AUTHORIZATION_FAILED: 'group',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'transactional-id',
  CLUSTER_AUTHORIZATION_FAILED: 'cluster'
};

/** Whether an error is a refusal for want of rights. */
export function isRefusedRight(type: string | undefined): boolean {
  return type !== undefined && Object.hasOwn(resources, type);
}

/** The right to do something with things of these names. */
export function right(operation: Operation, resource: Right['resource'], ...names: readonly string[]): Right {
  return { operation, resource, names: [...new Set(names)] };
}

/** Names beyond this are counted. */
const mostNames = 5;

/** Which of the rights that an operation needs was missing, and how to give it; null for other errors. */
export function missingRight(type: string | undefined, needed: readonly Right[], principal: string | null): string | null {
  const resource = type === undefined ? undefined : resources[type];
  if (resource === undefined) return null;
  const right = needed.find((each) => each.resource === resource);
  if (right === undefined) return `a right on a ${resource} is missing`;
  const { operation, names } = right;
  const shown = names.slice(0, mostNames).map((name) => `"${name}"`).join(', ');
  const what = resource === 'cluster' ? 'the cluster' : `${names.length > 1 ? 'one of the ' : ''}${resource}${names.length > 1 ? 's' : ''} ${shown}${names.length > mostNames ? ` and ${names.length - mostNames} more` : ''}`;
  const user = principal === null ? 'User:<principal>' : `User:${principal}`;
  return `${principal === null ? 'this client' : user} may not ${operation} ${what}; kafka-acls --bootstrap-server … --add --allow-principal ${quoted(user)} --operation ${operation} ${flagOf(right)}`;
}

function flagOf({ resource, names }: Right): string {
  return resource === 'cluster' ? '--cluster' : names.slice(0, mostNames).map((name) => `--${resource} ${quoted(name)}`).join(' ');
}

function quoted(text: string): string {
  return /^[\w.:-]+$/.test(text) ? text : `'${text}'`;
}
