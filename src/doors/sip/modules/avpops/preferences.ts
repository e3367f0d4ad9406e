/**
 * AVPs in a table of users' preferences: loaded, stored, deleted.
 *
 * A row belongs to a user by uuid, or by name and domain. Its type says what name and value are: bit 0 a value that is a number,
 * bit 1 a name that is a number. Stores and deletes wait until they are durable.
 */
import { commit } from '../../../../core/journal/commit.ts';
import type { Change } from '../../../../core/journal/types.ts';
import { RowLookup } from '../../../../core/ser/row-lookup.ts';
import type { RowCells, RowsMatch, RowsSpec } from '../../../../core/ser/types.ts';
import type { Run } from '../../run.ts';
import type { Call, ParameterValues, ScriptUses } from '../../script/types.ts';
import type { AvpName } from '../../script/values/avps.ts';
import type { Services } from '../../services.ts';
import { resumeWith } from '../resume-with.ts';
import { isVariable } from '../value-checks.ts';
import { cutFlags, partOf, valueReader } from './arguments.ts';
import { push } from './memory.ts';

const MOST_ROWS = 512;
const VALUE_IS_NUMBER = 1;
const NAME_IS_NUMBER = 2;

/** Columns and values of a user's rows; undefined: there is no such user. */
type Owner = (run: Run) => RowsMatch | undefined;

export class Preferences {
  readonly #parameters: ParameterValues;
  readonly #services: Services;
  readonly #database: string;
  readonly #tables = new Map<string, RowsSpec>();
  readonly #lookups: RowLookup[] = [];

  constructor(parameters: ParameterValues, database: string, services: Services) {
    this.#parameters = parameters;
    this.#database = database;
    this.#services = services;
  }

  async open(): Promise<void> {
    for (const spec of this.#tables.values()) await this.#services.tables.open('rows', spec);
  }

  load(source: string, text: string, uses: ScriptUses): Call {
    const { owner, columns } = this.#owner(source, uses);
    const [name, spec] = this.#which(text);
    const wanted = uses.avpName(name);
    const by = wanted === undefined ? columns : [...columns, this.#column('attribute')];
    const { tables, clock, log } = this.#services;
    const lookup = new RowLookup({ tables, clock, spec, by, most: MOST_ROWS });
    this.#lookups.push(lookup);
    const kind = name.toLowerCase();
    const take = (run: Run, rows: readonly RowCells[]) => (pushRows(run, rows, wanted, kind) ? 1 : -1);
    return (run) => {
      const match = owner(run);
      if (match === undefined) return -1;
      const values = match.map(([, value]) => value);
      if (wanted !== undefined) values.push(wanted.slice(2));
      const answer = lookup.find(values);
      if (!(answer instanceof Promise)) return take(run, answer);
      return resumeWith(
        run,
        answer,
        log,
        (rows) => take(run, rows),
        () => -1,
      );
    };
  }

  store(source: string, text: string, uses: ScriptUses): Call {
    const { owner } = this.#owner(source, uses);
    const [name, spec] = this.#which(text);
    const wanted = uses.avpName(name);
    const kind = name.toLowerCase();
    return (run) => {
      const match = owner(run);
      const pairs = [...(run.avps?.entries() ?? [])].filter(([avp]) => isWanted(avp, wanted, kind));
      if (match === undefined || pairs.length === 0) return -1;
      // The last one added comes first, and is loaded last again.
      return this.#commit(
        run,
        pairs
          .reverse()
          .map(([avp, value]) => ({ kind: 'insert-row', table: spec, values: this.#row(match, avp, value) })),
      );
    };
  }

  delete(source: string, text: string, uses: ScriptUses): Call {
    const { owner } = this.#owner(source, uses);
    const [name, table] = this.#which(text);
    const wanted = uses.avpName(name);
    const types = wanted !== undefined || /^a/i.test(name) ? [''] : /^i/i.test(name) ? ['2', '3'] : ['0', '1'];
    return (run) => {
      const match = owner(run);
      if (match === undefined) return -1;
      const named = wanted === undefined ? match : [...match, [this.#column('attribute'), wanted.slice(2)] as const];
      return this.#commit(
        run,
        types.map((type) => {
          const where = type === '' ? named : [...named, [this.#column('type'), type] as const];
          return { kind: 'delete-rows', table, where };
        }),
      );
    };
  }

  #commit(run: Run, unit: readonly Change[]): number {
    return resumeWith(
      run,
      commit(this.#services.journal, unit),
      this.#services.log,
      () => {
        for (const lookup of this.#lookups) lookup.forget();
        return 1;
      },
      () => -1,
    );
  }

  #row(match: RowsMatch, avp: AvpName, value: string | number): RowCells {
    const of = new Map(match);
    const type = (typeof value === 'number' ? VALUE_IS_NUMBER : 0) | (avp.startsWith('i') ? NAME_IS_NUMBER : 0);
    const user = ['uuid', 'username', 'domain'].map((name) => of.get(this.#column(name)) ?? '');
    return [avp.slice(2), String(value), type, ...user];
  }

  /** Name or kind of the AVPs, and the table. */
  #which(text: string): [name: string, spec: RowsSpec] {
    const [name, given] = cutFlags(text);
    const table = given || String(this.#parameters.avp_table);
    const columns = ['attribute', 'value', 'type', 'uuid', 'username', 'domain'].map((one) => this.#column(one));
    const known = this.#tables.get(table);
    const spec: RowsSpec = known ?? { database: this.#database, table, kind: 'usr_preferences', columns, keys: [] };
    this.#tables.set(table, spec);
    return [name, spec];
  }

  #owner(source: string, uses: ScriptUses): { owner: Owner; columns: string[] } {
    const [name, flag] = cutFlags(source);
    const isUri = /^\$(\(?)(ru|fu|tu|ou|ruri|from|to|ouri)\)?$/.test(name);
    const how = flag.toLowerCase() || (isUri ? 'uri' : 'uuid');
    const read = valueReader(name, uses);
    const [uuid, username, domain] = ['uuid', 'username', 'domain'].map((one) => this.#column(one)) as [
      string,
      string,
      string,
    ];
    const value = (run: Run) => read(run)?.toString() || undefined;
    const part = (run: Run, which: string) => partOf(value(run), which) ?? (isVariable(name) ? undefined : value(run));
    const of = (column: string, text: string | undefined): RowsMatch | undefined =>
      text === undefined ? undefined : [[column, text]];
    switch (how) {
      case 'uri':
      case 'username': {
        const withDomain = how === 'uri' && this.#parameters.use_domain === 1;
        if (!withDomain) return { columns: [username], owner: (run) => of(username, part(run, 'username')) };
        return {
          columns: [username, domain],
          owner(run) {
            const user = part(run, 'username');
            const host = part(run, 'domain');
            return user === undefined || host === undefined
              ? undefined
              : [
                  [username, user],
                  [domain, host],
                ];
          },
        };
      }
      case 'domain':
        return { columns: [domain], owner: (run) => of(domain, part(run, 'domain')) };
      default:
        return { columns: [uuid], owner: (run) => of(uuid, value(run)) };
    }
  }

  #column(name: string): string {
    return String(this.#parameters[`${name}_column`]);
  }
}

/** True: there was one. A number that is none and a value of another kind are left out. */
function pushRows(run: Run, rows: readonly RowCells[], wanted: AvpName | undefined, kind: string): boolean {
  let done = false;
  for (const [attribute, value, typeText] of rows) {
    const type = Number(typeText);
    const name = `${type & NAME_IS_NUMBER ? 'i' : 's'}:${attribute}`;
    if (!isWanted(name, wanted, kind)) continue;
    const isNumber = (type & VALUE_IS_NUMBER) !== 0;
    const number = Number.parseInt(String(value), 10);
    if (isNumber && Number.isNaN(number)) continue;
    if (push(run, name, isNumber ? number : String(value ?? ''))) done = true;
  }
  return done;
}

function isWanted(name: AvpName, wanted: AvpName | undefined, kind: string): boolean {
  return wanted === undefined ? kind.startsWith('a') || name[0] === kind[0] : name === wanted;
}
