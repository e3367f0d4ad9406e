/**
 * The statements by which a batch changes one location table, as SQL text: one for all puts, one for all deletes, one for all
 * refreshes.
 *
 * A refresh is an UPDATE joined with a list of values. It costs half of an upsert, which first tries to make the row that is
 * there and uses up a number of its AUTO_INCREMENT. What all rows of a batch have in common stands once.
 */
import { type Cell, FIELD, REFRESHED } from '../batch.ts';
import { cellFor, type LocationPlan, type PlanColumn } from '../ser/location-plan.ts';
import { quoteName } from '../table-shape.ts';
import { literal } from './literal.ts';

export class LocationSql {
  /** Whether a refresh can find its row by an equality of columns. */
  readonly refreshes: boolean;
  readonly #plan: LocationPlan;
  readonly #table: string;
  readonly #insert: string;
  readonly #orUpdate: string;
  readonly #refreshKey: readonly PlanColumn[];
  readonly #refreshed: readonly PlanColumn[];

  constructor(plan: LocationPlan) {
    const names = plan.columns.map(({ name }) => quoteName(name));
    const key = plan.replace === 'ruid' ? plan.columns.filter(({ kind }) => kind === 'ruid') : plan.key;
    // A row found in another spelling, as most collations do, takes ours.
    const stays = new Set(key.filter(isExact).map(({ name }) => quoteName(name)));
    const sets = names.filter((name) => !stays.has(name)).map((name) => `${name} = VALUES(${name})`);
    this.#plan = plan;
    this.#table = quoteName(plan.table);
    this.#insert = `INSERT INTO ${this.#table} (${names.join(', ')}) VALUES `;
    this.#orUpdate = plan.replace === 'replace' ? '' : ` ON DUPLICATE KEY UPDATE ${sets.join(', ')}`;
    this.#refreshKey = key;
    this.#refreshed = plan.columns.filter(
      (column) => REFRESHED.has(column.field) && column.kind !== 'ruid' && !key.includes(column),
    );
    this.refreshes = plan.replace === 'ruid' || key.every(({ nullable }) => !nullable);
  }

  put(cells: readonly Cell[], puts: readonly number[]): string[] {
    let rows = '';
    for (let i = 0; i < puts.length; i++) {
      rows += `${i === 0 ? '(' : ',('}${values(this.#plan.columns, cells, puts[i]!)})`;
    }
    const sql = this.#insert + rows + this.#orUpdate;
    return this.#plan.replace === 'replace' ? [this.remove(cells, puts), sql] : [sql];
  }

  /** Ranges over the key's index; a row constructor would be a full scan on MariaDB. */
  remove(cells: readonly Cell[], keys: readonly number[]): string {
    const tests = keys.map((at) => {
      const columns = this.#plan.key.map(({ name, nullable, field }) => {
        const value = cells[at + FIELD[field]]!;
        const test = `${quoteName(name)} = ${literal(value)}`;
        return nullable && value === '' ? `(${test} OR ${quoteName(name)} IS NULL)` : test;
      });
      return `(${columns.join(' AND ')})`;
    });
    return `DELETE FROM ${this.#table} WHERE ${tests.join(' OR ')}`;
  }

  /**
   * The refresh, which finds one row for each put, as long as nobody else took one away. Where rows may be doubled the number
   * of rows does not tell, and the second statement counts the puts that have one.
   */
  refresh(cells: readonly Cell[], puts: readonly number[]): [refresh: string, count?: string] {
    const differ = (column: PlanColumn) => !isShared(column, cells, puts);
    const own = [...this.#refreshKey, ...this.#refreshed].filter(differ);
    const value = (column: PlanColumn) =>
      own.includes(column) ? `n.${quoteName(column.name)}` : literal(cellFor(column, cells, puts[0]!));
    const equal = (column: PlanColumn) => `l.${quoteName(column.name)} = ${value(column)}`;
    const tests = this.#refreshKey.map(equal).join(' AND ');
    const sets = this.#refreshed.map(equal).join(', ');
    if (own.length === 0) return [`UPDATE ${this.#table} AS l SET ${sets} WHERE ${tests}`];
    const list = (columns: readonly PlanColumn[]) => `(${listOf(columns, cells, puts)}) AS n`;
    const refresh = `UPDATE ${list(own)} STRAIGHT_JOIN ${this.#table} AS l ON ${tests} SET ${sets}`;
    if (this.#plan.replace !== 'replace') return [refresh];
    const keys = list(this.#refreshKey.filter(differ));
    return [refresh, `SELECT COUNT(*) FROM ${keys} WHERE EXISTS (SELECT 1 FROM ${this.#table} AS l WHERE ${tests})`];
  }
}

function listOf(columns: readonly PlanColumn[], cells: readonly Cell[], puts: readonly number[]): string {
  let rows = `SELECT ${columns.map((column) => typedValue(column, cells, puts[0]!)).join(', ')}`;
  for (let i = 1; i < puts.length; i++)
    rows += `${i === 1 ? ' UNION ALL VALUES (' : ',('}${values(columns, cells, puts[i]!)})`;
  return rows;
}

function values(columns: readonly PlanColumn[], cells: readonly Cell[], at: number): string {
  let text = literal(cellFor(columns[0]!, cells, at));
  for (let c = 1; c < columns.length; c++) text += `,${literal(cellFor(columns[c]!, cells, at))}`;
  return text;
}

/** The first row names the columns of the list, and gives a text the collation of the column it is compared with. */
function typedValue(column: PlanColumn, cells: readonly Cell[], at: number): string {
  const { name, collation, kind } = column;
  const value = literal(cellFor(column, cells, at));
  const isText = collation !== undefined && (kind === 'text' || kind === 'ruid');
  const typed = isText ? `CONVERT(${value} USING ${charsetOf(collation)}) COLLATE ${collation}` : value;
  return `${typed} AS ${quoteName(name)}`;
}

/** Compared byte by byte. */
function isExact({ kind, collation }: PlanColumn): boolean {
  return kind === 'ruid' || collation === undefined || /(^|_)(bin|binary)$/.test(collation);
}

function charsetOf(collation: string): string {
  const end = collation.indexOf('_');
  return end < 0 ? collation : collation.slice(0, end);
}

function isShared({ field, kind }: PlanColumn, cells: readonly Cell[], puts: readonly number[]): boolean {
  const offset = FIELD[field];
  for (let i = 1; i < puts.length; i++) {
    // Made of several fields.
    if (kind === 'ruid' || cells[puts[i]! + offset] !== cells[puts[0]! + offset]) return false;
  }
  return true;
}
