/**
 * A user's rows in `subscriber` and `uri`, added and removed in one transaction, or inside one that is open (worker side).
 *
 * Texts are latin1, one character per byte, as in all SER tables. A uri row that is there already stays as it is.
 * Errors: SER_VALUE_TOO_LONG, those of finding a table.
 */
import type { Kysely } from 'kysely';
import type { NewSubscriber, SubscriberName, SubscriberSpec, UriSpec, UserTables } from '../../core/ser/types.ts';
import { GatehouseError } from '../../platform/errors.ts';
import { type Database, transaction } from '../database.ts';
import { columnOf, hasColumn, type TableShape } from '../table-shape.ts';
import type { Schema } from '../tables.ts';
import { toDatetime } from './datetime.ts';
import type { Found, Tables } from './tables.ts';

/** Rows of one INSERT. */
export const ROWS = 500;
const EMAIL = 'email_address';

/** A transaction of somebody else's, or what to call when all of our own are about to be committed. */
export type Around = { readonly db: Database; readonly on: Kysely<Schema> } | { seal(): void };

export interface UserRows {
  add(rows: readonly NewSubscriber[], around: Around): Promise<void>;
  /** Where the table has a column for it. */
  setEmail(name: SubscriberName, email: string, around: Around): Promise<void>;
  remove(name: SubscriberName, around: Around): Promise<void>;
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
    async add(rows, around) {
      // Before the first statement: not every table could take it back.
      const fitting = new Map(places.map((place) => [place, rows.map((row) => fitted(place, row))]));
      await each(around, (place, on) => insert(place, on, fitting.get(place)!));
    },
    setEmail: (name, email, around) => each(around, (place, on) => setEmail(place, on, name, email)),
    remove: (name, around) => each(around, (place, on) => remove(place, on, name)),
  };

  /** Databases one inside the other, so that all are open before the first is committed. */
  async function each(around: Around, work: (place: Place, on: Kysely<Schema>) => Promise<void>): Promise<void> {
    const step = async ([first, ...rest]: [Database, Place[]][]): Promise<void> => {
      if (!first) return 'seal' in around ? around.seal() : undefined;
      const [db, own] = first;
      const all = async (on: Kysely<Schema>) => {
        for (const place of own) await work(place, on);
        await step(rest);
      };
      await ('on' in around && db === around.db ? all(around.on) : transaction(db, all));
    };
    await step([...byDatabase]);
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

function fitted({ table, shape, values }: Place, row: NewSubscriber): Values {
  const picked = pick(shape, values(row));
  checkLengths(table, shape, picked);
  return picked;
}

async function insert({ db, table, mayExist }: Place, on: Kysely<Schema>, rows: readonly Values[]): Promise<void> {
  for (let start = 0; start < rows.length; start += ROWS) {
    const piece = rows.slice(start, start + ROWS);
    const names = piece[0]!.map(([column]) => db.quoteName(column));
    const row = `(${names.map(() => '?').join(', ')})`;
    const sql = `INSERT INTO ${db.quoteName(table)} (${names.join(', ')}) VALUES ${piece.map(() => row).join(', ')}`;
    const texts = piece.flatMap((values) => values.map(([, value]) => value));
    await db.runOn(on, mayExist ? sql + keepExisting(db, names[0]!) : sql, texts);
  }
}

async function setEmail(place: Place, on: Kysely<Schema>, name: SubscriberName, email: string): Promise<void> {
  const { db, shape, table } = place;
  if (!hasColumn(shape, EMAIL)) return;
  checkLengths(table, shape, [[EMAIL, email]]);
  const { sql, texts } = isNamed(place, name);
  await db.runOn(on, `UPDATE ${db.quoteName(table)} SET ${EMAIL} = ? WHERE ${sql}`, [email, ...texts]);
}

async function remove(place: Place, on: Kysely<Schema>, name: SubscriberName): Promise<void> {
  const { sql, texts } = isNamed(place, name);
  await place.db.runOn(on, `DELETE FROM ${place.db.quoteName(place.table)} WHERE ${sql}`, texts);
}

/** Gives whether there is such a row. Calls `seal` before it commits. */
export async function updateSubscriber(
  tables: Tables,
  spec: SubscriberSpec,
  row: NewSubscriber,
  seal: () => void,
): Promise<boolean> {
  const place = subscriberPlace(spec, await tables.find('subscriber', spec));
  const { db, shape, table } = place;
  const { rpid } = row;
  if (rpid !== undefined && !hasColumn(shape, 'rpid')) {
    throw new GatehouseError('USER_NO_RPID', `the table ${table} has no column rpid`, {
      hint: `add one: ALTER TABLE ${table} ADD COLUMN rpid varchar(64)`,
    });
  }
  const rest = { ...(rpid === undefined ? {} : { rpid }), datetime_modified: toDatetime(Date.now()) };
  const values = pick(shape, { ...secretColumns(spec, row), ...rest });
  checkLengths(table, shape, values);
  const sets = values.map(([column]) => `${db.quoteName(column)} = ?`).join(', ');
  const { sql, texts } = isNamed(place, row);
  return transaction(db, async (on) => {
    const all = [...values.map(([, text]) => text), ...texts];
    const there = (await db.runOn(on, `UPDATE ${db.quoteName(table)} SET ${sets} WHERE ${sql}`, all)) > 0;
    if (there) seal();
    return there;
  });
}

function isNamed({ db, shape, userColumn, domainColumn }: Place, { username, domain }: SubscriberName) {
  const byName = `${db.quoteName(userColumn)} = ?`;
  if (!hasColumn(shape, domainColumn)) return { sql: byName, texts: [username] };
  return { sql: `${byName} AND ${db.quoteName(domainColumn)} = ?`, texts: [username, domain] };
}

/** Unlike INSERT IGNORE it forgives nothing but the double key. */
function keepExisting({ dialect }: Database, column: string): string {
  return dialect === 'mysql' ? ` ON DUPLICATE KEY UPDATE ${column} = ${column}` : ' ON CONFLICT DO NOTHING';
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
