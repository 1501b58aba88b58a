/** Headers of what daemons ask each other. `to` alone says that it is such a request, and the id of the daemon it is for. */
export const peerHeaders = { to: 'millrace-to', time: 'millrace-time', signature: 'millrace-signature' } as const;
