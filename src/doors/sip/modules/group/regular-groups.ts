/** Groups by regular expression: each row has one, matched against `sip:user@domain`, and the number of its group. */
import { TableMirror } from '../../../../core/ser/table-mirror.ts';
import type { RowCells, RowsSpec } from '../../../../core/ser/types.ts';
import { Pattern, PatternError } from '../../script/pattern.ts';
import type { Call } from '../../script/types.ts';
import type { Variable } from '../../script/values/types.ts';
import type { Services } from '../../services.ts';
import type { FindUser } from '../named-user.ts';

const MOST_ROWS = 1_000;

interface Group {
  readonly pattern: Pattern;
  readonly id: number;
}

export class RegularGroups {
  readonly #services: Services;
  readonly #mirror: TableMirror<readonly Group[]>;
  readonly #all: boolean;

  /** The columns are expression and number. */
  constructor(services: Services, spec: RowsSpec, all: boolean) {
    const build = (rows: readonly RowCells[]) => this.#groups(rows);
    this.#services = services;
    this.#mirror = new TableMirror({ ...services, spec, most: MOST_ROWS, byClock: true, trustMs: Infinity, build });
    this.#all = all;
  }

  open(): Promise<void> {
    return this.#mirror.open();
  }

  find(find: FindUser, avp: Variable): Call {
    return (run) => {
      const found = find(run);
      if (found === undefined) return -1;
      const uri = `sip:${found.user}@${found.domain}`;
      let result = -1;
      for (const { pattern, id } of this.#mirror.value ?? []) {
        if (!pattern.test(uri)) continue;
        if (avp.write?.(run, id, true) !== true) return -1;
        result = 1;
        if (!this.#all) break;
      }
      return result;
    };
  }

  #groups(rows: readonly RowCells[]): Group[] {
    const groups: Group[] = [];
    for (const [expression, id] of rows) {
      try {
        groups.push({ pattern: new Pattern(String(expression)), id: Number(id) });
      } catch (error) {
        if (!(error instanceof PatternError)) throw error;
        this.#services.log.warn('a regular expression of a group cannot be read', { expression, why: error.message });
      }
    }
    return groups;
  }
}
