/**
 * The tables that modules of a script ask for, made when the first script does so: OpenSER 1.3's names and order of columns, with
 * addresses wide enough for IPv6 and texts as wide as those of the other tables. And the sessions of the Wi-Fi door, in the same manner.
 */
import type { Dialect } from '../database.ts';
import { create, createIndexed, maybe, origin, texts, user, WORDS } from './definition-words.ts';

export const MODULE_TABLES = {
  re_grp: regularGroups,
  domain: domains,
  dbaliases: aliases,
  trusted,
  address: addresses,
  usr_preferences: preferences,
  acc: accounting,
  missed_calls: accounting,
  portal_session: portalSessions,
  portal_rate: portalRates,
} as const;

function regularGroups(table: string, dialect: Dialect): string[] {
  const columns = [texts(dialect)('reg_exp', 128), 'group_id int NOT NULL DEFAULT 0'];
  return createIndexed(table, dialect, columns, [['group_id']]);
}

function domains(table: string, dialect: Dialect): string[] {
  return [create(table, dialect, [texts(dialect)('domain', 128), origin('last_modified', dialect)], ['domain'])];
}

function aliases(table: string, dialect: Dialect): string[] {
  const text = texts(dialect);
  const columns = [text('alias_username', 64), text('alias_domain', 128), ...user(dialect)];
  return createIndexed(table, dialect, columns, [
    ['alias_username', 'alias_domain'],
    ['username', 'domain'],
  ]);
}

function trusted(table: string, dialect: Dialect): string[] {
  const text = texts(dialect);
  const columns = [
    text('src_ip', 50),
    text('proto', 4),
    maybe('from_pattern', 128, dialect),
    maybe('tag', 64, dialect),
  ];
  return createIndexed(table, dialect, columns, [['src_ip']]);
}

function addresses(table: string, dialect: Dialect): string[] {
  const columns = [
    'grp int NOT NULL DEFAULT 0',
    texts(dialect)('ip_addr', 50),
    'mask int NOT NULL DEFAULT 32',
    'port int NOT NULL DEFAULT 0',
  ];
  return createIndexed(table, dialect, columns, []);
}

function preferences(table: string, dialect: Dialect): string[] {
  const text = texts(dialect);
  const columns = [
    text('uuid', 64),
    ...user(dialect),
    text('attribute', 64),
    'type int NOT NULL DEFAULT 0',
    text('value', 255),
    origin('last_modified', dialect),
  ];
  return createIndexed(table, dialect, columns, [
    ['uuid', 'attribute'],
    ['username', 'domain', 'attribute'],
  ]);
}

function accounting(table: string, dialect: Dialect): string[] {
  const text = texts(dialect);
  const columns = [
    text('method', 16),
    text('from_tag', 128),
    text('to_tag', 128),
    text('callid', 255),
    text('sip_code', 3),
    text('sip_reason', 128),
    `time ${WORDS[dialect].time} NOT NULL`,
  ];
  return createIndexed(table, dialect, columns, [['callid']]);
}

/** Bytes in a second. */
function portalRates(table: string, dialect: Dialect): string[] {
  const columns = [
    texts(dialect)('session', 64),
    ...['sent', 'received'].map((name) => `${name} bigint NOT NULL DEFAULT 0`),
  ];
  return [create(table, dialect, columns, ['session'])];
}

/** Times in milliseconds since the epoch. */
function portalSessions(table: string, dialect: Dialect): string[] {
  const text = texts(dialect);
  const number = (name: string) => `${name} bigint NOT NULL DEFAULT 0`;
  const columns = [
    text('session', 64),
    text('address', 50),
    text('mac', 17),
    text('token', 64),
    text('login', 255),
    ...['started', 'ends', 'sent', 'received', 'most_sent', 'most_received', 'suspended'].map(number),
  ];
  return [create(table, dialect, columns, ['session'])];
}
