/** What the transaction layer refuses. */
export const TRANSACTION_ERRORS = {
  OVERLOADED: 'as many transactions run as the limit allows; the request is answered 503',
} as const;
