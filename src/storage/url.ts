/**
 * Addresses of databases: `sqlite:PATH`, `mysql://user:password@host[:port][,host[:port]…]/database[?socket=PATH]`,
 * `postgres://user:password@host[:port][,host[:port]…]/database[?host=DIRECTORY&sslmode=…&sslrootcert=FILE]`.
 *
 * `localhost` without a port means the unix socket where there is one, as for MySQL's own clients; `127.0.0.1` means TCP.
 * PostgreSQL's socket often takes only users of the same name (peer), so there TCP is tried after it.
 * Errors: BAD_DATABASE_URL. No message and no label ever holds the password.
 */
import { statSync } from 'node:fs';
import { GatehouseError } from '../platform/errors.ts';

export type DatabaseAddress = SqliteAddress | MysqlAddress | PostgresAddress;

export interface SqliteAddress {
  readonly dialect: 'sqlite';
  readonly path: string;
}

/** One server, as it is reached. */
export interface Place {
  readonly host: string;
  readonly port: number;
  /** Absolute path, or undefined for TCP. MySQL: of the socket; PostgreSQL: of its directory. */
  readonly socket: string | undefined;
}

interface ServerAddress {
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** In the order in which they are tried; one at least. */
  readonly places: readonly Place[];
}

export interface MysqlAddress extends ServerAddress {
  readonly dialect: 'mysql';
}

export interface PostgresAddress extends ServerAddress {
  readonly dialect: 'postgres';
  readonly sslmode: SslMode;
  /** File of the authorities that sign the server's certificate; undefined: those that Node knows. */
  readonly sslrootcert: string | undefined;
}

const SSL_MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof SSL_MODES)[number];

/** Debian, Red Hat, the source's default. */
const MYSQL_SOCKETS = ['/run/mysqld/mysqld.sock', '/var/lib/mysql/mysql.sock', '/tmp/mysql.sock'];
const POSTGRES_SOCKETS = ['/run/postgresql', '/tmp'];
const MYSQL_PORT = 3306;
const POSTGRES_PORT = 5432;

type IsSocket = (path: string) => boolean;

export function parseDatabaseUrl(text: string, isSocket: IsSocket = socketAt): DatabaseAddress {
  if (text.startsWith('sqlite:')) return parseSqlite(text.slice('sqlite:'.length));
  if (/^(mysql|mariadb):\/\//.test(text)) return parseMysql(text, isSocket);
  if (/^postgres(ql)?:\/\//.test(text)) return parsePostgres(text, isSocket);
  const scheme = /^[a-z][a-z0-9+.-]*(?=:)/i.exec(text)?.[0];
  const kinds = 'sqlite:, mysql: or postgres:';
  throw bad(scheme ? `unknown kind of database: ${scheme}` : `the address has no kind in front (${kinds})`);
}

/** The address as it may be shown. */
export function databaseLabel(address: DatabaseAddress): string {
  if (address.dialect === 'sqlite') return `sqlite ${address.path}`;
  const places = address.places.map(placeLabel).join(',');
  return `${address.dialect} ${address.user}@${places}/${address.database}`;
}

export function placeLabel({ socket, host, port }: Place): string {
  return socket ?? `${host}:${port}`;
}

function parseSqlite(rest: string): SqliteAddress {
  const path = rest.startsWith('//') ? rest.slice(2) : rest;
  if (path === '') throw bad('sqlite: needs the path of a file');
  if (path.includes('\0')) throw bad('the path of the file holds a NUL character');
  return { dialect: 'sqlite', path };
}

function parseMysql(text: string, isSocket: IsSocket): MysqlAddress {
  const { login, hosts, options } = splitServer(text, MYSQL_PORT, ['socket']);
  const named = absolute(options, 'socket');
  const places = hosts.map(({ host, port, given }): Place => {
    const usual = host === 'localhost' && !given ? MYSQL_SOCKETS.find(isSocket) : undefined;
    return { host, port, socket: named ?? usual };
  });
  return { dialect: 'mysql', ...login, places: named === undefined ? places : places.slice(0, 1) };
}

function parsePostgres(text: string, isSocket: IsSocket): PostgresAddress {
  const { login, hosts, options } = splitServer(text, POSTGRES_PORT, ['host', 'sslmode', 'sslrootcert']);
  const named = absolute(options, 'host');
  const places = hosts.flatMap(({ host, port, given }): Place[] => {
    const at = (directory: string) => ({ host, port, socket: directory });
    if (named !== undefined) return [at(named)];
    const tcp = { host, port, socket: undefined };
    if (host !== 'localhost' || given) return [tcp];
    return [...POSTGRES_SOCKETS.filter((path) => isSocket(`${path}/.s.PGSQL.${port}`)).map(at), tcp];
  });
  const sslmode = SSL_MODES.find((mode) => mode === (options.get('sslmode') ?? 'disable'));
  if (sslmode === undefined) throw bad('the sslmode is unknown', `it is one of ${SSL_MODES.join(', ')}`);
  const sslrootcert = absolute(options, 'sslrootcert');
  return { dialect: 'postgres', ...login, places, sslmode, sslrootcert };
}

/** By hand and not with URL: SER's addresses hold passwords with any character, an `@` too. */
function splitServer(text: string, defaultPort: number, optionNames: readonly string[]) {
  const rest = text.slice(text.indexOf('://') + 3);
  const mark = rest.indexOf('?', rest.lastIndexOf('@') + 1);
  const main = mark < 0 ? rest : rest.slice(0, mark);
  const at = main.lastIndexOf('@');
  const slash = main.indexOf('/', at + 1);
  const login = main.slice(0, Math.max(at, 0));
  const colon = login.indexOf(':');
  const user = colon < 0 ? login : login.slice(0, colon);
  if (user === '') throw bad('the address names no database user');
  const database = decode(slash < 0 ? '' : main.slice(slash + 1), 'database');
  if (database === '') throw bad('the address names no database after the host');
  const options = new URLSearchParams(mark < 0 ? '' : rest.slice(mark + 1));
  for (const name of options.keys()) {
    if (!optionNames.includes(name)) throw bad(`unknown option ${name}`, `the options are ${optionNames.join(', ')}`);
  }
  return {
    login: {
      user: decode(user, 'user'),
      password: decode(colon < 0 ? '' : login.slice(colon + 1), 'password'),
      database,
    },
    hosts: (slash < 0 ? main.slice(at + 1) : main.slice(at + 1, slash))
      .split(',')
      .map((place) => parseHost(place, defaultPort)),
    options,
  };
}

function parseHost(place: string, defaultPort: number): { host: string; port: number; given: boolean } {
  const parts = /^(\[[0-9a-f:.]+\]|[^:[\]]*)(?::(.*))?$/i.exec(place);
  if (!parts) throw bad('the host cannot be read', 'write an IPv6 address in brackets');
  const host = (parts[1] || 'localhost').replace(/^\[|\]$/g, '');
  const given = parts[2];
  if (given === undefined) return { host, port: defaultPort, given: false };
  const port = /^\d{1,5}$/.test(given) ? Number(given) : 0;
  if (port < 1 || port > 65_535) throw bad('the port must be a number from 1 to 65535');
  return { host, port, given: true };
}

function absolute(options: URLSearchParams, name: string): string | undefined {
  const path = options.get(name);
  if (path === null) return undefined;
  if (!path.startsWith('/')) throw bad(`${name} must be an absolute path`);
  return path;
}

/** A percent sign that begins no escape stands for itself, since older configurations know no escapes. */
function decode(text: string, what: string): string {
  try {
    return decodeURIComponent(text.replace(/%(?![0-9a-f]{2})/gi, '%25'));
  } catch {
    throw bad(`the ${what} holds a % escape that is not UTF-8`);
  }
}

function socketAt(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;
}

function bad(
  message: string,
  hint = 'write sqlite:PATH, mysql://user:password@host:3306/database or postgres://user:password@host:5432/database',
): GatehouseError {
  return new GatehouseError('BAD_DATABASE_URL', message, { hint });
}
