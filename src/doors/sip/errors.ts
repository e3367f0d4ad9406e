/** Error codes of the SIP door itself; its transport, script and modules have tables of their own. */
export const SIP_ERRORS = {
  LISTEN_NAME: 'a listen entry names neither an address nor an interface of this machine',
  LISTEN_WILDCARD: 'a listen entry names every address at once; SIP needs addresses that telephones can be told',
  SCRIPT_UNREADABLE: 'the ser.cfg is missing, too large or cannot be read',
  SIP_CERTIFICATE: 'state: a certificate for TLS has ended or will within two weeks',
  TRACE_MESSAGE: 'the file given to trace holds no SIP request',
  TRACE_RESULT: 'trace was told the result of a function that the script does not have',
  SIP_FIFO: 'state: the FIFO that ser.cfg names could not be opened',
  SIP_PERMISSIONS: 'a file of rules of the module permissions cannot be read',
  SIP_RADIUS: 'no RADIUS server that auth_radius may ask answers, or one has no address',
  RADIUS_CLIENT_CONFIG:
    'the configuration of radiusclient-ng that auth_radius names cannot be read, or says something that is not there',
  SIP_OVERLOAD: 'state: more comes than can be done; new requests are turned away with 503 until there is room again',
  SIP_RECEIVE_BUFFER: 'state: the system gives UDP sockets a smaller receive buffer than asked; bursts may be lost',
} as const;
