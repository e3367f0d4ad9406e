/**
 * The SER tables that Gatehouse makes: OpenSER 1.3's names and order of columns, with texts as wide as Kamailio's, and a
 * unique key on each binding. On MySQL in latin1 with a binary collation: what came over the wire is kept byte by byte.
 */
export type Dialect = 'sqlite' | 'mysql';
type Definition = (table: string, dialect: Dialect) => string[];

const TEXT = (name: string, length: number) => `${name} varchar(${length}) NOT NULL DEFAULT ''`;
const ORIGIN = "datetime NOT NULL DEFAULT '1900-01-01 00:00:01'";
const USER = [TEXT('username', 64), TEXT('domain', 128)];

/** 64 bits, since each upsert uses up a number, whether it makes a row or not. */
const MYSQL_ID = 'id bigint unsigned NOT NULL AUTO_INCREMENT UNIQUE';

/** By the names that a fresh database gets; a table of another name takes the definition of its kind. */
export const SER_TABLES: Readonly<Record<string, Definition>> = {
  version,
  subscriber,
  location,
  aliases: location,
  uri,
  grp,
};

/** The definitions that a table argument can ask for. */
export const KINDS = { subscriber, location, uri } as const;

function version(table: string, dialect: Dialect): string[] {
  const versions = { version: 1, subscriber: 6, location: 1004, aliases: 1004, uri: 1, grp: 2 };
  const rows = Object.entries(versions).map(([name, number]) => `('${name}', ${number})`);
  return [
    create(table, dialect, ['table_name varchar(64) NOT NULL', 'table_version int NOT NULL DEFAULT 0'], ['table_name']),
    `REPLACE INTO \`${table}\` (table_name, table_version) VALUES ${rows.join(', ')}`,
  ];
}

function subscriber(table: string, dialect: Dialect): string[] {
  const columns = [
    ...USER,
    TEXT('password', 64),
    TEXT('first_name', 25),
    TEXT('last_name', 45),
    TEXT('email_address', 254),
    `datetime_created ${ORIGIN}`,
    TEXT('ha1', 128),
    TEXT('ha1b', 128),
    TEXT('timezone', 64),
    'rpid varchar(128) DEFAULT NULL',
  ];
  return [create(table, dialect, columns, ['username', 'domain'])];
}

function location(table: string, dialect: Dialect): string[] {
  const columns = [
    ...USER,
    TEXT('contact', 512),
    'received varchar(255) DEFAULT NULL',
    'path varchar(512) DEFAULT NULL',
    `expires ${ORIGIN.replace('1900', '1970')}`,
    `q ${dialect === 'mysql' ? 'double' : 'real'} NOT NULL DEFAULT -1`,
    "callid varchar(255) NOT NULL DEFAULT 'Default-Call-ID'",
    'cseq int NOT NULL DEFAULT 13',
    `last_modified ${ORIGIN}`,
    'flags int NOT NULL DEFAULT 0',
    'cflags int NOT NULL DEFAULT 0',
    TEXT('user_agent', 255),
    'socket varchar(64) DEFAULT NULL',
    'methods int DEFAULT NULL',
  ];
  return [create(table, dialect, columns, ['username', 'domain', 'contact'])];
}

function uri(table: string, dialect: Dialect): string[] {
  const columns = [...USER, TEXT('uri_user', 64), `last_modified ${ORIGIN}`];
  return [create(table, dialect, columns, ['username', 'domain', 'uri_user'])];
}

function grp(table: string, dialect: Dialect): string[] {
  return [create(table, dialect, [...USER, TEXT('grp', 64), `last_modified ${ORIGIN}`], ['username', 'domain', 'grp'])];
}

function create(table: string, dialect: Dialect, columns: string[], unique: string[]): string {
  const name = `\`${table.replaceAll('`', '``')}\``;
  // On InnoDB the key of the binding is the clustered one: an upsert that meets it there costs half of one that has to
  // undo the row it began to insert.
  const [id, key, end] =
    dialect === 'mysql'
      ? [MYSQL_ID, 'PRIMARY KEY', ' ENGINE = InnoDB CHARACTER SET latin1 COLLATE latin1_bin']
      : ['id integer PRIMARY KEY', 'UNIQUE', ''];
  return `CREATE TABLE IF NOT EXISTS ${name} (${[id, ...columns, `${key} (${unique.join(', ')})`].join(', ')})${end}`;
}
