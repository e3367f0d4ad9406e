/** What can go wrong in the SIP door's transport; the refusals of the system to open a socket stand in platform/listen-errors.ts. */

export const TRANSPORT_ERRORS = {} as const;

/** Codes that SendFailure is given besides the system's own (ECONNREFUSED, EHOSTUNREACH …). */
export const SEND_FAILURES = {
  NO_SOCKET: 'no socket of this protocol and address family listens, so there is none to send from',
  BAD_TARGET: 'the target is not an IP address with a port',
  TOO_LARGE: 'the message does not fit into a datagram',
  QUEUE_FULL: 'the peer does not read: its connection was closed',
  TOO_MANY_CONNECTIONS: 'the limit of connections is reached',
  CONNECTION_GONE: 'the peer can only be reached over a connection of its own making, which is gone',
  ETIMEDOUT: 'the peer did not answer the attempt to connect',
} as const;

export type SendFailureCode = keyof typeof SEND_FAILURES;
