/**
 * How every connection to PostgreSQL is made: texts go and come as the bytes they are, whatever the database's encoding,
 * since SER's tools write what came over the wire and look at no encoding either.
 *
 * Parameters of the session are set once, so a pooler in between must keep sessions apart (pgbouncer: `pool_mode = session`).
 * Errors: STORAGE_ENCODING, those of the server (SQLSTATE in `code`) and of the network.
 */
import { readFileSync } from 'node:fs';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import pg, { type ClientConfig } from 'pg';
import { GatehouseError } from '../../platform/errors.ts';
import type { PoolConnection } from '../pool.ts';
import type { Connected, Servers } from '../servers.ts';
import { type Place, type PostgresAddress, placeLabel } from '../url.ts';
import { isRefusal } from './faults.ts';

export const CONNECT_MS = 1_500;

/** Which session this is, for whoever must end it: a process number alone may be somebody else's by then. */
export interface Session {
  readonly pid: number;
  readonly since: string;
}

export interface PgConnection extends Connected, PoolConnection {
  readonly client: pg.Client;
  readonly place: Place;
  readonly session: Session;
}

/** `bytea_output` is what the driver reads of either kind; `extra_float_digits` has what is needed since PostgreSQL 12. */
const SETUP = `SET client_encoding = 'SQL_ASCII'; SET standard_conforming_strings = on; SET DateStyle = ISO;
  SET array_nulls = on;
  SELECT pid, backend_start::text, current_setting('transaction_read_only'),
    pg_encoding_to_char(encoding), pg_encoding_max_length(encoding)
  FROM pg_stat_activity JOIN pg_database ON oid = datid WHERE pid = pg_backend_pid()`;

export function connect(address: PostgresAddress, servers: Servers, timeoutMs = CONNECT_MS): Promise<PgConnection> {
  const limit = Math.min(CONNECT_MS * address.places.length, timeoutMs);
  return servers.connect((place, share) => connectTo(address, servers, place, share), limit, isRefusal);
}

async function connectTo(address: PostgresAddress, servers: Servers, place: Place, timeoutMs: number) {
  const client = new pg.Client(clientConfig(address, place, timeoutMs));
  let lost = false;
  // Told by the question under way, or by the next one.
  client.on('error', () => {
    lost = true;
  });
  client.on('end', () => {
    lost = true;
  });
  const destroy = () => {
    lost = true;
    streamOf(client).destroy();
  };
  const late = setTimeout(destroy, timeoutMs);
  try {
    await client.connect();
    const [pid, since, readOnly, encoding, width] = await setUp(client);
    if (encoding !== 'UTF8' && width !== 1) throw wrongEncoding(address, String(encoding));
    const session = { pid: Number(pid), since: String(since) };
    const fit = () => !lost && servers.isCurrent(place);
    return { client, place, session, writable: readOnly !== 'on', fit, destroy };
  } catch (error) {
    destroy();
    if (error instanceof Error && error.message === 'Connection terminated unexpectedly')
      throw Object.assign(new Error(`${placeLabel(place)} does not answer`), { code: 'ETIMEDOUT' });
    throw error;
  } finally {
    clearTimeout(late);
  }
}

async function setUp(client: pg.Client): Promise<unknown[]> {
  const answers = (await client.query({ text: SETUP, rowMode: 'array' })) as unknown as { rows: unknown[][] }[];
  return answers.at(-1)!.rows[0]!;
}

function clientConfig(address: PostgresAddress, place: Place, timeoutMs: number): ClientConfig {
  const { user, password, database } = address;
  return {
    user,
    password,
    database,
    host: place.socket ?? place.host,
    port: place.port,
    ssl: place.socket === undefined && tlsOptions(address),
    connectionTimeoutMillis: timeoutMs,
    keepAlive: true,
    application_name: 'gatehouse',
    types: { getTypeParser },
  };
}

function tlsOptions({ sslmode, sslrootcert }: PostgresAddress): TlsOptions | false {
  if (sslmode === 'disable') return false;
  if (sslmode === 'require') return { rejectUnauthorized: false };
  const ca = sslrootcert === undefined ? {} : { ca: readFileSync(sslrootcert) };
  return {
    rejectUnauthorized: true,
    ...ca,
    ...(sslmode === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
  };
}

/** bytea as Buffer, numbers that a double holds as such, all else (times, decimals) as the text that the server says. */
function getTypeParser(oid: number): (text: string) => unknown {
  if (oid === pg.types.builtins.BYTEA) return pg.types.getTypeParser(oid) as (text: string) => unknown;
  return NUMBERS.has(oid) ? Number : String;
}

const { INT2, INT4, INT8, OID, FLOAT4, FLOAT8 } = pg.types.builtins;
const NUMBERS = new Set<number>([INT2, INT4, INT8, OID, FLOAT4, FLOAT8]);

/** The driver's own end waits for the server. */
function streamOf(client: pg.Client): { destroy(): void } {
  return (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream;
}

function wrongEncoding({ database }: PostgresAddress, encoding: string): GatehouseError {
  return new GatehouseError('STORAGE_ENCODING', `the database ${database} keeps its texts in ${encoding}`, {
    hint: 'make one that keeps them in UTF8: createdb --encoding=UTF8 --template=template0 NAME',
  });
}
