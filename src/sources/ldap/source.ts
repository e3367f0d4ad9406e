/**
 * Persons in a directory, as LinOTP's LDAPIdResolver finds them.
 *
 * A login that fits two entries is nobody's, with a word in the log. Referrals are not followed. A password is tried by a bind of its own,
 * after the entry was looked up anew: who does not fit the search filter any more is not let in.
 * Errors: RESOLVER_UNAVAILABLE with what the server said, RESOLVER_CONFIG of a filter that is none.
 */
import {
  AndFilter,
  type Client,
  EqualityFilter,
  FilterParser,
  InvalidDNSyntaxError,
  NoSuchObjectError,
  type SearchOptions,
} from 'ldapts';
import {
  attributesOf,
  type PersonRecord,
  type PersonSource,
  type RecordPage,
  resolverAway,
  type SourceTools,
} from '../../core/realms/source.ts';
import type { PersonFilter } from '../../core/realms/types.ts';
import { type LdapOptions, withTime, wrong } from './config.ts';
import { escapeFilterValue, filterPattern } from './escape.ts';
import { LdapLinks } from './links.ts';

const PAGE = 200;
type Entry = Awaited<ReturnType<Client['search']>>['searchEntries'][number];

export function ldapSource(options: LdapOptions, { name, log }: SourceTools): PersonSource {
  checkFilter('LDAPFILTER', options.loginFilter.replaceAll('%s', 'x'));
  checkFilter('LDAPSEARCHFILTER', options.searchFilter);
  const links = new LdapLinks(options);
  const { base, idType, attributes, loginAttribute } = options;
  const isGuid = idType.toLowerCase() === 'objectguid';
  const wanted: SearchOptions = {
    attributes: [...new Set([...Object.values(attributes), loginAttribute, ...(idType === 'dn' ? [] : [idType])])],
    explicitBufferAttributes: isGuid ? ['objectGUID', idType] : [],
  };
  if (!options.startTls && options.servers.some(({ isLdaps }) => !isLdaps))
    log.warn('passwords go to the directory in the clear: set EnforceTLS or use ldaps', { resolver: name });
  return {
    byLogin: (logins) => Promise.all(logins.map(byLogin)),
    byId: async (ids) => {
      const entries = await Promise.all(ids.map(entryOf));
      return entries.map((entry) => entry && record(entry));
    },
    search,
    checkPassword,
    close: () => links.close(),
  };

  async function byLogin(login: string): Promise<PersonRecord | null> {
    if (login === '') return null;
    const filter = withTime(options.loginFilter).replaceAll('%s', () => escapeFilterValue(login));
    const entries = await find(base, { ...wanted, scope: 'sub', filter, sizeLimit: 2 });
    if (entries.length === 2) log.warn('a login fits two entries and is taken for none', { resolver: name, login });
    return entries.length === 1 ? record(entries[0]!) : null;
  }

  async function entryOf(id: string): Promise<Entry | null> {
    if (id === '') return null;
    const filter = withTime(options.searchFilter);
    if (idType === 'dn') return (await find(id, { ...wanted, scope: 'base', filter, sizeLimit: 1 }))[0] ?? null;
    const value = isGuid ? guidBytes(id) : id;
    if (value === undefined) return null;
    const isThis = new EqualityFilter({ attribute: idType, value });
    const both = new AndFilter({ filters: [FilterParser.parseString(filter), isThis] });
    const entries = await find(base, { ...wanted, scope: 'sub', filter: both, sizeLimit: 2 });
    return entries.length === 1 ? entries[0]! : null;
  }

  async function search(filter: PersonFilter, limit: number): Promise<RecordPage> {
    const most = Math.min(limit, options.sizeLimit);
    const tests: string[] = [];
    for (const [attribute, pattern] of Object.entries(filter)) {
      const known = Object.hasOwn(attributes, attribute) ? attributes[attribute] : undefined;
      const column = known ?? { username: loginAttribute, userid: idType === 'dn' || isGuid ? '' : idType }[attribute];
      if (!column) return { records: [], more: false };
      tests.push(`(${column}=${filterPattern(pattern)})`);
    }
    const question: SearchOptions = {
      ...wanted,
      scope: 'sub',
      filter: `(&${withTime(options.searchFilter)}${tests.join('')})`,
      sizeLimit: most + 1,
      paged: { pageSize: PAGE },
    };
    const entries = await asking(async (client) => {
      const found: Entry[] = [];
      for await (const { searchEntries } of client.searchPaginated(base, question)) {
        found.push(...searchEntries);
        if (found.length > most) break;
      }
      return found;
    });
    const records = entries.map(record).filter((one) => one !== null);
    return { records: records.slice(0, most), more: records.length > most };
  }

  async function checkPassword(id: string, password: string): Promise<boolean> {
    const entry = await entryOf(id);
    if (!entry) return false;
    try {
      return await links.proves(entry.dn, password);
    } catch (error) {
      throw away(error);
    }
  }

  async function find(where: string, question: SearchOptions): Promise<Entry[]> {
    return asking(async (client) => (await client.search(where, question)).searchEntries);
  }

  async function asking(work: (client: Client) => Promise<Entry[]>): Promise<Entry[]> {
    try {
      return await links.ask(work);
    } catch (error) {
      // Of a person that is gone, or an id that is none; a base that is wrong finds nobody either.
      if (error instanceof NoSuchObjectError || error instanceof InvalidDNSyntaxError) return [];
      throw away(error);
    }
  }

  function away(error: unknown): Error {
    const why = error instanceof Error ? error.message || error.name : String(error);
    return resolverAway(name, why.replaceAll(/\s+/g, ' ').slice(0, 300), error);
  }

  function record(entry: Entry): PersonRecord | null {
    const values = new Map(Object.entries(entry).map(([key, value]) => [key.toLowerCase(), first(value)]));
    const id = idType === 'dn' ? entry.dn : values.get(idType.toLowerCase());
    const login = values.get(loginAttribute.toLowerCase());
    if (!id || !login) return null;
    const fields = Object.entries(attributes).map(([key, column]) => [key, values.get(column.toLowerCase())]);
    return { id, login, attributes: attributesOf({ ...Object.fromEntries(fields), userid: id, username: login }) };
  }
}

function checkFilter(where: 'LDAPFILTER' | 'LDAPSEARCHFILTER', filter: string): void {
  try {
    FilterParser.parseString(withTime(filter));
    // The parser is content with less.
    if (filter.split('(').length !== filter.split(')').length) throw new Error('a parenthesis is not closed');
  } catch (cause) {
    throw wrong(where, `is no filter: ${(cause as Error).message}`);
  }
}

function first(value: Entry[string] | undefined): string | undefined {
  const [one] = Array.isArray(value) ? value : [value];
  return Buffer.isBuffer(one) ? one.toString('hex') : one?.trim();
}

function guidBytes(id: string): Buffer | undefined {
  return /^[0-9a-f]{32}$/i.test(id) ? Buffer.from(id, 'hex') : undefined;
}
