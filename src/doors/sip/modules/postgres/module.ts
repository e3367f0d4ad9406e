/**
 * SER's driver for PostgreSQL. As with the one for MySQL, Gatehouse has its own built in, and loading this module has no
 * effect of its own.
 */
import type { SipModule } from '../../script/types.ts';
import { flag } from '../value-checks.ts';

const nothingToDo = 'Accepted and without effect: the built-in driver looks after its connections itself.';

export const postgres: SipModule = {
  name: 'postgres',
  describe: 'PostgreSQL. Built in; the line may stay or go.',
  aliases: ['db_postgres'],
  needs: [],
  parameters: [
    { name: 'retries', type: 'int', default: 2, describe: nothingToDo },
    { name: 'timeout', type: 'int', default: 0, describe: nothingToDo },
    { name: 'tcp_keepalive', type: 'int', default: 0, describe: nothingToDo },
    { name: 'lockset', type: 'int', default: 4, describe: nothingToDo },
    { name: 'auto_reconnect', type: 'int', default: 1, describe: nothingToDo, check: flag },
  ],
  functions: [],
  build: () => ({ functions: {} }),
};
