/** A database that dies at a given statement of its own connection, for tests of what a crash leaves behind. */
import type { KyselyPlugin } from 'kysely';
import type { Database } from '../database.ts';

/** Each of some hundred statements is a database made and migrated twice: every third will do, all of them in the long run. */
export const CRASH_STEP = process.env.GATEHOUSE_TEST_LONG === undefined ? 3 : 1;

/** `before` is called with the number of each statement, from 1, before it is carried out. */
export function watched(db: Database, before: (statement: number) => void): Database {
  let count = 0;
  const plugin: KyselyPlugin = {
    transformQuery({ node }) {
      before(++count);
      return node;
    },
    transformResult: async ({ result }) => result,
  };
  const kysely = db.kysely.withPlugin(plugin);
  return { ...db, kysely, redefine: (work) => db.redefine((on) => work(on.withPlugin(plugin))) };
}
