/** PostgreSQL for a resolver: a few connections, each question bounded in time. */
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { ANSWER_MS, type Asker, CONNECTIONS, cellText } from './asker.ts';
import type { SqlOptions } from './config.ts';

/** SQLSTATE class 22: the value is none of the column's type. */
const DATA_EXCEPTION = /^22/;

export function openPostgres(options: SqlOptions): Asker {
  const { host, port, database, user, password, socket, tls, caFile } = options;
  const secure =
    tls === 'verify'
      ? { rejectUnauthorized: true, ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }) }
      : { rejectUnauthorized: false };
  const pool = new pg.Pool({
    host: socket ?? host,
    port,
    database,
    user,
    password,
    ssl: tls === 'none' ? false : secure,
    max: CONNECTIONS,
    connectionTimeoutMillis: ANSWER_MS,
    query_timeout: ANSWER_MS,
    keepAlive: true,
    application_name: 'gatehouse resolver',
    types: { getTypeParser: () => String },
  });
  // An idle connection that is lost: the next question takes another.
  pool.on('error', () => {});
  return {
    async ask({ sql, values }) {
      const { rows } = await pool.query<unknown[]>({ text: sql, values: [...values], rowMode: 'array' });
      return rows.map((row) => row.map(cellText));
    },
    isMismatch: (error) => DATA_EXCEPTION.test((error as { code?: string }).code ?? ''),
    close: () => pool.end(),
  };
}
