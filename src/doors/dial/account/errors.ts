/** What can be wrong with accounts, modems and what is imported into them. */
export const DIAL_ACCOUNT_ERRORS = {
  DIAL_ACCOUNT_UNKNOWN: 'there is no such account to dial, or no such modem',
  DIAL_ACCOUNT_EXISTS: 'there is an account or a modem of this name already',
  DIAL_ACCOUNT_NAME: 'a name for an account or a modem that cannot be one',
  DIAL_ACCOUNT_SETTING: 'a setting of an account or a modem is unknown, or has a value that cannot be',
  DIAL_FILE_MODE: 'the file with accounts and passwords can be read by others',
  DIAL_FILE_BROKEN: 'the file with accounts cannot be read or written',
  DIAL_IMPORT: 'a file to import has nothing in it that can be dialled',
  DIAL_IMPORT_DOUBT: 'something in an imported file was left out, or will probably not do what was meant',
} as const;
