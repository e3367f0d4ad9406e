/**
 * Keeps the memory of a table that other servers write too (db_mode 3) near its rows: who lists sessions, ends them or sends pings
 * sees the whole table as it was an interval ago at most. What a request asks for is read for that request (LocationTable.read).
 *
 * Rows are deleted an hour after they expired. They are ignored before that; the hour is for clocks that differ, and for the one
 * that has two meanings when summer time ends.
 */
import { setImmediate } from 'node:timers/promises';
import type { BindingRow } from '../../../../core/ser/types.ts';
import { describeError } from '../../../../platform/errors.ts';
import { Timer, type TimerOwner } from '../../../../platform/timer-wheel.ts';
import type { LocationTable } from './table.ts';

const KEPT_MS = 3_600_000;
/** AORs that are compared before others have their turn. */
const PIECE = 200;

export class SharedRows implements TimerOwner {
  readonly #table: LocationTable;
  readonly #intervalMs: number;
  readonly #timer = new Timer(this);

  constructor(table: LocationTable, intervalMs: number) {
    this.#table = table;
    this.#intervalMs = intervalMs;
  }

  run(): void {
    this.#table.services.wheel.start(this.#timer, this.#intervalMs);
  }

  onTimer(): void {
    const { services, name } = this.#table;
    this.#clean()
      .catch((error) => services.log.debug('a table was not read again', { table: name, error: describeError(error) }))
      .then(() => this.run());
  }

  async #clean(): Promise<void> {
    const { services, settings } = this.#table;
    await services.tables.deleteExpired(settings.spec, services.clock.now() - KEPT_MS);
    await this.list();
  }

  /** Brings memory up to the rows, except where a change came between. */
  async list(): Promise<void> {
    const changed = new Set<string>();
    this.#table.turns.ended = changed;
    try {
      await this.#compare(await this.#read(), changed);
    } finally {
      this.#table.turns.ended = undefined;
    }
  }

  async #read(): Promise<Map<string, BindingRow[]>> {
    const { services, settings } = this.#table;
    const rows = new Map<string, BindingRow[]>();
    await services.tables.loadBindings(settings.spec, services.clock.now(), (piece) => {
      for (const row of piece) {
        const aor = this.#table.aorOf(row);
        const own = rows.get(aor);
        if (own) own.push(row);
        else rows.set(aor, [row]);
      }
    });
    return rows;
  }

  async #compare(rows: ReadonlyMap<string, BindingRow[]>, changed: ReadonlySet<string>): Promise<void> {
    const { turns } = this.#table;
    let compared = 0;
    for (const aor of new Set([...rows.keys(), ...this.#table.aors()])) {
      if (++compared % PIECE === 0) await setImmediate();
      if (turns.isTaken(aor) || changed.has(aor)) continue;
      this.#table.take(aor, this.#table.contactsOf(aor, rows.get(aor) ?? []).first(aor));
    }
  }
}
