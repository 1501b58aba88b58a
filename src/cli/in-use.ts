import { Failure } from '../../actors/failure.ts';
import type { GroupMember } from '../../actors/port.ts';
import type { Plan } from '../topology/model.ts';

/** The failure for a group that must have no members, with who is there. */
export function inUse({ name, group }: Plan, members: readonly GroupMember[]): Failure {
  const list = members.map(({ client, host }) => `${client} on ${host}`).join(', ');
  return new Failure('group_in_use', `${name} is running: group ${group} has ${members.length} ${members.length === 1 ? 'member' : 'members'} (${list}). Nothing was changed.`);
}
