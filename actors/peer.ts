/** How daemons of a group reach each other: the daemon's id, made anew by each process, and where it serves HTTP, without a slash at the end. */
export interface Peer {
  readonly id: string;
  readonly url: string;
}
