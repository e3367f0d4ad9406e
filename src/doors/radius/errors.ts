/** What the RADIUS door says of its configuration, and of how it stands. */
export const RADIUS_ERRORS = {
  RADIUS_CLIENT_TWICE: 'two RADIUS clients have the same name, or the same address or network',
  RADIUS_SECRET_SHORT: 'the secret of a RADIUS client is short enough to be guessed from recorded packets',
  RADIUS_UNSIGNED: 'a RADIUS client may leave out the Message-Authenticator',
  RADIUS_DISCONNECT: 'equipment did not end a session, or says nothing; the session stays in the list',
  RADIUS_COA: 'equipment did not give a session other terms, or says nothing',
  RADIUS_SESSIONS: 'more RADIUS sessions than there may be; accounting of new ones is not acknowledged',
  RADIUS_CLOSED: 'state: the ports for RADIUS clients that were added while the server runs cannot be opened',
  RADIUS_DICTIONARY: 'a dictionary of RADIUS attributes cannot be read, or has a line that is none',
  RADIUS_BUSY: 'state: more RADIUS requests wait than there may be; new ones are dropped until there is room again',
} as const;

export type RadiusErrorCode = keyof typeof RADIUS_ERRORS;
