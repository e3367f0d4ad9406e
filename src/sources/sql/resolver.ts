/** The resolver of a table; its driver is loaded when it is first opened. */
import type { ResolverClass } from '../../core/realms/source.ts';
import { ANSWER_MS, type Asker } from './asker.ts';
import { type SqlOptions, sqlOptions } from './config.ts';

export const sqlResolver: ResolverClass = {
  type: 'sqlresolver',
  className: 'SQLIdResolver',
  secrets: ['Password'],
  target: ['Driver', 'Server', 'Port', 'User', 'conParams'],
  check(config) {
    sqlOptions(config);
    // A lost connection is tried once more.
    return { waitMs: 2 * ANSWER_MS };
  },
  async open(config, { name }) {
    const options = sqlOptions(config);
    const { sqlSource } = await import('./source.ts');
    return sqlSource(name, options, await askerOf(options));
  },
};

export async function askerOf(options: SqlOptions): Promise<Asker> {
  switch (options.kind) {
    case 'mysql':
      return (await import('./mysql.ts')).openMysql(options);
    case 'postgres':
      return (await import('./postgres.ts')).openPostgres(options);
    case 'sqlite':
      return (await import('./sqlite.ts')).openSqlite(options.database);
  }
}
