/**
 * SER's database driver. Gatehouse has its drivers built in, so loading this module has no effect of its own; configurations
 * that load it run unchanged.
 */
import type { SipModule } from '../../script/types.ts';
import { flag } from '../value-checks.ts';

const nothingToDo = 'Accepted and without effect: the built-in driver looks after its connections itself.';

export const mysql: SipModule = {
  name: 'mysql',
  describe: 'MySQL and MariaDB. Built in; the line may stay or go.',
  aliases: ['db_mysql'],
  needs: [],
  parameters: [
    { name: 'ping_interval', type: 'int', default: 300, describe: nothingToDo },
    { name: 'timeout_interval', type: 'int', default: 2, describe: nothingToDo },
    { name: 'auto_reconnect', type: 'int', default: 1, describe: nothingToDo, check: flag },
  ],
  functions: [],
  build: () => ({ functions: {} }),
};
