/** usrloc: where the contacts of users are kept. It has no function of its own; registrar works on its tables. */
import type { SipModule } from '../../script/types.ts';
import { Lasting } from '../lasting.ts';
import { USRLOC_PARAMETERS, usrlocSettings } from './parameters.ts';
import { Pings, pingSettings } from './pings.ts';
import { Usrloc } from './usrloc.ts';

const pings = new Lasting(() => new Pings());
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
    const settings = pingSettings(uses.parametersOf('nathelper'), tables.settings.natBranchFlag);
    return {
      functions: {},
      start: () => tables.start(),
      serve() {
        tables.serve();
        pings.of(services).serve(settings, [...tables.tables], services);
      },
    };
  },
};
