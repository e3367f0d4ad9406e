/** The script's functions that check credentials against a table of users. */
import type { SipModule, TextFunctionBody } from '../../script/types.ts';
import { examine } from '../auth/examine.ts';
import { type HeaderPair, PROXY, WWW } from '../auth/header-pair.ts';
import { knock } from '../auth/knock.ts';
import { checkRealm } from '../auth/module.ts';
import { authSettings } from '../auth/settings.ts';
import { flag, sqlName } from '../value-checks.ts';
import { checkLoadCredentials } from './load-credentials.ts';
import { UserTable } from './user-table.ts';

const results =
  '1: proven. -1: unknown user, -2: wrong password, -3: nonce expired or not ours, -4: no credentials for the realm, -5: no answer could be sent.';

export const authDb: SipModule = {
  name: 'auth_db',
  describe: 'Checks digest credentials against a table of users.',
  needs: ['auth'],
  parameters: [
    {
      name: 'db_url',
      type: 'string',
      default: null,
      secret: true,
      describe: "Database with the table; unset: Gatehouse's own.",
    },
    {
      name: 'user_column',
      type: 'string',
      default: 'username',
      describe: 'Column with the user name.',
      check: sqlName,
    },
    { name: 'domain_column', type: 'string', default: 'domain', describe: 'Column with the domain.', check: sqlName },
    {
      name: 'password_column',
      type: 'string',
      default: 'ha1',
      describe: 'Column with HA1, or with the clear password if calculate_ha1 is 1.',
      check: sqlName,
    },
    {
      name: 'password_column_2',
      type: 'string',
      default: 'ha1b',
      describe: 'Column with HA1 for telephones that send user@domain as user name; only if calculate_ha1 is 0.',
      check: sqlName,
    },
    {
      name: 'calculate_ha1',
      type: 'int',
      default: 0,
      describe: '1: password_column holds clear passwords. Tables of our own hold neither, whatever stands here.',
      check: flag,
    },
    {
      name: 'use_domain',
      type: 'int',
      default: 0,
      describe: '1: users are looked up by name and realm; 0: by name alone.',
      check: flag,
    },
    {
      name: 'load_credentials',
      type: 'string',
      default: null,
      describe:
        'More columns to read with each user, into AVPs of their names or those given: [$avp(name)=]column, separated by semicolons. Unset: rpid, where the table has it.',
      check: (value) => checkLoadCredentials(String(value)),
    },
  ],
  functions: [
    {
      name: 'www_authorize',
      arity: [2],
      routes: ['request'],
      flow: 'sender',
      describe: `Checks the Authorization header: realm ("" = from the request) and table. ${results}`,
      takesVariables: [0],
      checkArgument,
    },
    {
      name: 'proxy_authorize',
      arity: [2],
      routes: ['request'],
      flow: 'sender',
      describe: `Checks the Proxy-Authorization header: realm ("" = the domain of From) and table. ${results}`,
      takesVariables: [0],
      checkArgument,
    },
  ],
  build(parameters, services, uses) {
    const settings = authSettings(uses.parametersOf('auth')!, services); // `needs` has it loaded
    const tables = new Map<string, UserTable>();
    for (const name of ['www_authorize', 'proxy_authorize']) {
      for (const [, table] of uses.argumentsOf(name)) if (table !== undefined) tableOf(table);
    }
    return {
      functions: {},
      texts: { www_authorize: authorizing(WWW), proxy_authorize: authorizing(PROXY) },
      async start() {
        for (const table of tables.values()) await table.open();
      },
    };

    function authorizing(pair: HeaderPair): TextFunctionBody {
      return (realm, tableName) => {
        const table = tableOf(tableName!.constant!);
        return (run) => {
          const found = examine(run, pair, realm!.read(run), settings, services.clock.now());
          return typeof found === 'number' ? found : knock(run, found, table, services.gate, services.log);
        };
      };
    }

    function tableOf(name: string): UserTable {
      const table = tables.get(name) ?? new UserTable(name, parameters, services);
      tables.set(name, table);
      return table;
    }
  },
};

function checkArgument(index: number, text: string): string | undefined {
  return index === 0 ? checkRealm(text) : sqlName(text);
}
