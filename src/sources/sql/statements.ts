/**
 * The questions of an SQL resolver. Names stand in the quotes of the dialect, values are bound, and only the administrator's condition
 * stands as it is.
 */
import type { PersonFilter } from '../../core/realms/types.ts';
import type { SqlKind, SqlOptions } from './config.ts';

export interface Question {
  readonly sql: string;
  readonly values: readonly string[];
}

export class Statements {
  readonly #options: SqlOptions;
  readonly #quote: (name: string) => string;
  readonly #from: string;
  /** Attributes in the order of the columns that are read. */
  readonly attributes: readonly string[];

  constructor(options: SqlOptions) {
    this.#options = options;
    this.#quote = quoting(options.kind);
    this.attributes = Object.keys(options.columns);
    const columns = Object.values(options.columns).map(this.#quote).join(', ');
    const where = options.where === undefined ? '' : `(${options.where}) AND `;
    this.#from = `SELECT ${columns} FROM ${this.#table()} WHERE ${where}`;
  }

  /** Rows whose login, or id, is one of these. Spellings in other cases may come along, for whoever asks to sort out. */
  named(what: 'login' | 'id', names: readonly string[]): Question {
    const { idColumn, loginColumn } = this.#options;
    const column = this.#quote(what === 'id' ? idColumn : loginColumn);
    // Few different lengths of lists: servers keep a statement prepared for each.
    const padded = [...names, ...Array.from({ length: powerOfTwo(names.length) - names.length }, () => names[0]!)];
    const list = padded.map((_, i) => this.#place(i)).join(', ');
    return { sql: `${this.#from}${column} IN (${list}) LIMIT ${2 * padded.length + 10}`, values: padded };
  }

  /** A filter on what is not mapped fits nobody. */
  search(filter: PersonFilter, limit: number): Question {
    const values: string[] = [];
    const tests = Object.entries(filter).map(([attribute, pattern]) => {
      const column = Object.hasOwn(this.#options.columns, attribute) ? this.#options.columns[attribute] : undefined;
      if (column === undefined) return '1 = 0';
      values.push(likePattern(pattern.toLowerCase()));
      return `LOWER(${this.#asText(this.#quote(column))}) LIKE ${this.#place(values.length - 1)} ESCAPE '!'`;
    });
    const order = this.#quote(this.#options.loginColumn);
    const tested = tests.length === 0 ? '1 = 1' : tests.join(' AND ');
    return { sql: `${this.#from}${tested} ORDER BY ${order} LIMIT ${limit}`, values };
  }

  /** The stored password alone. */
  password(column: string, id: string): Question {
    const { idColumn, where } = this.#options;
    const condition = where === undefined ? '' : `(${where}) AND `;
    const sql = `SELECT ${this.#quote(idColumn)}, ${this.#quote(column)} FROM ${this.#table()} WHERE ${condition}${this.#quote(idColumn)} = ${this.#place(0)} LIMIT 2`;
    return { sql, values: [id] };
  }

  #table(): string {
    return this.#options.table.map(this.#quote).join('.');
  }

  #place(index: number): string {
    return this.#options.kind === 'postgres' ? `$${index + 1}` : '?';
  }

  #asText(column: string): string {
    return `CAST(${column} AS ${this.#options.kind === 'mysql' ? 'CHAR' : 'TEXT'})`;
  }
}

function quoting(kind: SqlKind): (name: string) => string {
  return kind === 'mysql' ? (name) => `\`${name}\`` : (name) => `"${name}"`;
}

function likePattern(pattern: string): string {
  return pattern.replaceAll(/[!%_]/g, '!$&').replaceAll('*', '%');
}

function powerOfTwo(least: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(least, 1)));
}
