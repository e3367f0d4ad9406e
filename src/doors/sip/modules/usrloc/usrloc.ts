/**
 * The tables of contacts that a script uses, shared by usrloc, which opens them, and registrar, which works on them. A table that
 * was opened once lasts as long as the door: another edition of the script finds it as it is.
 */
import type { LocationSpec } from '../../../../core/ser/types.ts';
import type { Services } from '../../services.ts';
import { Lasting } from '../lasting.ts';
import { SharedRows } from './shared-rows.ts';
import { LocationTable, type TableSettings } from './table.ts';
import { viewOf } from './view.ts';

export interface UsrlocSettings extends Omit<TableSettings, 'spec'> {
  specOf(table: string): LocationSpec;
  /** How often the memory of tables that others write too is compared with their rows. */
  readonly listIntervalMs: number;
  /** Seconds within which an equal CSeq counts as a retransmission. */
  readonly cseqDelay: number;
  /** The branch flag of telephones behind a NAT, as a bit; 0 = none. */
  readonly natBranchFlag: number;
}

const opened = new Lasting(() => new Map<string, LocationTable>());
/** By the services, of which each edition has its own. */
const ofEdition = new WeakMap<Services, Usrloc>();

export class Usrloc {
  readonly settings: UsrlocSettings;
  readonly #services: Services;
  readonly #tables = new Map<string, LocationTable>();

  constructor(settings: UsrlocSettings, services: Services) {
    this.settings = settings;
    this.#services = services;
    ofEdition.set(services, this);
  }

  table(name: string): LocationTable {
    const known = this.#tables.get(name) ?? opened.of(this.#services).get(name);
    const table = known ?? new LocationTable(this.#tableSettings(name), this.#services);
    this.#tables.set(name, table);
    return table;
  }

  /** All that the script names. */
  get tables(): Iterable<LocationTable> {
    return this.#tables.values();
  }

  /** Fills the tables that are new. */
  async start(): Promise<void> {
    for (const table of this.#new()) if (table.settings.durable) await this.#load(table);
  }

  serve(): void {
    const open = opened.of(this.#services);
    for (const table of this.#new()) {
      open.set(table.name, table);
      table.run();
      if (table.settings.readThrough) this.#shared(table).run();
      this.#services.bindings.add(viewOf(table));
    }
  }

  #new(): LocationTable[] {
    const open = opened.of(this.#services);
    return [...this.#tables.values()].filter((table) => !open.has(table.name));
  }

  async #load(table: LocationTable): Promise<void> {
    const { tables, clock, log } = this.#services;
    const { spec } = table.settings;
    const found = await tables.open('location', spec);
    if (table.settings.readThrough) await this.#shared(table).list();
    else await tables.loadBindings(spec, clock.now(), (rows) => table.load(rows));
    log.debug('location table opened', { table: table.name, layout: found.layout, contacts: table.size });
  }

  #shared(table: LocationTable): SharedRows {
    return new SharedRows(table, this.settings.listIntervalMs);
  }

  #tableSettings(name: string): TableSettings {
    const { specOf, durable, readThrough, useDomain, caseSensitive, newestFirst } = this.settings;
    return { spec: specOf(name), durable, readThrough, useDomain, caseSensitive, newestFirst };
  }
}

/** What usrloc has set up for this edition; usrloc is loaded before whoever asks. */
export function usrlocOf(services: Services): Usrloc {
  const usrloc = ofEdition.get(services);
  if (usrloc === undefined) throw new Error('usrloc was not built before registrar');
  return usrloc;
}
