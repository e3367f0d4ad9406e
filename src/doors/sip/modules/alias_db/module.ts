/** alias_db: other names of users, looked up in a table at each call. */
import { RowLookup } from '../../../../core/ser/row-lookup.ts';
import type { RowCells, RowsSpec } from '../../../../core/ser/types.ts';
import { parseUri, unescapeUser } from '../../message/uri.ts';
import type { Run } from '../../run.ts';
import { addBranch } from '../../script/branch-set.ts';
import type { ParameterValues, SipModule } from '../../script/types.ts';
import type { Services } from '../../services.ts';
import { resumeWith } from '../resume-with.ts';
import { databaseOf, databaseUrl, flag, sqlName } from '../value-checks.ts';

/** Users of one alias; more than branches can be made of. */
const MOST_USERS = 12;

export const aliasDb: SipModule = {
  name: 'alias_db',
  describe: 'Puts the user in the place of an alias, by a table.',
  needs: [],
  parameters: [
    databaseUrl,
    { name: 'user_column', type: 'string', default: 'username', describe: 'Column with the user.', check: sqlName },
    {
      name: 'domain_column',
      type: 'string',
      default: 'domain',
      describe: "Column with the user's domain.",
      check: sqlName,
    },
    {
      name: 'alias_user_column',
      type: 'string',
      default: 'alias_username',
      describe: 'Column with the alias.',
      check: sqlName,
    },
    {
      name: 'alias_domain_column',
      type: 'string',
      default: 'alias_domain',
      describe: "Column with the alias's domain.",
      check: sqlName,
    },
    {
      name: 'use_domain',
      type: 'int',
      default: 0,
      describe: '1: the domain of the Request-URI must be the same too.',
      check: flag,
    },
    {
      name: 'domain_prefix',
      type: 'string',
      default: null,
      describe: 'Taken off the front of the domain before the look-up.',
    },
    {
      name: 'append_branches',
      type: 'int',
      default: 0,
      describe: '1: the further users of an alias become branches.',
      check: flag,
    },
  ],
  functions: [
    {
      name: 'alias_db_lookup',
      arity: [1],
      routes: ['request', 'failure'],
      flow: 'target',
      describe:
        'Looks the Request-URI up in the table, "dbaliases", and puts sip:user@domain in its place. -1: it is no alias, or the table cannot be asked. A row is trusted for 5 s.',
      checkArgument: (_index, text) => sqlName(text),
    },
  ],
  build(parameters, services) {
    const tables = new Map<string, Aliases>();
    return {
      functions: {
        alias_db_lookup(table) {
          const aliases = tables.get(table!) ?? new Aliases(table!, parameters, services);
          tables.set(table!, aliases);
          return (run) => aliases.resolve(run);
        },
      },
      async start() {
        for (const table of tables.values()) await table.open();
      },
    };
  },
};

class Aliases {
  readonly #services: Services;
  readonly #spec: RowsSpec;
  readonly #lookup: RowLookup;
  readonly #useDomain: boolean;
  readonly #prefix: string;
  readonly #appends: boolean;

  constructor(table: string, p: ParameterValues, services: Services) {
    const user = String(p.alias_user_column);
    const host = String(p.alias_domain_column);
    const columns = [String(p.user_column), String(p.domain_column)];
    const by = p.use_domain === 1 ? [user, host] : [user];
    const spec: RowsSpec = { database: databaseOf(p, services), table, kind: 'dbaliases', columns, keys: by };
    this.#services = services;
    this.#spec = spec;
    this.#lookup = new RowLookup({ tables: services.tables, clock: services.clock, spec, by, most: MOST_USERS });
    this.#useDomain = p.use_domain === 1;
    this.#prefix = String(p.domain_prefix ?? '').toLowerCase();
    this.#appends = p.append_branches === 1;
  }

  async open(): Promise<void> {
    await this.#services.tables.open('rows', this.#spec);
  }

  resolve(run: Run): number {
    const uri = run.requestUri;
    if (uri === undefined || uri.user === '') return -1;
    const user = unescapeUser(uri.user);
    const answer = this.#lookup.find(this.#useDomain ? [user, this.#withoutPrefix(uri.host)] : [user]);
    if (!(answer instanceof Promise)) return this.#replace(run, answer);
    const replace = (rows: readonly RowCells[]) => this.#replace(run, rows);
    return resumeWith(run, answer, this.#services.log, replace, () => -1);
  }

  #withoutPrefix(host: string): string {
    return this.#prefix !== '' && host.startsWith(this.#prefix) ? host.slice(this.#prefix.length) : host;
  }

  #replace(run: Run, rows: readonly RowCells[]): number {
    // What is no URI would go out in a start line.
    const uris = rows.map(([user, host]) => `sip:${user}@${host}`).filter((uri) => parseUri(uri) !== undefined);
    const [first, ...others] = uris;
    if (first === undefined) return -1;
    run.uri = first;
    if (this.#appends) {
      for (const uri of others) if (!addBranch(run, { uri, destination: undefined, path: undefined })) break;
    }
    return 1;
  }
}
