/** Users in `subscriber` and `uri` tables (worker side): read, listed, changed, and asked for their uris. */
import type {
  NewSubscriber,
  SubscriberName,
  SubscriberRow,
  SubscriberSpec,
  UriSpec,
  UserTables,
} from '../../core/ser/types.ts';
import type { Cell } from '../batch.ts';
import type { Database } from '../database.ts';
import type { ListOptions } from '../protocol.ts';
import { hasColumn, type Row } from '../table-shape.ts';
import type { Tables } from './tables.ts';
import { updateSubscriber, userRows } from './user-rows.ts';

const PIECE_ROWS = 500;

export class Subscribers {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  async read(spec: SubscriberSpec, names: readonly SubscriberName[]): Promise<SubscriberRow[]> {
    if (names.length === 0) return [];
    const { user, domain } = await this.#columns(spec);
    // By domain, so that the statement grows in width and not in depth.
    const byDomain = Map.groupBy(names, (name) => (domain ? name.domain : ''));
    const tests: string[] = [];
    const values: string[] = [];
    for (const [of, group] of byDomain) {
      const isOneOf = `${user} IN (${group.map(() => '?').join(', ')})`;
      tests.push(of === '' ? isOneOf : `(${isOneOf} AND ${domain} = ?)`);
      values.push(...group.map(({ username }) => username), ...(of === '' ? [] : [of]));
    }
    return this.#select(spec, tests.join(' OR '), values);
  }

  async list(spec: SubscriberSpec, { after, limit, prefix }: ListOptions): Promise<SubscriberRow[]> {
    const { user, domain } = await this.#columns(spec);
    const tests = ['1 = 1'];
    const values: string[] = [];
    if (prefix) {
      tests.push(`${user} LIKE ? ESCAPE '|'`);
      values.push(`${prefix.replace(/[%_|]/g, '|$&')}%`);
    }
    if (after && domain) {
      // The first test is implied by the second, but finds its way through an index.
      tests.push(`${user} >= ? AND (${user} > ? OR ${domain} > ?)`);
      values.push(after.username, after.username, after.domain);
    } else if (after) {
      tests.push(`${user} > ?`);
      values.push(after.username);
    }
    const order = domain ? `${user}, ${domain}` : user;
    return this.#select(spec, `${tests.join(' AND ')} ORDER BY ${order} LIMIT ${Math.floor(limit)}`, values);
  }

  /** Gives rows as pieces of cells: the texts of a SubscriberRow one after another. */
  async walk(spec: SubscriberSpec, most: number, onCells: (cells: Cell[]) => void): Promise<void> {
    const { db, sql } = await this.#statement(spec);
    let cells: Cell[] = [];
    await db.each(`${sql} LIMIT ${Math.floor(most)}`, (row) => {
      for (const cell of row) cells.push(textOf(cell));
      if (cells.length < PIECE_ROWS * row.length) return;
      onCells(cells);
      cells = [];
    });
    if (cells.length > 0) onCells(cells);
  }

  /** This and what follows call `seal` before they commit. */
  async add(tables: UserTables, rows: readonly NewSubscriber[], seal: () => void): Promise<void> {
    await (await userRows(this.#tables, tables)).add(rows, { seal });
  }

  async remove(tables: UserTables, name: SubscriberName, seal: () => void): Promise<void> {
    await (await userRows(this.#tables, tables)).remove(name, { seal });
  }

  update(spec: SubscriberSpec, row: NewSubscriber, seal: () => void): Promise<boolean> {
    return updateSubscriber(this.#tables, spec, row, seal);
  }

  async hasUri(spec: UriSpec, username: string, domain: string, uriUser: string): Promise<boolean> {
    const { db } = await this.#tables.find('uri', spec);
    const wanted = [
      [spec.userColumn, username],
      [spec.domainColumn, domain],
      [spec.uriUserColumn, uriUser],
    ] as const;
    const given = wanted.filter(([column, value]) => value !== '' || column === spec.uriUserColumn);
    const tests = given.map(([column]) => `${db.quoteName(column)} = ?`).join(' AND ');
    const sql = `SELECT 1 FROM ${db.quoteName(spec.table)} WHERE ${tests} LIMIT 1`;
    const values = given.map(([, value]) => value);
    return (await db.select(sql, values)).length > 0;
  }

  async #columns(spec: SubscriberSpec): Promise<{ user: string; domain: string | undefined }> {
    const { db, shape } = await this.#tables.find('subscriber', spec);
    const domain = hasColumn(shape, spec.domainColumn) ? db.quoteName(spec.domainColumn) : undefined;
    return { user: db.quoteName(spec.userColumn), domain };
  }

  async #select(spec: SubscriberSpec, where: string, values: readonly Cell[]): Promise<SubscriberRow[]> {
    const { db, sql } = await this.#statement(spec);
    return (await db.select(`${sql} WHERE ${where}`, values)).map(rowOf);
  }

  /** Of the columns of a SubscriberRow, in their order. */
  async #statement(spec: SubscriberSpec): Promise<{ db: Database; sql: string }> {
    const { db, shape } = await this.#tables.find('subscriber', spec);
    const { user, domain = "''" } = await this.#columns(spec);
    // `open` refuses a script that names a column which is missing; administration takes what is there.
    const columns = [spec.passwordColumn, spec.passwordColumn2, ...spec.columns].map((name) =>
      hasColumn(shape, name) ? db.quoteName(name) : 'NULL',
    );
    return { db, sql: `SELECT ${[user, domain, ...columns].join(', ')} FROM ${db.quoteName(spec.table)}` };
  }
}

function rowOf([username, domain, password, password2, ...rest]: Row): SubscriberRow {
  return {
    username: textOf(username) ?? '',
    domain: textOf(domain) ?? '',
    password: textOf(password) ?? '',
    password2: textOf(password2) ?? '',
    values: rest.map(textOf),
  };
}

function textOf(cell: Cell | undefined): string | null {
  return cell === null || cell === undefined ? null : String(cell);
}
