/** domain: is this one of the domains that we serve? */
import { TableMirror } from '../../../../core/ser/table-mirror.ts';
import type { RowCells, RowsSpec } from '../../../../core/ser/types.ts';
import type { Run } from '../../run.ts';
import type { Call, SipModule } from '../../script/types.ts';
import { databaseOf, databaseUrl, flag, isVariable, sqlName } from '../value-checks.ts';

const MOST_DOMAINS = 100_000;

export const domain: SipModule = {
  name: 'domain',
  describe: 'Knows the domains that are served, by a table.',
  needs: [],
  parameters: [
    databaseUrl,
    {
      name: 'db_mode',
      type: 'int',
      default: 0,
      describe: '0: changes of the table are seen after 5 s or a little later; 1: after domain_reload or SIGHUP.',
      check: flag,
    },
    { name: 'domain_table', type: 'string', default: 'domain', describe: 'Table of domains.', check: sqlName },
    { name: 'domain_col', type: 'string', default: 'domain', describe: 'Its column with the domain.', check: sqlName },
  ],
  functions: [
    {
      name: 'is_from_local',
      arity: [0],
      routes: ['request', 'failure', 'branch'],
      describe: 'Is the domain of From in the table?',
    },
    {
      name: 'is_uri_host_local',
      arity: [0],
      routes: ['request', 'failure', 'branch'],
      flow: 'target',
      describe: 'Is the domain of the Request-URI, in a branch route that of the branch, in the table?',
    },
    {
      name: 'is_domain_local',
      arity: [1],
      routes: ['request', 'failure', 'branch'],
      describe: 'Is the domain that the variable holds in the table?',
      ownSyntax: [0],
      checkArgument: (_index, text) => (isVariable(text) ? undefined : `must be a variable, but is "${text}"`),
    },
  ],
  absent: { lookup_domain: 'write is_domain_local("$rd") or is_domain_local("$fd")' },
  build(parameters, services, uses) {
    const spec: RowsSpec = {
      database: databaseOf(parameters, services),
      table: String(parameters.domain_table),
      kind: 'domain',
      columns: [String(parameters.domain_col)],
      keys: [],
    };
    const byClock = parameters.db_mode === 0;
    const options = { spec, most: MOST_DOMAINS, byClock, trustMs: Number.POSITIVE_INFINITY, build: namesOf };
    const domains = new TableMirror({ ...services, ...options });
    const asking =
      (host: (run: Run) => string | undefined): Call =>
      (run) =>
        isLocal(domains, host(run));
    return {
      functions: {
        is_from_local: () => asking((run) => run.message.fromUri?.host),
        is_uri_host_local: () => asking(requestHost),
        is_domain_local(text) {
          const variable = uses.variable(text!)!;
          return asking((run) => variable.read(run)?.toString().toLowerCase());
        },
      },
      commands: {
        domain_reload: () => domains.reload().then(() => []),
        domain_dump: () => [...(domains.value ?? [])].sort(),
      },
      start: () => domains.open(),
    };
  },
};

function namesOf(rows: readonly RowCells[]): ReadonlySet<string> {
  return new Set(rows.map(([name]) => String(name).toLowerCase()));
}

function isLocal(domains: TableMirror<ReadonlySet<string>>, host: string | undefined): number {
  return host !== undefined && domains.value?.has(host) ? 1 : -1;
}

function requestHost(run: Run): string | undefined {
  return run.requestUri?.host;
}
