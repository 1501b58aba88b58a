/** One way to prove who one is (SASL, RFC 4422). */
export interface SaslMechanism {
  /** As the protocol names it: SCRAM-SHA-256. */
  readonly name: string;
  /** For messages: whom it is about. Never a secret. */
  readonly who: string;
  /** The principal that brokers make of it unless they were told otherwise, such as `alice`; null where that is not known. */
  principal(): string | null;
  /**
   * One conversation: `send` gives the broker's answer to some bytes, and throws what it refuses. Throws a `Failure`: `authentication_failed`,
   * or `broker_unavailable` where what is needed cannot be had now.
   */
  authenticate(send: (bytes: Buffer) => Promise<Buffer>): Promise<void>;
}
