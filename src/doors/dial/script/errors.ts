/** What can be wrong with a login script, and how one can end before its last line. */
export const LOGIN_SCRIPT_ERRORS = {
  DIAL_SCRIPT: 'a line of a login script is not one, or cannot stand where it stands',
  DIAL_SCRIPT_DOUBT: 'a login script that can run, but probably not as it was meant',
  DIAL_SCRIPT_TIMEOUT: 'the other side did not say in time what a login script waits for',
  DIAL_SCRIPT_LOOPS: 'a loop of a login script came around too often',
  DIAL_CARRIER_LOST: 'the line was lost while a login script needed it',
  DIAL_PROMPT: 'a login script asks for something, and nobody answered',
  DIAL_CANCELLED: 'a call was broken off by the one who made it',
} as const;
