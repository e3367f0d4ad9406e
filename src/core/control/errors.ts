/** What can go wrong between a command and the running server. */
export const CONTROL_ERRORS = {
  SERVER_RUNNING: 'a server already runs on this data directory',
  CONTROL_UNREACHABLE: 'the control socket is there, but cannot be used (rights, or the server hangs)',
  CONTROL_PATH: 'the path of the control socket is too long for the system',
  METHOD_UNKNOWN: 'the server knows no such call; command and server may be of different versions',
  ARGUMENTS_INVALID: 'the arguments of a call are not of the kind it takes',
  INTERNAL: 'an unexpected fault; the server log has the details',
} as const;
