/** usrloc: where the contacts of users are kept. It has no function of its own; registrar works on its tables. */
import { GatehouseError } from '../../../../platform/errors.ts';
import type { ScriptUses, SipModule } from '../../script/types.ts';
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
      start: () => tables.start().catch((error) => Promise.reject(placed(error, uses))),
      serve() {
        tables.serve();
        pings.of(services).serve(settings, [...tables.tables], services);
      },
    };
  },
};

/** A table that cannot do what the mode demands: the line that sets the mode. */
function placed(error: unknown, uses: ScriptUses): unknown {
  if (!(error instanceof GatehouseError) || error.code !== 'SER_TABLE_KEY') return error;
  const { message, hint } = error;
  const where = uses.placeOf('usrloc', 'matching_mode');
  return new GatehouseError('SER_TABLE_KEY', message, {
    ...(where ? { where } : {}),
    ...(hint ? { hint } : {}),
    cause: error,
  });
}
