/** The error codes of programs that the helper runs, and what each means. */
export const HELPER_ERRORS = {
  PROGRAM_REQUEST: 'a program was to be started with arguments or limits that cannot be',
  PROGRAM_REFUSED:
    'a program that is not in the list of the start, or not so, was asked for; or the server could change it',
  PROGRAM_START: 'a program could not be started',
  PROGRAM_QUEUE: 'too many programs run and wait at once',
  PROGRAM_LOST: 'the helper that runs programs ended before the program did',
} as const;
