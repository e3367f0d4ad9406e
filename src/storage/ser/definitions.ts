/**
 * The SER tables that Gatehouse makes: OpenSER 1.3's names and order of columns, with texts as wide as Kamailio's, and a
 * unique key on each binding. On MySQL in latin1 with a binary collation: what came over the wire is kept byte by byte.
 */
import type { Dialect } from '../database.ts';
import { create, type Definition, maybe, origin, texts, user, WORDS } from './definition-words.ts';
import { MODULE_TABLES } from './module-definitions.ts';

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
export const KINDS = { subscriber, location, uri, grp, ...MODULE_TABLES } as const;

function version(table: string, dialect: Dialect): string[] {
  const versions = { version: 1, subscriber: 6, location: 1004, aliases: 1004, uri: 1, grp: 2 };
  const rows = Object.entries(versions).map(([name, number]) => `('${name}', ${number})`);
  const { name, text } = WORDS[dialect];
  const columns = [`table_name varchar(64)${text} NOT NULL`, 'table_version int NOT NULL DEFAULT 0'];
  const keep = dialect === 'mysql' ? 'ON DUPLICATE KEY UPDATE table_name = table_name' : 'ON CONFLICT DO NOTHING';
  return [
    create(table, dialect, columns, ['table_name']),
    `INSERT INTO ${name(table)} (table_name, table_version) VALUES ${rows.join(', ')} ${keep}`,
  ];
}

function subscriber(table: string, dialect: Dialect): string[] {
  const text = texts(dialect);
  const columns = [
    ...user(dialect),
    text('password', 64),
    text('first_name', 25),
    text('last_name', 45),
    text('email_address', 254),
    origin('datetime_created', dialect),
    text('ha1', 128),
    text('ha1b', 128),
    text('timezone', 64),
    maybe('rpid', 128, dialect),
  ];
  return [create(table, dialect, columns, ['username', 'domain'])];
}

export function location(table: string, dialect: Dialect, key = ['username', 'domain', 'contact']): string[] {
  const { text, time, real } = WORDS[dialect];
  const columns = [
    ...user(dialect),
    texts(dialect)('contact', 512),
    maybe('received', 255, dialect),
    maybe('path', 512, dialect),
    `expires ${time} NOT NULL DEFAULT '1970-01-01 00:00:01'`,
    `q ${real} NOT NULL DEFAULT -1`,
    `callid varchar(255)${text} NOT NULL DEFAULT 'Default-Call-ID'`,
    'cseq int NOT NULL DEFAULT 13',
    origin('last_modified', dialect),
    'flags int NOT NULL DEFAULT 0',
    'cflags int NOT NULL DEFAULT 0',
    texts(dialect)('user_agent', 255),
    maybe('socket', 64, dialect),
    'methods int DEFAULT NULL',
  ];
  return [create(table, dialect, columns, key)];
}

function uri(table: string, dialect: Dialect): string[] {
  const columns = [...user(dialect), texts(dialect)('uri_user', 64), origin('last_modified', dialect)];
  return [create(table, dialect, columns, ['username', 'domain', 'uri_user'])];
}

function grp(table: string, dialect: Dialect): string[] {
  const columns = [...user(dialect), texts(dialect)('grp', 64), origin('last_modified', dialect)];
  return [create(table, dialect, columns, ['username', 'domain', 'grp'])];
}
