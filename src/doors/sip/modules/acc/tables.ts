/**
 * Records as rows: of OpenSER 1.3's columns, or of SER 0.9's where a table has those, and of the extra ones. Which it has is seen when
 * it is opened.
 */

import type { RowCells, RowsKind, RowsSpec } from '../../../../core/ser/types.ts';
import { GatehouseError } from '../../../../platform/errors.ts';
import type { ParameterValues } from '../../script/types.ts';
import type { Services } from '../../services.ts';
import { Lasting } from '../lasting.ts';
import { databaseOf } from '../value-checks.ts';
import type { Extra, Legs } from './extra.ts';
import { OPENSER_COLUMNS, SER_COLUMNS } from './parameters.ts';
import type { CallRecord, Field } from './record.ts';
import { RowKeeper } from './row-keeper.ts';

const keeper = new Lasting(({ journal, wheel, clock, log, atEnd }) => {
  const made = new RowKeeper({ journal, wheel, clock, log });
  atEnd(() => made.close());
  return made;
});

interface Layout {
  readonly spec: RowsSpec;
  readonly fields: readonly Field[];
}

export class AccTables {
  readonly #parameters: ParameterValues;
  readonly #services: Services;
  readonly #extra: readonly Extra[];
  readonly #legs: Legs | undefined;
  readonly #kinds = new Map<string, RowsKind>();
  readonly #layouts = new Map<string, Layout>();

  constructor(parameters: ParameterValues, services: Services, extra: readonly Extra[], legs: Legs | undefined) {
    this.#parameters = parameters;
    this.#services = services;
    this.#extra = extra;
    this.#legs = legs;
  }

  /** It will be written to. */
  use(table: string): void {
    this.#kinds.set(table, table === this.#parameters.db_table_missed_calls ? 'missed_calls' : 'acc');
  }

  async open(): Promise<void> {
    for (const [table, kind] of this.#kinds) this.#layouts.set(table, await this.#find(table, kind));
  }

  /** The table is open. */
  write(table: string, record: CallRecord): void {
    const { spec, fields } = this.#layouts.get(table)!;
    const values = fields.map((read) => read(record));
    const rows: RowCells[] = this.#legs ? this.#legs.read(record.run).map((leg) => [...values, ...leg]) : [values];
    keeper.of(this.#services).append(spec, rows);
  }

  async #find(table: string, kind: RowsKind): Promise<Layout> {
    const { tables } = this.#services;
    const openser = this.#layout(table, kind, OPENSER_COLUMNS);
    try {
      await tables.open('rows', openser.spec);
      return openser;
    } catch (error) {
      if (!(error instanceof GatehouseError && error.code === 'SER_TABLE_LAYOUT')) throw error;
      const ser = this.#layout(table, kind, SER_COLUMNS);
      // The complaint about OpenSER's columns is the one to hear.
      await tables.open('rows', ser.spec).catch(() => Promise.reject(error));
      return ser;
    }
  }

  #layout(table: string, kind: RowsKind, usual: typeof OPENSER_COLUMNS): Layout {
    const own = usual.map(({ parameter }) => String(this.#parameters[parameter]));
    const columns = [...own, ...this.#extra.map(({ name }) => name), ...(this.#legs?.names ?? [])];
    return {
      spec: { database: databaseOf(this.#parameters, this.#services), table, kind, columns, keys: [] },
      fields: [...usual.map(({ read }) => read), ...this.#extra.map(({ read }) => read)],
    };
  }
}
