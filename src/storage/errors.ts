/** The error codes of storage. Each is documented in docs/errors.md. */
export const STORAGE_ERRORS = {
  BAD_DATABASE_URL: 'the address of a database cannot be read',
  STORAGE_UNAVAILABLE: 'the database could not be reached or did not answer in time; nothing of the work is there',
  STORAGE_BUSY: 'more changes wait to be written than the queue holds',
  STORAGE_REFUSED: 'the database rejects these values',
  STORAGE_NEWER: 'the database was made by a newer Gatehouse',
  STORAGE_MIGRATION: 'a migration of the database failed',
  SER_TABLE_MISSING: 'a table named in the SIP configuration does not exist',
  SER_TABLE_LAYOUT: 'a table named in the SIP configuration lacks columns',
  SER_VALUE_TOO_LONG: 'a value does not fit its column; it is never cut',
  AUDIT_UNWRITABLE: 'the audit trail cannot be written',
  USER_EXISTS: 'the login is taken',
  USER_UNKNOWN: 'there is no such user',
} as const;

export type StorageErrorCode = keyof typeof STORAGE_ERRORS;
