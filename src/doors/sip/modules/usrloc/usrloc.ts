/**
 * The tables of contacts that a script uses, made once for a door and shared by usrloc, which opens them, and registrar, which works
 * on them. A script loaded again finds the same tables as long as their settings are the same: what lives in memory alone
 * survives a reload.
 */
import { isDeepStrictEqual } from 'node:util';
import type { LocationSpec } from '../../../../core/ser/types.ts';
import type { Services } from '../../services.ts';
import { LocationTable, type TableSettings } from './table.ts';
import { viewOf } from './view.ts';

export interface UsrlocSettings extends Omit<TableSettings, 'spec'> {
  specOf(table: string): LocationSpec;
  /** Seconds within which an equal CSeq counts as a retransmission. */
  readonly cseqDelay: number;
}

/** By the door's registry of bindings, of which there is one for each door. */
const doors = new WeakMap<object, Map<string, LocationTable>>();
const current = new WeakMap<object, Usrloc>();

export class Usrloc {
  readonly settings: UsrlocSettings;
  readonly #services: Services;
  readonly #tables = new Map<string, LocationTable>();

  constructor(settings: UsrlocSettings, services: Services) {
    this.settings = settings;
    this.#services = services;
    current.set(services.bindings, this);
  }

  table(name: string): LocationTable {
    const known = this.#tables.get(name) ?? this.#former(name);
    const table = known ?? new LocationTable(this.#tableSettings(name), this.#services);
    this.#tables.set(name, table);
    return table;
  }

  /** Opens and fills the tables that were not open before. */
  async start(): Promise<void> {
    const open = doors.get(this.#services.bindings) ?? new Map<string, LocationTable>();
    doors.set(this.#services.bindings, open);
    for (const [name, table] of this.#tables) {
      if (open.get(name) === table) continue;
      if (table.settings.durable) await this.#load(table);
      open.set(name, table);
      table.run();
      this.#services.bindings.add(viewOf(table));
    }
  }

  async #load(table: LocationTable): Promise<void> {
    const { tables, clock, log } = this.#services;
    const { spec } = table.settings;
    const found = await tables.open('location', spec);
    await tables.loadBindings(spec, clock.now(), (rows) => table.load(rows));
    log.debug('location table opened', { table: table.name, layout: found.layout, contacts: table.size });
  }

  #former(name: string): LocationTable | undefined {
    const table = doors.get(this.#services.bindings)?.get(name);
    return table && isDeepStrictEqual(table.settings, this.#tableSettings(name)) ? table : undefined;
  }

  #tableSettings(name: string): TableSettings {
    const { specOf, durable, useDomain, caseSensitive, newestFirst } = this.settings;
    return { spec: specOf(name), durable, useDomain, caseSensitive, newestFirst };
  }
}

/** What usrloc has set up for this door; usrloc is loaded before whoever asks. */
export function usrlocOf(services: Services): Usrloc {
  const usrloc = current.get(services.bindings);
  if (usrloc === undefined) throw new Error('usrloc was not built before registrar');
  return usrloc;
}
