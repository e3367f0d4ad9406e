/** What can be wrong with the virtual telephone exchange. */
export const EXCHANGE_ERRORS = {
  EXCHANGE_PTYS: 'the pseudo terminals of the exchange cannot be made, or their helper program has ended',
} as const;
