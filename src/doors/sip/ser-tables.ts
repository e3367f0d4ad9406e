/**
 * The SER tables as a loaded script means them, for administration: where its users and contacts lie, and under which column
 * names. Reads nothing and opens nothing.
 */
import type { LocationSpec, SubscriberSpec, UriSpec } from '../../core/ser/types.ts';
import { usrlocSpec } from './modules/usrloc/parameters.ts';
import type { LoadedScript } from './script/load.ts';

export interface ScriptTables {
  /** Undefined: the script authenticates nobody against a table. */
  readonly subscriber: SubscriberSpec | undefined;
  readonly uri: UriSpec | undefined;
  /** Undefined: the script names no such table of contacts. */
  contacts(table: string): { spec: LocationSpec; useDomain: boolean } | undefined;
}

/** Functions whose first argument names a table of contacts. */
const CONTACT_FUNCTIONS = ['save', 'lookup', 'registered'];

export function scriptTables(script: LoadedScript, database: (url: string) => string): ScriptTables {
  const { uses } = script;
  return { subscriber: subscriber(), uri: uri(), contacts };

  function subscriber(): SubscriberSpec | undefined {
    const p = uses.parametersOf('auth_db');
    const table = [...uses.argumentsOf('www_authorize'), ...uses.argumentsOf('proxy_authorize')][0]?.[1];
    if (p === undefined || table === undefined) return undefined;
    return {
      database: database(String(p.db_url ?? '')),
      table,
      userColumn: String(p.user_column),
      domainColumn: String(p.domain_column),
      passwordColumn: String(p.password_column),
      passwordColumn2: String(p.password_column_2),
      columns: [],
    };
  }

  function uri(): UriSpec | undefined {
    const p = uses.parametersOf('uri_db');
    if (p === undefined) return undefined;
    return {
      database: database(String(p.db_url ?? '')),
      table: String(p.uri_table),
      userColumn: String(p.uri_user_column),
      domainColumn: String(p.uri_domain_column),
      uriUserColumn: String(p.uri_uriuser_column),
    };
  }

  function contacts(table: string): { spec: LocationSpec; useDomain: boolean } | undefined {
    const p = uses.parametersOf('usrloc');
    const named = CONTACT_FUNCTIONS.some((name) => uses.argumentsOf(name).some(([first]) => first === table));
    if (p === undefined || !named) return undefined;
    return { spec: usrlocSpec(p, table, database), useDomain: p.use_domain === 1 };
  }
}
