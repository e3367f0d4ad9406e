/**
 * A pool whose questions end: after 5 s without an answer a question fails and its connection is given up, since the answer
 * may still come and would be taken for that to the next one. Changes of tables (migrations) may take as long as they need.
 */
import type { MysqlPool, MysqlQueryResult } from 'kysely';
import type { QueryOptions } from 'mysql2';
import { Pool } from '../pool.ts';
import type { Servers } from '../servers.ts';
import type { Row } from '../table-shape.ts';
import type { MysqlAddress } from '../url.ts';
import { type Charset, connect, type MysqlConnection } from './connect.ts';
import { spoilsConnection, spoilsServer } from './faults.ts';

const CONNECTIONS = 2;
const ANSWER_MS = 5_000;
const UNHURRIED = /^\s*(alter|create|drop)\b/i;

type Done = (error: Error | null, result: unknown) => void;

export class ImpatientPool {
  readonly #pool: Pool<MysqlConnection>;
  readonly #servers: Servers;

  /** Opens its connections when it is first asked. */
  constructor(address: MysqlAddress, servers: Servers, charset: Charset) {
    this.#servers = servers;
    this.#pool = new Pool(() => connect(address, servers, { charset }), CONNECTIONS);
  }

  async ask(question: QueryOptions): Promise<unknown> {
    const connection = await this.#pool.reserve();
    return new Promise((resolve, reject) => {
      this.#askOn(connection, question, (error, result) => {
        this.#pool.release(connection);
        if (error) reject(error);
        else resolve(result);
      });
    });
  }

  /** Row by row; given up when none comes for as long as an answer may take. */
  async each(sql: string, onRow: (row: Row) => void): Promise<void> {
    const connection = await this.#pool.reserve();
    let late: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        late = setTimeout(() => {
          connection.destroy();
          reject(Object.assign(new Error('the rows stopped coming'), { code: 'PROTOCOL_SEQUENCE_TIMEOUT' }));
        }, ANSWER_MS);
        connection.client
          .query({ sql, rowsAsArray: true })
          .on('result', (row) => {
            late!.refresh();
            onRow(row as unknown as Row);
          })
          .on('error', reject)
          .on('end', () => resolve());
      });
    } finally {
      clearTimeout(late);
      this.#pool.release(connection);
    }
  }

  forKysely(): MysqlPool {
    return {
      end: (done) => {
        this.#pool.end();
        done(undefined);
      },
      getConnection: (done) => {
        const none = undefined as never;
        this.#pool.reserve().then(
          (connection) => done(null, this.#kyselyConnection(connection)),
          (error) => done(error, none),
        );
      },
    };
  }

  end(): void {
    this.#pool.end();
  }

  #kyselyConnection(connection: MysqlConnection): Parameters<Parameters<MysqlPool['getConnection']>[0]>[1] {
    const { client } = connection;
    return {
      config: client.config,
      threadId: client.threadId ?? 0,
      connect: (done) => client.connect((error) => done?.(error)),
      destroy: () => connection.destroy(),
      release: () => this.#pool.release(connection),
      query: (sql, values, done) => {
        this.#askOn(connection, { sql, values }, (error, result) => done?.(error, result as MysqlQueryResult));
        return { stream: notStreamed };
      },
    };
  }

  #askOn(connection: MysqlConnection, question: QueryOptions, done: Done): void {
    const limit = UNHURRIED.test(question.sql) ? {} : { timeout: ANSWER_MS };
    let told = false;
    connection.client.query({ ...question, ...limit }, (error, result) => {
      // mysql2 tells of a time-out also long after the connection was lost.
      if (told) return;
      told = true;
      if (error && spoilsServer(error)) this.#servers.leave(connection.place);
      if (error && spoilsConnection(error)) connection.destroy();
      done(error, result);
    });
  }
}

function notStreamed(): never {
  throw new TypeError('rows of own tables are not streamed');
}
