/** What the transaction layer refuses. */
export const TRANSACTION_ERRORS = {
  OVERLOADED:
    'as many transactions run, or characters of messages are held, as the limit allows; the request is answered 503',
} as const;
