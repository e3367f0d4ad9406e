/** Error codes of calls that ask for a key. */
export const CALL_BACK_ERRORS = {
  CALL_BACK_PORTS: 'no UDP port of sip.call_back.ports is free for the sound of a call back',
} as const;
