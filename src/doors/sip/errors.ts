/** Error codes of the SIP door itself; its transport, script and modules have tables of their own. */
export const SIP_ERRORS = {
  LISTEN_NAME: 'A listen entry names neither an address nor an interface of this machine.',
  LISTEN_WILDCARD: 'A listen entry names every address at once; SIP needs addresses that telephones can be told.',
} as const;
