/** The worker's side of SerTables: finds the tables, knows which are our own, reads and administers users and uris. */
import type {
  LocationSpec,
  NewSubscriber,
  SubscriberName,
  SubscriberRow,
  SubscriberSpec,
  TableReport,
  UriSpec,
} from '../../core/ser/types.ts';
import { GatehouseError } from '../../platform/errors.ts';
import { type Cell, WIDTH } from '../batch.ts';
import type { Database } from '../database.ts';
import { type Column, quoteName, type TableShape } from '../table-shape.ts';
import { adoptRows } from './adopt.ts';
import { toDatetime } from './datetime.ts';
import { KINDS } from './definitions.ts';
import { type LocationPlan, layoutError, planLocation, readBinding } from './location-plan.ts';
import { listOwn, markOwn } from './own.ts';

const PIECE_ROWS = 1_000;

interface Found {
  readonly db: Database;
  readonly shape: TableShape;
  readonly attached: boolean;
}

export class Tables {
  readonly #databases: ReadonlyMap<string, Database>;
  readonly #main: Database;
  readonly #warn: (message: string) => void;
  readonly #found = new Map<string, Promise<Found>>();
  readonly #plans = new Map<string, { db: Database; plan: LocationPlan }>();

  constructor(databases: ReadonlyMap<string, Database>, warn: (message: string) => void) {
    this.#databases = databases;
    this.#main = databases.get('main')!;
    this.#warn = warn;
  }

  async openSubscriber(spec: SubscriberSpec): Promise<TableReport> {
    const { shape, attached } = await this.#find('subscriber', spec);
    const wanted = [spec.userColumn, spec.passwordColumn, spec.passwordColumn2, ...spec.columns];
    needColumns(spec.table, shape, wanted);
    return { attached, layout: attached ? subscriberLayout(shape) : 'gatehouse' };
  }

  async openLocation(spec: LocationSpec): Promise<TableReport> {
    return (await this.plan(spec)).plan.report;
  }

  async openUri(spec: UriSpec): Promise<TableReport> {
    const { shape, attached } = await this.#find('uri', spec);
    needColumns(spec.table, shape, [spec.userColumn, spec.domainColumn, spec.uriUserColumn]);
    return { attached, layout: attached ? (hasColumn(shape, 'id') ? 'openser-1.3' : 'ser-0.9') : 'gatehouse' };
  }

  /** At once when it is known, as it is for every batch but the first. */
  knownPlan(spec: LocationSpec): { db: Database; plan: LocationPlan } | undefined {
    return this.#plans.get(planKey(spec));
  }

  async plan(spec: LocationSpec): Promise<{ db: Database; plan: LocationPlan }> {
    const key = planKey(spec);
    const known = this.#plans.get(key);
    if (known) return known;
    const { db, shape, attached } = await this.#find('location', spec);
    const made = { db, plan: planLocation(spec, shape, attached) };
    this.#plans.set(key, made);
    return made;
  }

  async readSubscribers(spec: SubscriberSpec, names: readonly SubscriberName[]): Promise<SubscriberRow[]> {
    if (names.length === 0) return [];
    const { db, shape } = await this.#find('subscriber', spec);
    const domain = hasColumn(shape, spec.domainColumn) ? quoteName(spec.domainColumn) : undefined;
    const user = quoteName(spec.userColumn);
    const columns = [spec.passwordColumn, spec.passwordColumn2, ...spec.columns].map(quoteName);
    const anyDomain = names.filter((name) => name.domain === '' || !domain).map(({ username }) => username);
    const exact = names.filter((name) => name.domain !== '' && domain);
    const tests = exact.map(() => `(${user} = ? AND ${domain} = ?)`);
    if (anyDomain.length > 0) tests.push(`${user} IN (${anyDomain.map(() => '?').join(', ')})`);
    const values = [...exact.flatMap(({ username, domain }) => [username, domain]), ...anyDomain];
    const sql = `SELECT ${[user, domain ?? "''", ...columns].join(', ')} FROM ${quoteName(spec.table)} WHERE ${tests.join(' OR ')}`;
    const rows = await db.select(sql, values);
    return rows.map(([username, domain, password, password2, ...rest]) => ({
      username: textOf(username) ?? '',
      domain: textOf(domain) ?? '',
      password: textOf(password) ?? '',
      password2: textOf(password2) ?? '',
      values: rest.map(textOf),
    }));
  }

  async insertSubscriber(spec: SubscriberSpec, row: NewSubscriber): Promise<void> {
    const { db, shape } = await this.#find('subscriber', spec);
    const now = toDatetime(Date.now());
    const values = pick(shape, {
      ...userValues(spec, row),
      [spec.userColumn]: row.username,
      [spec.domainColumn]: row.domain,
      // SER 0.9 has a unique key on it; its serctl puts HA1 there.
      phplib_id: row.ha1 || `${row.username}@${row.domain}`.slice(0, 32),
      datetime_created: now,
      datetime_modified: now,
    });
    await insert(db, spec.table, shape, values);
  }

  async updateSubscriber(spec: SubscriberSpec, row: NewSubscriber): Promise<boolean> {
    const { db, shape } = await this.#find('subscriber', spec);
    const values = pick(shape, { ...userValues(spec, row), datetime_modified: toDatetime(Date.now()) });
    checkLengths(spec.table, shape, values);
    const sets = values.map(([column]) => `${quoteName(column)} = ?`);
    const { sql, values: key } = whereUser(spec, shape, row);
    const statement = `UPDATE ${quoteName(spec.table)} SET ${sets.join(', ')} WHERE ${sql}`;
    return (await db.run(statement, [...values.map(([, value]) => value), ...key])) > 0;
  }

  async deleteSubscriber(spec: SubscriberSpec, name: SubscriberName): Promise<boolean> {
    const { db, shape } = await this.#find('subscriber', spec);
    const { sql, values } = whereUser(spec, shape, name);
    return (await db.run(`DELETE FROM ${quoteName(spec.table)} WHERE ${sql}`, values)) > 0;
  }

  /** Gives the bindings that have not expired, in pieces of cells. */
  async loadBindings(spec: LocationSpec, now: number, onCells: (cells: Cell[]) => void): Promise<void> {
    const { db, plan } = await this.plan(spec);
    if (plan.replace === 'ruid') await adoptRows(db, plan);
    const columns = plan.columns.map(({ name }) => quoteName(name)).join(', ');
    let cells: Cell[] = [];
    await db.each(`SELECT ${columns} FROM ${quoteName(plan.table)}`, (row) => {
      readBinding(plan, row, now, cells);
      if (cells.length < PIECE_ROWS * WIDTH[0]) return;
      onCells(cells);
      cells = [];
    });
    if (cells.length > 0) onCells(cells);
  }

  async hasUri(spec: UriSpec, username: string, domain: string, uriUser: string): Promise<boolean> {
    const { db } = await this.#find('uri', spec);
    const columns = [spec.userColumn, spec.domainColumn, spec.uriUserColumn].map((name) => `${quoteName(name)} = ?`);
    const sql = `SELECT 1 FROM ${quoteName(spec.table)} WHERE ${columns.join(' AND ')} LIMIT 1`;
    return (await db.select(sql, [username, domain, uriUser])).length > 0;
  }

  async insertUri(spec: UriSpec, username: string, domain: string, uriUser: string): Promise<void> {
    const { db, shape } = await this.#find('uri', spec);
    const values = pick(shape, {
      [spec.userColumn]: username,
      [spec.domainColumn]: domain,
      [spec.uriUserColumn]: uriUser,
      last_modified: toDatetime(Date.now()),
    });
    await insert(db, spec.table, shape, values);
  }

  async deleteUris(spec: UriSpec, username: string, domain: string): Promise<void> {
    const { db } = await this.#find('uri', spec);
    const sql = `DELETE FROM ${quoteName(spec.table)} WHERE ${quoteName(spec.userColumn)} = ? AND ${quoteName(spec.domainColumn)} = ?`;
    await db.run(sql, [username, domain]);
  }

  /** What was found is kept; what was missing is looked for again, since somebody may make it. */
  #find(kind: keyof typeof KINDS, spec: { database: string; table: string }): Promise<Found> {
    const key = `${spec.database}\0${spec.table}`;
    let found = this.#found.get(key);
    if (!found) {
      found = this.#look(kind, spec);
      this.#found.set(key, found);
      found.catch(() => this.#found.delete(key));
    }
    return found;
  }

  async #look(kind: keyof typeof KINDS, { database, table }: { database: string; table: string }): Promise<Found> {
    const db = this.#databases.get(database);
    if (!db) throw new GatehouseError('SER_TABLE_MISSING', `no database is called ${database}`);
    const shape = await db.shape(table);
    if (shape) {
      if (!shape.durable) this.#warn(`table ${table} is kept by an engine that can lose acknowledged rows in a crash`);
      const own = db === this.#main && (await listOwn(db.kysely)).includes(table);
      return { db, shape, attached: !own };
    }
    if (db !== this.#main) {
      throw new GatehouseError('SER_TABLE_MISSING', `there is no table ${table} in ${db.label}`, {
        hint: 'is it the right database? Create the table there, or correct its name in the script',
      });
    }
    return { db, shape: await this.#make(kind, table), attached: false };
  }

  async #make(kind: keyof typeof KINDS, table: string): Promise<TableShape> {
    const db = this.#main;
    await db.alone(async () => {
      for (const statement of KINDS[kind](table, db.dialect)) await db.run(statement, []);
      await markOwn(db.kysely, table);
    });
    return (await db.shape(table))!;
  }
}

type Values = [column: string, value: string][];

function userValues(spec: SubscriberSpec, row: NewSubscriber): Record<string, string> {
  const { password, ha1, ha1b, email } = row;
  const columns: Record<string, string> = { password, ha1, ha1b, email_address: email };
  // A renamed column stands for the one it replaces: clear text or hash, after what the configuration reads from it.
  if (!(spec.passwordColumn in columns)) columns[spec.passwordColumn] = ha1 || password;
  if (!(spec.passwordColumn2 in columns)) columns[spec.passwordColumn2] = ha1b || password;
  return columns;
}

/** Those that the table has. */
function pick(shape: TableShape, wanted: Record<string, string>): Values {
  return Object.entries(wanted).filter(([column]) => hasColumn(shape, column));
}

async function insert(db: Database, table: string, shape: TableShape, values: Values): Promise<void> {
  checkLengths(table, shape, values);
  const names = values.map(([column]) => quoteName(column));
  const sql = `INSERT INTO ${quoteName(table)} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`;
  await db.run(
    sql,
    values.map(([, value]) => value),
  );
}

function checkLengths(table: string, shape: TableShape, values: Values): void {
  for (const [column, value] of values) {
    const limit = columnOf(shape, column)?.limit ?? 0;
    if (limit === 0 || value.length <= limit) continue;
    const message = `column ${column} of table ${table} holds ${limit} characters, the value has ${value.length}`;
    throw new GatehouseError('SER_VALUE_TOO_LONG', message, { hint: 'choose a shorter value or widen the column' });
  }
}

function whereUser(spec: SubscriberSpec, shape: TableShape, name: SubscriberName) {
  const user = `${quoteName(spec.userColumn)} = ?`;
  if (name.domain === '' || !hasColumn(shape, spec.domainColumn)) return { sql: user, values: [name.username] };
  return { sql: `${user} AND ${quoteName(spec.domainColumn)} = ?`, values: [name.username, name.domain] };
}

function needColumns(table: string, shape: TableShape, wanted: readonly string[]): void {
  const missing = wanted.filter((name) => !hasColumn(shape, name));
  if (missing.length > 0) throw layoutError(table, missing, shape.columns);
}

function subscriberLayout(shape: TableShape): TableReport['layout'] {
  if (hasColumn(shape, 'phplib_id')) return 'ser-0.9';
  if (!hasColumn(shape, 'id') || !hasColumn(shape, 'ha1b')) return 'other';
  return hasColumn(shape, 'rpid') ? 'openser-1.3' : 'kamailio-5.6';
}

function columnOf(shape: TableShape, name: string): Column | undefined {
  return shape.columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
}

function hasColumn(shape: TableShape, name: string): boolean {
  return columnOf(shape, name) !== undefined;
}

function textOf(cell: Cell | undefined): string | null {
  return cell === null || cell === undefined ? null : String(cell);
}

function planKey(spec: LocationSpec): string {
  const names = Object.entries(spec.columns);
  return `${spec.database}\0${spec.table}${names.length === 0 ? '' : `\0${names.join()}`}`;
}
