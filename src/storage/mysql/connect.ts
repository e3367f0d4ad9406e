/**
 * How every connection to MySQL or MariaDB is made: strict (nothing is cut), durable by itself, in the character set asked for.
 *
 * SER tables are spoken to in latin1, whose 256 characters map one to one to bytes in latin1 columns and survive the way
 * into utf8 ones and back; Gatehouse's own tables in utf8mb4.
 */
import { type Connection, type ConnectionOptions, createConnection, type RowDataPacket } from 'mysql2';
import type { PoolConnection } from '../pool.ts';
import type { Connected, Servers } from '../servers.ts';
import type { MysqlAddress, Place } from '../url.ts';
import { isRefusal } from './faults.ts';

export type Charset = 'latin1' | 'utf8mb4';

const CONNECT_MS = 1_500;

/** Which session this is, for whoever must end it: the thread's number alone may be somebody else's after a restart. */
export interface Session {
  readonly thread: number;
  /** Address and port of our end, as the server's list of threads has it; `localhost` for a socket. */
  readonly host: string;
}

export interface MysqlConnection extends Connected, PoolConnection {
  readonly client: Connection;
  readonly place: Place;
  readonly session: Session;
  /** The server takes a list of values for a table, in MariaDB's way of writing it (MySQL's differs). */
  readonly joinsValues: boolean;
}

interface Options {
  readonly charset: Charset;
  /** For the journal: several statements at once, with their values in place. */
  readonly batches?: boolean;
  readonly timeoutMs?: number;
}

export function connect(address: MysqlAddress, servers: Servers, options: Options): Promise<MysqlConnection> {
  const limit = Math.min(CONNECT_MS * address.places.length, options.timeoutMs ?? Number.POSITIVE_INFINITY);
  return servers.connect((place, share) => connectTo(address, servers, place, share, options), limit, isRefusal);
}

function connectTo(
  address: MysqlAddress,
  servers: Servers,
  place: Place,
  timeout: number,
  { charset, batches = false }: Options,
): Promise<MysqlConnection> {
  return new Promise((resolve, reject) => {
    const client = createConnection({
      ...connectionOptions(address, place, charset),
      connectTimeout: timeout,
      ...(batches ? { multipleStatements: true, queryFormat: asItStands } : {}),
    });
    let lost = false;
    // Told by the query under way, or by the next one.
    client.on('error', () => {
      lost = true;
    });
    client.on('end', () => {
      lost = true;
    });
    const destroy = () => {
      lost = true;
      client.destroy();
    };
    const fail = (error: Error) => {
      destroy();
      reject(error);
    };
    client.query({ sql: setup(charset), timeout }, (error) => {
      if (error) return fail(error);
      client.query<RowDataPacket[]>({ sql: WHO, timeout, rowsAsArray: true }, (fault, rows) => {
        if (fault) return fail(fault);
        const [version, readOnly, thread, host] = rows[0] as unknown as unknown[];
        const fit = () => !lost && servers.isCurrent(place);
        const session = { thread: Number(thread), host: String(host) };
        const writable = /^(0|off)$/i.test(String(readOnly));
        resolve({ client, place, session, joinsValues: joinsValues(String(version)), writable, fit, destroy });
      });
    });
  });
}

const WHO = `SELECT VERSION(), @@global.read_only, CONNECTION_ID(),
  (SELECT HOST FROM information_schema.PROCESSLIST WHERE ID = CONNECTION_ID())`;

/** MariaDB 10.3 and later. */
function joinsValues(version: string): boolean {
  const [, major, minor] = /^(\d+)\.(\d+).*mariadb/i.exec(version) ?? [];
  return Number(major) > 10 || (Number(major) === 10 && Number(minor) >= 3);
}

/** There are no placeholders to look for. */
function asItStands(sql: string): string {
  return sql;
}

function connectionOptions(address: MysqlAddress, place: Place, charset: Charset): ConnectionOptions {
  const { user, password, database } = address;
  const { host, port, socket } = place;
  return {
    user,
    password,
    database,
    ...(socket === undefined ? { host, port } : { socketPath: socket }),
    charset: charset === 'latin1' ? 'LATIN1_SWEDISH_CI' : 'UTF8MB4_BIN',
    // SER tables hold local times: as they stand, not as Dates.
    dateStrings: true,
  };
}

/**
 * Neither ANSI_QUOTES nor NO_BACKSLASH_ESCAPES: see literal.ts. A statement alone is a transaction, and COMMIT begins no new
 * one, whatever the server's own settings: else what is acknowledged would not be there.
 */
function setup(charset: Charset): string {
  return `SET NAMES ${charset}, SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', SESSION autocommit = 1,
    SESSION completion_type = 0, SESSION sql_safe_updates = 0, SESSION sql_select_limit = 18446744073709551615`;
}
