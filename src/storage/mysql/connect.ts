/**
 * How every connection to MySQL or MariaDB is made: strict (nothing is cut), in the character set asked for.
 *
 * SER tables are spoken to in latin1, whose 256 characters map one to one to bytes in latin1 columns and survive the way
 * into utf8 ones and back; Gatehouse's own tables in utf8mb4.
 */
import { type Connection, type ConnectionOptions, createConnection, type RowDataPacket } from 'mysql2';
import type { MysqlAddress } from '../url.ts';

export type Charset = 'latin1' | 'utf8mb4';

export const CONNECT_MS = 1_500;

export interface WriterConnection {
  readonly connection: Connection;
  /** The server takes a list of values for a table, in MariaDB's way of writing it (MySQL's differs). */
  readonly joinsValues: boolean;
}

/** For the journal: several statements at once. */
export function connectWriter(address: MysqlAddress, timeoutMs: number): Promise<WriterConnection> {
  const timeout = Math.min(CONNECT_MS, timeoutMs);
  return new Promise((resolve, reject) => {
    const connection = createConnection({
      ...connectionOptions(address, 'latin1'),
      connectTimeout: timeout,
      multipleStatements: true,
      queryFormat: asItStands,
    });
    connection.on('error', () => {}); // told by the query under way, or by the next one
    const sql = `${setup('latin1')}; SELECT VERSION()`;
    connection.query<RowDataPacket[][]>({ sql, timeout, rowsAsArray: true }, (error, results) => {
      if (!error) return resolve({ connection, joinsValues: joinsValues(String(results[1]?.[0]?.[0])) });
      connection.destroy();
      reject(error);
    });
  });
}

/** MariaDB 10.3 and later. */
function joinsValues(version: string): boolean {
  const [, major, minor] = /^(\d+)\.(\d+).*mariadb/i.exec(version) ?? [];
  return Number(major) > 10 || (Number(major) === 10 && Number(minor) >= 3);
}

/** Batches come with their values in place: there are no placeholders to look for. */
function asItStands(sql: string): string {
  return sql;
}

export function connectionOptions(address: MysqlAddress, charset: Charset): ConnectionOptions {
  const { user, password, database } = address;
  const { host, port, socket } = address.places[0]!;
  return {
    user,
    password,
    database,
    ...(socket === undefined ? { host, port } : { socketPath: socket }),
    charset: charset === 'latin1' ? 'LATIN1_SWEDISH_CI' : 'UTF8MB4_BIN',
    connectTimeout: CONNECT_MS,
    // SER tables hold local times: as they stand, not as Dates.
    dateStrings: true,
  };
}

/** Neither ANSI_QUOTES nor NO_BACKSLASH_ESCAPES: see literal.ts. */
export function setup(charset: Charset): string {
  return `SET NAMES ${charset}, SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'`;
}
