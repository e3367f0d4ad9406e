/**
 * A user's rows in `subscriber` and `uri`, added and removed in one transaction, or inside one that is open (worker side).
 *
 * Texts are latin1, one character per byte, as in all SER tables. The connection of transactions speaks utf8mb4, so what is
 * not ASCII goes as marked bytes. A uri row that is there already stays as it is.
 * Errors: SER_VALUE_TOO_LONG, those of finding a table.
 */
import { CompiledQuery, type Kysely } from 'kysely';
import type { NewSubscriber, SubscriberName, SubscriberSpec, UriSpec, UserTables } from '../../core/ser/types.ts';
import { GatehouseError } from '../../platform/errors.ts';
import { type Database, transaction } from '../database.ts';
import { columnOf, hasColumn, quoteName, type TableShape } from '../table-shape.ts';
import type { Schema } from '../tables.ts';
import { toDatetime } from './datetime.ts';
import type { Found, Tables } from './tables.ts';

/** Rows of one INSERT. */
const ROWS = 500;
const NOT_ASCII = /[^\0-\x7f]/;

/** A transaction of somebody else's. */
export interface OpenTransaction {
  readonly db: Database;
  readonly on: Kysely<Schema>;
}

export interface UserRows {
  add(rows: readonly NewSubscriber[], open?: OpenTransaction): Promise<void>;
  remove(name: SubscriberName, open?: OpenTransaction): Promise<void>;
}

interface Place extends Found {
  readonly table: string;
  readonly userColumn: string;
  readonly domainColumn: string;
  readonly mayExist: boolean;
  values(row: NewSubscriber): Record<string, string>;
}

/** Finds the tables first, since making one that is missing takes a transaction of its own. */
export async function userRows(tables: Tables, { subscriber, uri }: UserTables): Promise<UserRows> {
  const places: Place[] = [];
  if (subscriber) places.push(subscriberPlace(subscriber, await tables.find('subscriber', subscriber)));
  if (uri) places.push(uriPlace(uri, await tables.find('uri', uri)));
  const byDatabase = Map.groupBy(places, ({ db }) => db);
  return {
    add: (rows, open) => each(open, (place, on) => insert(place, on, rows)),
    remove: (name, open) => each(open, (place, on) => remove(place, on, name)),
  };

  async function each(
    open: OpenTransaction | undefined,
    work: (place: Place, on: Kysely<Schema>) => Promise<void>,
  ): Promise<void> {
    for (const [db, own] of byDatabase) {
      const all = async (on: Kysely<Schema>) => {
        for (const place of own) await work(place, on);
      };
      await (db === open?.db ? all(open.on) : transaction(db, all));
    }
  }
}

function subscriberPlace(spec: SubscriberSpec, found: Found): Place {
  const { table, userColumn, domainColumn } = spec;
  const values = (row: NewSubscriber) => ({
    ...secretColumns(spec, row),
    [userColumn]: row.username,
    [domainColumn]: row.domain,
    // SER 0.9 has a unique key on it; its serctl puts HA1 there.
    phplib_id: row.ha1 || `${row.username}@${row.domain}`.slice(0, 32),
    datetime_created: toDatetime(Date.now()),
    datetime_modified: toDatetime(Date.now()),
  });
  return { ...found, table, userColumn, domainColumn, mayExist: false, values };
}

function uriPlace({ table, userColumn, domainColumn, uriUserColumn }: UriSpec, found: Found): Place {
  const values = ({ username, domain }: NewSubscriber) => ({
    [userColumn]: username,
    [domainColumn]: domain,
    [uriUserColumn]: username,
    last_modified: toDatetime(Date.now()),
  });
  return { ...found, table, userColumn, domainColumn, mayExist: true, values };
}

async function insert(place: Place, on: Kysely<Schema>, rows: readonly NewSubscriber[]): Promise<void> {
  const { db, table, shape, mayExist } = place;
  for (let start = 0; start < rows.length; start += ROWS) {
    const piece = rows.slice(start, start + ROWS).map((row) => pick(shape, place.values(row)));
    for (const values of piece) checkLengths(table, shape, values);
    const names = piece[0]!.map(([column]) => quoteName(column));
    const texts = piece.map((values) => values.map(([, value]) => value));
    const holes = texts.map((row) => `(${row.map((text) => hole(db, text)).join(', ')})`);
    const sql = `INSERT INTO ${quoteName(table)} (${names.join(', ')}) VALUES ${holes.join(', ')}`;
    await execute(db, on, mayExist ? sql + keepExisting(db, names[0]!) : sql, texts.flat());
  }
}

async function remove(place: Place, on: Kysely<Schema>, { username, domain }: SubscriberName): Promise<void> {
  const { db, shape, table, userColumn, domainColumn } = place;
  const byDomain = hasColumn(shape, domainColumn);
  let sql = `DELETE FROM ${quoteName(table)} WHERE ${quoteName(userColumn)} = ${hole(db, username)}`;
  if (byDomain) sql += ` AND ${quoteName(domainColumn)} = ${hole(db, domain)}`;
  await execute(db, on, sql, byDomain ? [username, domain] : [username]);
}

/** Unlike INSERT IGNORE it forgives nothing but the double key. */
function keepExisting({ dialect }: Database, column: string): string {
  return dialect === 'mysql' ? ` ON DUPLICATE KEY UPDATE ${column} = ${column}` : ' ON CONFLICT DO NOTHING';
}

async function execute(db: Database, on: Kysely<Schema>, sql: string, texts: readonly string[]): Promise<void> {
  const values = texts.map((text) => (isMarked(db, text) ? Buffer.from(text, 'latin1') : text));
  await on.executeQuery(CompiledQuery.raw(sql, values));
}

function hole(db: Database, text: string): string {
  return isMarked(db, text) ? '_latin1 ?' : '?';
}

function isMarked({ dialect }: Database, text: string): boolean {
  return dialect === 'mysql' && NOT_ASCII.test(text);
}

export type Values = [column: string, value: string][];

/** Password, hashes and address, by the columns they belong into. */
export function secretColumns(spec: SubscriberSpec, row: NewSubscriber): Record<string, string> {
  const { password, ha1, ha1b, email } = row;
  const columns: Record<string, string> = { password, ha1, ha1b, email_address: email };
  // A renamed column stands for the one it replaces: clear text or hash, after what the configuration reads from it.
  if (!(spec.passwordColumn in columns)) columns[spec.passwordColumn] = ha1 || password;
  if (!(spec.passwordColumn2 in columns)) columns[spec.passwordColumn2] = ha1b || password;
  return columns;
}

/** Those that the table has. */
export function pick(shape: TableShape, wanted: Record<string, string>): Values {
  return Object.entries(wanted).filter(([column]) => hasColumn(shape, column));
}

export function checkLengths(table: string, shape: TableShape, values: Values): void {
  for (const [column, value] of values) {
    const limit = columnOf(shape, column)?.limit ?? 0;
    if (limit === 0 || value.length <= limit) continue;
    const message = `column ${column} of table ${table} holds ${limit} characters, the value has ${value.length}`;
    throw new GatehouseError('SER_VALUE_TOO_LONG', message, { hint: 'choose a shorter value or widen the column' });
  }
}
