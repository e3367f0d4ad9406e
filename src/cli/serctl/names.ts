/** Other names by which the originals know a command. */
export const ALSO: Readonly<Record<string, string>> = {
  usrloc: 'ul',
  aliasdb: 'alias_db',
  userdb: 'showdb',
  email: 'mail',
  speed_dial: 'speeddial',
  monitor: 'moni',
  console: 'moni',
  con: 'moni',
};
