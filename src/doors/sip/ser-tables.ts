/**
 * The SER tables as a loaded script means them, for administration: where its users and contacts lie, and under which column
 * names. Reads nothing and opens nothing.
 */
import { LIST_MODULES, type SerList } from '../../core/admin/types.ts';
import type { LocationSpec, RowsKind, RowsSpec, SubscriberSpec, UriSpec } from '../../core/ser/types.ts';
import { membersSpec } from './modules/group/module.ts';
import { addressSpec, trustedSpec } from './modules/permissions/parameters.ts';
import { usrlocSpec } from './modules/usrloc/parameters.ts';
import type { LoadedScript } from './script/load.ts';

export interface ScriptTables {
  /** Undefined: the script authenticates nobody against a table. */
  readonly subscriber: SubscriberSpec | undefined;
  /** How the script reads it. */
  readonly reading: { readonly useDomain: boolean; readonly calculateHa1: boolean };
  readonly uri: UriSpec | undefined;
  /** Undefined: the script names no such table of contacts. */
  contacts(table: string): { spec: LocationSpec; useDomain: boolean } | undefined;
  /** Undefined: the script loads no module that reads it. Columns stand in the order of SER_LISTS. */
  rows(list: SerList): RowsSpec | undefined;
}

/** Functions whose first argument names a table of contacts. */
const CONTACT_FUNCTIONS = ['save', 'lookup', 'registered'];

export function scriptTables(script: LoadedScript, database: (url: string) => string): ScriptTables {
  const { uses } = script;
  return { subscriber: subscriber(), reading: reading(), uri: uri(), contacts, rows };

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

  function reading(): ScriptTables['reading'] {
    const p = uses.parametersOf('auth_db');
    return { useDomain: p?.use_domain === 1, calculateHa1: p?.calculate_ha1 === 1 };
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

  function rows(list: SerList): RowsSpec | undefined {
    const p = uses.parametersOf(LIST_MODULES[list]);
    if (p === undefined) return undefined;
    const own = list === 'avp' && p.avp_url ? p.avp_url : p.db_url;
    const there = database(String(own ?? ''));
    const columns = (...names: string[]) => names.map((name) => String(p[name]));
    switch (list) {
      case 'acl':
        return membersSpec(p, there);
      case 'trusted':
        return trustedSpec(p, there);
      case 'address':
        return addressSpec(p, there);
      case 'domain':
        return small('domain', there, String(p.domain_table), columns('domain_col'));
      case 'alias_db': {
        const table = uses.argumentsOf('alias_db_lookup')[0]?.[0] ?? 'dbaliases';
        const both = columns('user_column', 'domain_column', 'alias_user_column', 'alias_domain_column');
        return small('dbaliases', there, table, both);
      }
      case 'avp': {
        const names = ['uuid', 'username', 'domain', 'attribute', 'type', 'value'].map((name) => `${name}_column`);
        return small('usr_preferences', there, String(p.avp_table), columns(...names));
      }
    }
  }
}

function small(kind: RowsKind, database: string, table: string, columns: string[]): RowsSpec {
  return { kind, database, table, columns, keys: [] };
}
