/** Members of groups, by the rows of one table. What cannot be asked is no member. */
import { RowLookup } from '../../../../core/ser/row-lookup.ts';
import type { RowCells, RowsSpec } from '../../../../core/ser/types.ts';
import type { Call } from '../../script/types.ts';
import type { Services } from '../../services.ts';
import type { FindUser } from '../named-user.ts';
import { resumeWith } from '../resume-with.ts';

export class Members {
  readonly #services: Services;
  readonly #spec: RowsSpec;
  readonly #useDomain: boolean;
  readonly #lookup: RowLookup;

  /** The columns are user, domain and group. */
  constructor(services: Services, spec: RowsSpec, useDomain: boolean) {
    const [user, domain, name] = spec.columns as [string, string, string];
    const by = useDomain ? [user, name, domain] : [user, name];
    this.#services = services;
    this.#spec = spec;
    this.#useDomain = useDomain;
    this.#lookup = new RowLookup({ tables: services.tables, clock: services.clock, spec, by, most: 1 });
  }

  async open(): Promise<void> {
    await this.#services.tables.open('rows', this.#spec);
  }

  check(find: FindUser, name: string): Call {
    return (run) => {
      const found = find(run);
      if (found === undefined) return -1;
      const answer = this.#lookup.find(this.#useDomain ? [found.user, name, found.domain] : [found.user, name]);
      return answer instanceof Promise
        ? resumeWith(run, answer, this.#services.log, isThere, unknown)
        : isThere(answer);
    };
  }
}

function isThere(rows: readonly RowCells[]): number {
  return rows.length > 0 ? 1 : -1;
}

function unknown(): number {
  return -1;
}
