/** The error codes of storage, besides USER_EXISTS and USER_UNKNOWN of core. Each is documented in docs/errors.md. */
export const STORAGE_ERRORS = {
  BAD_DATABASE_URL: 'the address of a database cannot be read',
  STORAGE_UNAVAILABLE:
    'the database could not be reached or did not answer in time; nothing of the work counts as done',
  STORAGE_PASSWORD: 'the database server wants another password for this user',
  STORAGE_BUSY: 'more changes wait to be written than the queue holds',
  STORAGE_REFUSED: 'the database rejects these values',
  STORAGE_ENCODING: 'the database keeps its texts in an encoding that cannot hold what telephones send',
  STORAGE_NEWER: 'the database was made by a newer Gatehouse',
  STORAGE_MIGRATION: 'a migration of the database failed',
  SER_TABLE_MISSING: 'a table named in the SIP configuration does not exist',
  SER_TABLE_LAYOUT: 'a table named in the SIP configuration lacks columns',
  SER_TABLE_KEY: 'a table has a unique key that cannot hold what the SIP configuration wants to keep in it',
  SER_TABLE_TOO_LARGE: 'a table that is kept in memory as a whole has too many rows',
  SER_VALUE_TOO_LONG: 'a value does not fit its column; it is never cut',
  AUDIT_UNWRITABLE: 'the audit trail cannot be written',
  STORAGE_DOWN: 'state: nothing can be written; what comes now is refused until the database is back',
  STORAGE_LOST: 'state: changes that nobody waited for, such as audit lines of refusals, could not be written',
  STORAGE_QUEUE: 'state: more than half of the queue of changes is taken',
} as const;

export type StorageErrorCode = keyof typeof STORAGE_ERRORS;
