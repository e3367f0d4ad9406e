/** usrloc: where the contacts of users are kept. It has no function of its own; registrar works on its tables. */
import type { SipModule } from '../../script/types.ts';
import { USRLOC_PARAMETERS, usrlocSettings } from './parameters.ts';
import { Usrloc } from './usrloc.ts';

/** Functions whose first argument names a table. */
const TABLE_FUNCTIONS = ['save', 'save_noreply', 'save_memory', 'lookup', 'registered'];

export const usrloc: SipModule = {
  name: 'usrloc',
  describe: 'Keeps the contacts of users in memory and, with db_mode 1 to 3, in the tables that the script names.',
  needs: [],
  parameters: USRLOC_PARAMETERS,
  functions: [],
  build(parameters, services, uses) {
    const tables = new Usrloc(usrlocSettings(parameters, services, uses), services);
    for (const name of TABLE_FUNCTIONS) {
      for (const [table] of uses.argumentsOf(name)) if (table !== undefined) tables.table(table);
    }
    return { functions: {}, start: () => tables.start(), serve: () => tables.serve() };
  },
};
