/** What the command line itself can refuse. */
export const CLI_ERRORS = {
  COMMAND_LINE: 'there is no such command or option, or an argument is missing',
  PASSWORD_MISSING: 'a command needs a password and has neither argument, terminal nor --password-stdin',
  PASSWORD_MISMATCH: 'the two passwords typed are not the same',
  FILE_UNREADABLE: 'a file named on the command line cannot be read',
  JSON_INVALID: 'a file that should hold a JSON object does not',
  IMPORT_LINES: 'some lines of an import were not taken',
} as const;
