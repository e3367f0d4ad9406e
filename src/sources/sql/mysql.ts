/** MySQL and MariaDB for a resolver: a few connections, each question prepared and bounded in time. */
import { readFileSync } from 'node:fs';
import { createPool, type PoolConnection } from 'mysql2';
import { ANSWER_MS, type Asker, CONNECTIONS, cellText, type Row } from './asker.ts';
import type { SqlOptions } from './config.ts';
import type { Question } from './statements.ts';

const WAITING = 1_000;
const PREPARED = 64;

export function openMysql({ host, port, database, user, password, socket, tls, caFile }: SqlOptions): Asker {
  const secure = tls === 'verify' ? { ca: caFile && readFileSync(caFile) } : { rejectUnauthorized: false };
  const pool = createPool({
    ...(socket === undefined ? { host, port } : { socketPath: socket }),
    ...(tls === 'none' ? {} : { ssl: { minVersion: 'TLSv1.2', ...secure } as object }),
    database,
    user,
    password,
    charset: 'utf8mb4',
    connectionLimit: CONNECTIONS,
    maxPreparedStatements: PREPARED,
    queueLimit: WAITING,
    connectTimeout: ANSWER_MS,
    rowsAsArray: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
  });
  return { ask, isMismatch: () => false, close: async () => pool.end(() => {}) };

  function ask(question: Question): Promise<Row[]> {
    return new Promise((resolve, reject) => {
      let connection: PoolConnection | undefined;
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        connection?.destroy();
        reject(new Error(`no answer within ${ANSWER_MS} ms`));
      }, ANSWER_MS);
      pool.getConnection((error, got) => {
        if (error || late) {
          clearTimeout(timer);
          if (error) reject(error);
          else got.release();
          return;
        }
        connection = got;
        got.execute({ sql: question.sql, rowsAsArray: true }, [...question.values], (failed, rows) => {
          clearTimeout(timer);
          if (late) return;
          got.release();
          if (failed) reject(failed);
          else resolve((rows as unknown as unknown[][]).map((row) => row.map(cellText)));
        });
      });
    });
  }
}
