/** What can be wrong with a modem that is there. */
export const MODEM_ERRORS = {
  MODEM_SILENT: 'the modem gave no answer to a command, or not the one that was expected',
  MODEM_GONE: 'the line of the modem was hung up or unplugged, and could not be opened again',
  MODEM_RESTORE: 'the modem could not be put back: it may answer calls by itself',
} as const;
