/** What can be wrong with a line before a modem is asked anything. */
export const LINE_ERRORS = {
  LINE_MISSING: 'the device of a line is missing, is no terminal, or may not be opened',
  LINE_LOCKED: 'another program has locked the line',
  LINE_LOCK: 'a lock file cannot be written, or is none',
} as const;
