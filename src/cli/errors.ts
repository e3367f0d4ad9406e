/** What the command line itself can refuse. */
export const CLI_ERRORS = {
  COMMAND_LINE: 'there is no such command or option, or an argument is missing',
  PASSWORD_MISSING: 'a command needs a password and has neither argument, terminal nor --password-stdin',
  PASSWORD_MISMATCH: 'the two passwords typed are not the same',
  FILE_UNREADABLE: 'a file named on the command line cannot be read',
  JSON_INVALID: 'a file that should hold a JSON object does not',
  IMPORT_LINES: 'some lines of an import were not taken',
  IMPORT_TOKENS: 'some tokens of an import were not taken',
  LINOTP_UNREACHABLE: 'a server that should speak as LinOTP does gives no answer, or another one',
  LINOTP_REFUSED: 'a server that speaks as LinOTP does says no',
} as const;
