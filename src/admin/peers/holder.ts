import type { Peer } from '../../../actors/peer.ts';

/** Another member of a topology's group, with what it was given of one sub-topology. */
export interface Holder {
  /** The member's id at the broker. */
  readonly member: string;
  /** Null where it does not say how it is reached. */
  readonly peer: Peer | null;
  /** Names of tasks. */
  readonly tasks: readonly string[];
}
