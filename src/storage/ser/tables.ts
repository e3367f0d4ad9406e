/** Finds the SER tables, knows which are our own, makes those that are missing in our own database, loads bindings. */
import type { LocationSpec, RowsSpec, SubscriberSpec, TableReport, UriSpec } from '../../core/ser/types.ts';
import { GatehouseError } from '../../platform/errors.ts';
import { type Cell, WIDTH } from '../batch.ts';
import type { Database } from '../database.ts';
import { hasColumn, type TableShape } from '../table-shape.ts';
import { adoptRows } from './adopt.ts';
import { KINDS } from './definitions.ts';
import { changeKey, hasKeyFor } from './location-key.ts';
import { expiredRows, type LocationPlan, layoutError, planLocation, readBinding } from './location-plan.ts';
import { listOwn, makeOwn } from './own.ts';
import { planRows, type RowsPlan } from './rows-plan.ts';

const PIECE_ROWS = 1_000;

export interface Found {
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
  readonly #rowsPlans = new Map<string, { db: Database; plan: RowsPlan }>();

  constructor(databases: ReadonlyMap<string, Database>, warn: (message: string) => void) {
    this.#databases = databases;
    this.#main = databases.get('main')!;
    this.#warn = warn;
  }

  async openSubscriber(spec: SubscriberSpec): Promise<TableReport> {
    const { shape, attached } = await this.find('subscriber', spec);
    const wanted = [spec.userColumn, spec.passwordColumn, spec.passwordColumn2, ...spec.columns];
    needColumns(spec.table, shape, wanted);
    return { attached, layout: attached ? subscriberLayout(shape) : 'gatehouse' };
  }

  /** `settle` brings the rows up to what was acknowledged, under the key that they have. */
  async openLocation(spec: LocationSpec, settle = async () => {}): Promise<TableReport> {
    const { db, shape, attached } = await this.find('location', spec);
    const byCallId = spec.byCallId ?? false;
    if (!attached && hasKeyFor(shape, !byCallId)) {
      await settle();
      await changeKey(db, spec.table, shape, byCallId);
      this.#forget(spec);
    }
    return (await this.plan(spec)).plan.report;
  }

  async openUri(spec: UriSpec): Promise<TableReport> {
    const { shape, attached } = await this.find('uri', spec);
    needColumns(spec.table, shape, [spec.userColumn, spec.domainColumn, spec.uriUserColumn]);
    return { attached, layout: attached ? (hasColumn(shape, 'id') ? 'openser-1.3' : 'ser-0.9') : 'gatehouse' };
  }

  async openRows(spec: RowsSpec): Promise<TableReport> {
    const { shape, attached } = await this.find(spec.kind, spec);
    needColumns(spec.table, shape, [...spec.columns, ...spec.keys]);
    return { attached, layout: attached ? 'other' : 'gatehouse' };
  }

  knownRows(spec: RowsSpec): { db: Database; plan: RowsPlan } | undefined {
    return this.#rowsPlans.get(rowsKey(spec));
  }

  async planRows(spec: RowsSpec): Promise<void> {
    const key = rowsKey(spec);
    if (this.#rowsPlans.has(key)) return;
    await this.openRows(spec);
    const { db, shape } = await this.find(spec.kind, spec);
    this.#rowsPlans.set(key, { db, plan: planRows(spec, shape, db.quoteName) });
  }

  /** At once when it is known, as it is for every batch but the first. */
  knownPlan(spec: LocationSpec): { db: Database; plan: LocationPlan } | undefined {
    return this.#plans.get(planKey(spec));
  }

  async plan(spec: LocationSpec): Promise<{ db: Database; plan: LocationPlan }> {
    const key = planKey(spec);
    const known = this.#plans.get(key);
    if (known) return known;
    const { db, shape, attached } = await this.find('location', spec);
    const made = { db, plan: planLocation(spec, shape, attached) };
    this.#plans.set(key, made);
    return made;
  }

  /** Gives the bindings that have not expired, in pieces of cells. */
  async loadBindings(spec: LocationSpec, now: number, onCells: (cells: Cell[]) => void): Promise<void> {
    const { db, plan } = await this.plan(spec);
    if (plan.replace === 'ruid') await adoptRows(db, plan);
    const columns = plan.columns.map(({ name }) => db.quoteName(name)).join(', ');
    let cells: Cell[] = [];
    await db.each(`SELECT ${columns} FROM ${db.quoteName(plan.table)}`, (row) => {
      readBinding(plan, row, now, cells);
      if (cells.length < PIECE_ROWS * WIDTH[0]) return;
      onCells(cells);
      cells = [];
    });
    if (cells.length > 0) onCells(cells);
  }

  /** The bindings of one user that have not expired, as cells. */
  async readBindings(spec: LocationSpec, username: string, domain: string, now: number): Promise<Cell[]> {
    const { db, plan } = await this.plan(spec);
    const wanted = plan.key.flatMap(({ name, field }) => {
      if (field === 'username') return [[name, username] as const];
      return field === 'domain' && domain !== '' ? [[name, domain] as const] : [];
    });
    const columns = plan.columns.map(({ name }) => db.quoteName(name)).join(', ');
    const tests = wanted.map(([name]) => `${db.quoteName(name)} = ?`).join(' AND ');
    const sql = `SELECT ${columns} FROM ${db.quoteName(plan.table)} WHERE ${tests}`;
    const cells: Cell[] = [];
    for (const row of await db.select(
      sql,
      wanted.map(([, value]) => value),
    ))
      readBinding(plan, row, now, cells);
    return cells;
  }

  async deleteExpired(spec: LocationSpec, before: number): Promise<number> {
    const { db, plan } = await this.plan(spec);
    const { where, values } = expiredRows(plan, before, db.quoteName);
    return db.alone(() => db.run(`DELETE FROM ${db.quoteName(plan.table)} WHERE ${where}`, values));
  }

  /** What was found is kept; what was missing is looked for again, since somebody may make it. */
  find(kind: keyof typeof KINDS, spec: { database: string; table: string }): Promise<Found> {
    const key = `${spec.database}\0${spec.table}`;
    let found = this.#found.get(key);
    if (!found) {
      found = this.#look(kind, spec);
      this.#found.set(key, found);
      found.catch(() => this.#found.delete(key));
    }
    return found;
  }

  /** Its form has changed. */
  #forget({ database, table }: LocationSpec): void {
    const name = `${database}\0${table}`;
    this.#found.delete(name);
    for (const key of this.#plans.keys()) if (key === name || key.startsWith(`${name}\0`)) this.#plans.delete(key);
  }

  database(name: string): Database {
    const db = this.#databases.get(name);
    if (!db) throw new GatehouseError('SER_TABLE_MISSING', `no database is called ${name}`);
    return db;
  }

  async #look(kind: keyof typeof KINDS, { database, table }: { database: string; table: string }): Promise<Found> {
    const db = this.database(database);
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
    await db.redefine((on) => makeOwn(on, table, KINDS[kind](table, db.dialect)));
    return (await db.shape(table))!;
  }
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

function planKey(spec: LocationSpec): string {
  const names = Object.entries(spec.columns);
  const key = `${spec.database}\0${spec.table}${names.length === 0 ? '' : `\0${names.join()}`}`;
  return spec.byCallId ? `${key}\0by Call-ID` : key;
}

function rowsKey({ database, table, columns }: RowsSpec): string {
  return `${database}\0${table}\0${columns.join()}`;
}
