/**
 * Addresses of databases: `sqlite:PATH`, `mysql://user:password@host[:port]/database[?socket=PATH]`.
 *
 * `localhost` means the unix socket where there is one, as for MySQL's own clients; `127.0.0.1` means TCP.
 * Errors: BAD_DATABASE_URL. No message and no label ever holds the password.
 */
import { statSync } from 'node:fs';
import { GatehouseError } from '../platform/errors.ts';

export type DatabaseAddress = SqliteAddress | MysqlAddress;

export interface SqliteAddress {
  readonly dialect: 'sqlite';
  readonly path: string;
}

export interface MysqlAddress {
  readonly dialect: 'mysql';
  readonly user: string;
  readonly password: string;
  readonly host: string;
  readonly port: number;
  /** Absolute path, or undefined for TCP. */
  readonly socket: string | undefined;
  readonly database: string;
}

/** Debian, Red Hat, the source's default. */
const USUAL_SOCKETS = ['/run/mysqld/mysqld.sock', '/var/lib/mysql/mysql.sock', '/tmp/mysql.sock'];
const MYSQL_PORT = 3306;

export function parseDatabaseUrl(text: string, isSocket: (path: string) => boolean = socketAt): DatabaseAddress {
  if (text.startsWith('sqlite:')) return parseSqlite(text.slice('sqlite:'.length));
  if (/^(mysql|mariadb):\/\//.test(text)) return parseMysql(text, isSocket);
  const scheme = /^[a-z][a-z0-9+.-]*(?=:)/i.exec(text)?.[0];
  throw bad(scheme ? `unknown kind of database: ${scheme}` : 'the address has no kind in front (sqlite: or mysql:)');
}

/** The address as it may be shown. */
export function databaseLabel(address: DatabaseAddress): string {
  if (address.dialect === 'sqlite') return `sqlite ${address.path}`;
  const place = address.socket ?? `${address.host}:${address.port}`;
  return `mysql ${address.user}@${place}/${address.database}`;
}

function parseSqlite(rest: string): SqliteAddress {
  const path = rest.startsWith('//') ? rest.slice(2) : rest;
  if (path === '') throw bad('sqlite: needs the path of a file');
  if (path.includes('\0')) throw bad('the path of the file holds a NUL character');
  return { dialect: 'sqlite', path };
}

function parseMysql(text: string, isSocket: (path: string) => boolean): MysqlAddress {
  const { user, password, host, port, path, query } = splitMysql(text);
  if (user === '') throw bad('the address names no database user');
  const database = decode(path, 'database');
  if (database === '') throw bad('the address names no database after the host');
  return {
    dialect: 'mysql',
    user: decode(user, 'user'),
    password: decode(password, 'password'),
    host,
    port: parsePort(port),
    socket: parseSocket(query, host, port, isSocket),
    database,
  };
}

/** By hand and not with URL: SER's addresses hold passwords with any character, an `@` too. */
function splitMysql(text: string) {
  const rest = text.slice(text.indexOf('://') + 3);
  const mark = rest.indexOf('?', rest.lastIndexOf('@') + 1);
  const main = mark < 0 ? rest : rest.slice(0, mark);
  const at = main.lastIndexOf('@');
  const slash = main.indexOf('/', at + 1);
  const login = main.slice(0, Math.max(at, 0));
  const colon = login.indexOf(':');
  const place = slash < 0 ? main.slice(at + 1) : main.slice(at + 1, slash);
  const parts = /^(\[[0-9a-f:.]+\]|[^:[\]]*)(?::(.*))?$/i.exec(place);
  if (!parts) throw bad('the host cannot be read', 'write an IPv6 address in brackets');
  return {
    user: colon < 0 ? login : login.slice(0, colon),
    password: colon < 0 ? '' : login.slice(colon + 1),
    host: (parts[1] || 'localhost').replace(/^\[|\]$/g, ''),
    port: parts[2],
    path: slash < 0 ? '' : main.slice(slash + 1),
    query: mark < 0 ? '' : rest.slice(mark + 1),
  };
}

function parsePort(text: string | undefined): number {
  if (text === undefined) return MYSQL_PORT;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw bad('the port must be a number from 1 to 65535');
  return port;
}

function parseSocket(query: string, host: string, port: string | undefined, isSocket: (path: string) => boolean) {
  const options = new URLSearchParams(query);
  for (const name of options.keys()) {
    if (name !== 'socket') throw bad(`unknown option ${name}`, 'the only option is ?socket=PATH');
  }
  const named = options.get('socket');
  if (named !== null) {
    if (!named.startsWith('/')) throw bad('the socket must be an absolute path');
    return named;
  }
  return host === 'localhost' && port === undefined ? USUAL_SOCKETS.find(isSocket) : undefined;
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

function bad(message: string, hint = 'write sqlite:PATH or mysql://user:password@host:3306/database'): GatehouseError {
  return new GatehouseError('BAD_DATABASE_URL', message, { hint });
}
