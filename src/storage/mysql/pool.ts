/**
 * A pool whose questions end: after 5 s without an answer a question fails and its connection is given up, since the answer
 * may still come and would be taken for that to the next one. Changes of tables (migrations) may take as long as they need.
 */
import type { MysqlPool, MysqlQueryResult } from 'kysely';
import { createPool, type Pool, type PoolConnection, type QueryOptions } from 'mysql2';
import type { MysqlAddress } from '../url.ts';
import { type Charset, CONNECT_MS, connectionOptions, setup } from './connect.ts';

const CONNECTIONS = 2;
const ANSWER_MS = 5_000;
const UNHURRIED = /^\s*(alter|create|drop)\b/i;

type Done = (error: Error | null, result: unknown) => void;

export class ImpatientPool {
  readonly #pool: Pool;
  readonly #charset: Charset;
  readonly #setUp = new WeakSet<PoolConnection>();

  /** Opens its connections when it is first asked. */
  constructor(address: MysqlAddress, charset: Charset) {
    this.#pool = createPool({ ...connectionOptions(address, charset), connectionLimit: CONNECTIONS });
    this.#charset = charset;
  }

  async ask(question: QueryOptions): Promise<unknown> {
    const connection = await this.reserve();
    return new Promise((resolve, reject) => {
      askOn(connection, question, (error, result) => {
        connection.release();
        if (error) reject(error);
        else resolve(result);
      });
    });
  }

  reserve(): Promise<PoolConnection> {
    return new Promise((resolve, reject) => {
      this.#pool.getConnection((error, connection) => {
        if (error) return reject(error);
        if (this.#setUp.has(connection)) return resolve(connection);
        // Before anything is queued behind it: what waits on a connection that is destroyed is never told.
        connection.query({ sql: setup(this.#charset), timeout: CONNECT_MS }, (fault) => {
          if (fault) {
            connection.destroy();
            return reject(fault);
          }
          this.#setUp.add(connection);
          resolve(connection);
        });
      });
    });
  }

  forKysely(): MysqlPool {
    return {
      end: (done) => this.#pool.end(done),
      getConnection: (done) => {
        const none = undefined as never;
        this.reserve().then(
          (connection) => done(null, kyselyConnection(connection)),
          (error) => done(error, none),
        );
      },
    };
  }

  end(): Promise<void> {
    return this.#pool.promise().end();
  }
}

function kyselyConnection(connection: PoolConnection): Parameters<Parameters<MysqlPool['getConnection']>[0]>[1] {
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
