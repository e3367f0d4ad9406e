/**
 * Pools whose questions end: after 5 s without an answer a question fails and its connection is given up, since the answer
 * may still come and would be taken for that to the next one. Changes of tables (migrations) may take as long as they need.
 */
import type { MysqlPool, MysqlQueryResult } from 'kysely';
import { type Connection, createPool, type Pool, type PoolConnection, type QueryOptions } from 'mysql2';
import type { MysqlAddress } from '../url.ts';
import { type Charset, CONNECT_MS, connectionOptions, setup } from './connect.ts';

const CONNECTIONS = 2;
const ANSWER_MS = 5_000;
const UNHURRIED = /^\s*(alter|create|drop)\b/i;

type Done = (error: Error | null, result: unknown) => void;

/** Opens its connections when it is first asked. */
export function connectPool(address: MysqlAddress, charset: Charset): Pool {
  const pool = createPool({ ...connectionOptions(address, charset), connectionLimit: CONNECTIONS });
  pool.on('connection', (connection: Connection) => {
    // Stands in the connection's queue before any question; if it fails, so does the question behind it.
    connection.query({ sql: setup(charset), timeout: CONNECT_MS }, (error) => error && connection.destroy());
  });
  return pool;
}

export function ask(pool: Pool, question: QueryOptions): Promise<unknown> {
  return new Promise((resolve, reject) => {
    pool.getConnection((error, connection) => {
      if (error) return reject(error);
      askOn(connection, question, (fault, result) => {
        connection.release();
        if (fault) reject(fault);
        else resolve(result);
      });
    });
  });
}

export function kyselyPool(pool: Pool): MysqlPool {
  return {
    end: (done) => pool.end(done),
    getConnection: (done) =>
      pool.getConnection((error, connection) => done(error, connection && forKysely(connection))),
  };
}

function forKysely(connection: PoolConnection): Parameters<Parameters<MysqlPool['getConnection']>[0]>[1] {
  return {
    config: connection.config,
    threadId: connection.threadId ?? 0,
    connect: (done) => connection.connect((error) => done?.(error)),
    destroy: () => connection.destroy(),
    release: () => connection.release(),
    query(sql, values, done) {
      askOn(connection, { sql, values }, (error, result) => done?.(error, result as MysqlQueryResult));
      return { stream: notStreamed };
    },
  };
}

function askOn(connection: PoolConnection, question: QueryOptions, done: Done): void {
  const limit = UNHURRIED.test(question.sql) ? {} : { timeout: ANSWER_MS };
  connection.query({ ...question, ...limit }, (error, result) => {
    if (error?.code === 'PROTOCOL_SEQUENCE_TIMEOUT') connection.destroy();
    done(error, result);
  });
}

function notStreamed(): never {
  throw new TypeError('rows of own tables are not streamed');
}
