/** Why a listener could not be opened, whichever door it belongs to. */
export const LISTEN_ERRORS = {
  PORT_TAKEN: 'another process listens on this port',
  PORT_FORBIDDEN: 'the system does not let this user listen on this port',
  ADDRESS_MISSING: 'this machine does not have the address to listen on',
  LISTEN_FAILED: 'the socket could not be opened for another reason',
} as const;
