/**
 * A pool whose questions end: after 5 s without an answer a question fails and its connection is given up. Changes of tables
 * (migrations) may take as long as they need.
 */
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import pg, { type QueryConfig, type QueryResult } from 'pg';
import { Pool } from '../pool.ts';
import type { Servers } from '../servers.ts';
import type { Row } from '../table-shape.ts';
import type { PostgresAddress } from '../url.ts';
import { connect, type PgConnection } from './connect.ts';
import { noAnswer, spoilsConnection, spoilsServer } from './faults.ts';
import { withoutNul } from './wire.ts';

const CONNECTIONS = 2;
const ANSWER_MS = 5_000;
const UNHURRIED = /^\s*(alter|create|drop)\b/i;

/** With `rowMode` the rows are arrays, whatever their type says. */
type Question = QueryConfig & { readonly rowMode?: 'array' };

export class ImpatientPool {
  readonly #pool: Pool<PgConnection>;
  readonly #servers: Servers;

  /** Opens its connections when it is first asked. */
  constructor(address: PostgresAddress, servers: Servers) {
    this.#servers = servers;
    this.#pool = new Pool(() => connect(address, servers), CONNECTIONS);
  }

  async ask(question: Question): Promise<QueryResult> {
    const connection = await this.#pool.reserve();
    try {
      return await this.#askOn(connection, question);
    } finally {
      this.#pool.release(connection);
    }
  }

  /** Row by row; given up when none comes for as long as an answer may take. */
  async each(text: string, onRow: (row: Row) => void): Promise<void> {
    const connection = await this.#pool.reserve();
    let late: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        late = setTimeout(() => {
          connection.destroy();
          reject(noAnswer());
        }, ANSWER_MS);
        const query = connection.client.query(new pg.Query({ text, rowMode: 'array' } as QueryConfig));
        query.on('row', (row) => {
          late!.refresh();
          onRow(row as unknown as Row);
        });
        query.on('end', () => resolve());
        query.on('error', reject);
      });
    } finally {
      clearTimeout(late);
      this.#pool.release(connection);
    }
  }

  forKysely(): PostgresPool {
    const clients = new WeakMap<PgConnection, PostgresPoolClient>();
    return {
      options: {},
      end: async () => this.#pool.end(),
      connect: async () => {
        const connection = await this.#pool.reserve();
        const client = clients.get(connection) ?? this.#kyselyClient(connection);
        clients.set(connection, client);
        return client;
      },
    };
  }

  end(): void {
    this.#pool.end();
  }

  #kyselyClient(connection: PgConnection): PostgresPoolClient {
    const query = (text: string, values: readonly unknown[]) =>
      this.#askOn(connection, { text, values: values.map(keepable) });
    return {
      query: query as unknown as PostgresPoolClient['query'],
      release: (useless) => {
        if (useless) connection.destroy();
        this.#pool.release(connection);
      },
    };
  }

  #askOn(connection: PgConnection, question: Question): Promise<QueryResult> {
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => {
        if (spoilsServer(error)) this.#servers.leave(connection.place);
        if (spoilsConnection(error)) connection.destroy();
        reject(error);
      };
      const late = UNHURRIED.test(question.text) ? undefined : setTimeout(() => fail(noAnswer()), ANSWER_MS);
      connection.client.query(question, (error: Error | undefined, result: QueryResult) => {
        clearTimeout(late);
        if (error) fail(error);
        else resolve(result);
      });
    });
  }
}

function keepable(value: unknown): unknown {
  return typeof value === 'string' ? withoutNul(value) : value;
}
