/** The script's functions that compare URIs with users. */
import type { SubscriberSpec, UriSpec } from '../../../../core/ser/types.ts';
import type { ParameterValues, SipModule } from '../../script/types.ts';
import type { Services } from '../../services.ts';
import { flag, sqlName } from '../value-checks.ts';
import { type Directory, uriExists, uriRows, users } from './uri-exists.ts';
import { UserCheck } from './user-check.ts';

const checked = '-2: nobody has authenticated before, -9 or -10: it is somebody else’s, -8: the table cannot be asked.';

export const uriDb: SipModule = {
  name: 'uri_db',
  describe: 'Compares To, From and Request-URI with the users there are.',
  needs: [],
  parameters: [
    {
      name: 'db_url',
      type: 'string',
      default: null,
      secret: true,
      describe: "Database with the tables; unset: Gatehouse's own.",
    },
    {
      name: 'uri_table',
      type: 'string',
      default: 'uri',
      describe: 'Table of who may use which user part.',
      check: sqlName,
    },
    {
      name: 'uri_user_column',
      type: 'string',
      default: 'username',
      describe: 'Its column with the user.',
      check: sqlName,
    },
    {
      name: 'uri_domain_column',
      type: 'string',
      default: 'domain',
      describe: 'Its column with the domain.',
      check: sqlName,
    },
    {
      name: 'uri_uriuser_column',
      type: 'string',
      default: 'uri_user',
      describe: 'Its column with the user part.',
      check: sqlName,
    },
    { name: 'subscriber_table', type: 'string', default: 'subscriber', describe: 'Table of users.', check: sqlName },
    {
      name: 'subscriber_user_column',
      type: 'string',
      default: 'username',
      describe: 'Its column with the user.',
      check: sqlName,
    },
    {
      name: 'subscriber_domain_column',
      type: 'string',
      default: 'domain',
      describe: 'Its column with the domain.',
      check: sqlName,
    },
    {
      name: 'use_uri_table',
      type: 'int',
      default: 0,
      describe: '1: the uri table decides; 0: user parts are compared, and users looked up in the table of users.',
      check: flag,
    },
    {
      name: 'use_domain',
      type: 'int',
      default: 0,
      describe: '1: does_uri_exist compares the domain too.',
      check: flag,
    },
  ],
  functions: [
    {
      name: 'check_to',
      arity: [0],
      routes: ['request'],
      describe: `Does the To URI belong to the user who has authenticated? ${checked}`,
    },
    {
      name: 'check_from',
      arity: [0],
      routes: ['request'],
      describe: `Does the From URI belong to the user who has authenticated? ${checked}`,
    },
    {
      name: 'does_uri_exist',
      arity: [0],
      routes: ['request'],
      describe: 'Does the Request-URI name a user of ours? -5: it does not, -4: the table cannot be asked.',
    },
  ],
  build(parameters, services, uses) {
    const useTable = parameters.use_uri_table === 1;
    const useDomain = parameters.use_domain === 1;
    const database = parameters.db_url === null ? 'main' : services.database(String(parameters.db_url));
    const rows = uriSpec(parameters, database);
    const check = new UserCheck(services, useTable ? rows : undefined);
    const asksExistence = uses.argumentsOf('does_uri_exist').length > 0;
    const asks = asksExistence || uses.argumentsOf('check_to').length > 0 || uses.argumentsOf('check_from').length > 0;
    let directory: Directory = uriRows(services, rows);
    return {
      functions: {
        check_to: () => (run) => check.check(run, run.message.to, run.message.toUri),
        check_from: () => (run) => check.check(run, run.message.from, run.message.fromUri),
        does_uri_exist: () => (run) => uriExists(run, directory, useDomain),
      },
      async start() {
        if (useTable && asks) await services.tables.open('uri', rows);
        if (!useTable && asksExistence) directory = await subscribers(parameters, services, database, useDomain);
      },
    };
  },
};

function uriSpec(p: ParameterValues, database: string): UriSpec {
  return {
    database,
    table: String(p.uri_table),
    userColumn: String(p.uri_user_column),
    domainColumn: String(p.uri_domain_column),
    uriUserColumn: String(p.uri_uriuser_column),
  };
}

async function subscribers(
  p: ParameterValues,
  services: Services,
  database: string,
  useDomain: boolean,
): Promise<Directory> {
  const spec: SubscriberSpec = {
    database,
    table: String(p.subscriber_table),
    userColumn: String(p.subscriber_user_column),
    domainColumn: String(p.subscriber_domain_column),
    passwordColumn: 'ha1', // never looked at here, and there in every layout
    passwordColumn2: 'ha1b',
    columns: [],
  };
  return users(services, await services.userSource(spec, { useDomain, calculateHa1: false }));
}
