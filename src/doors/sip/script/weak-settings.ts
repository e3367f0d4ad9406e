/**
 * Settings that work and are weak all the same: passwords in clear text, challenges whose answers can be replayed, contacts that a
 * restart forgets, a column that does not hold what is looked for in it.
 *
 * Warnings: SCRIPT_CLEAR_PASSWORDS, SCRIPT_PASSWORD_COLUMN, SCRIPT_REPLAY, SCRIPT_MEMORY_ONLY.
 */
import type { Analysis } from './analyse.ts';
import type { Problems } from './diagnostics.ts';
import type { LoadedModule } from './modules.ts';

export function findWeakSettings({ calls }: Analysis, modules: readonly LoadedModule[], problems: Problems): undefined {
  for (const loaded of modules) {
    if (loaded.module.name === 'auth_db') checkPasswords(loaded);
    if (loaded.module.name === 'usrloc') checkMemory(loaded);
  }
  for (const { name, args } of calls.keys()) {
    const qop = args[1];
    if (!/^(?:www|proxy)_challenge$/.test(name) || qop === undefined || Number(qop.text) !== 0) continue;
    problems.warn('SCRIPT_REPLAY', qop.at, 'the answer to this challenge can be used again by whoever sees it', {
      cause:
        'without qop the answer holds no count, so a copy looks like the original while the nonce lives (nonce_expire)',
      cure: 'write "1"; old telephones that cannot do qop leave it out by themselves',
    });
  }

  function checkPasswords({ parameters, places, at }: LoadedModule): undefined {
    const clear = parameters.calculate_ha1 !== 0;
    const column = String(parameters.password_column);
    const place = places.get('calculate_ha1') ?? places.get('password_column') ?? at;
    const hashed = /^ha1b?$/i.test(column);
    if (clear && hashed) {
      problems.warn('SCRIPT_PASSWORD_COLUMN', place, `the column \`${column}\` does not hold clear passwords`, {
        cause:
          'calculate_ha1 is on, so a hash would be taken for a password; in an attached table every login would fail',
        cure: 'set calculate_ha1 to 0, or password_column to "password"',
      });
    } else if (clear) {
      problems.warn('SCRIPT_CLEAR_PASSWORDS', place, 'the passwords are expected in clear text', {
        cause: 'calculate_ha1 is on, so whoever can read the subscriber table can read the passwords',
        cure: "in Gatehouse's own database they are sealed whatever this says; in an attached one, store ha1 and set calculate_ha1 to 0",
      });
    } else if (/^password$/i.test(column)) {
      problems.warn('SCRIPT_PASSWORD_COLUMN', place, `the column \`${column}\` holds clear passwords, not hashes`, {
        cause:
          'calculate_ha1 is off, so a password would be taken for a hash; in an attached table every login would fail',
        cure: 'set password_column to "ha1", or calculate_ha1 to 1',
      });
    }
  }

  function checkMemory({ parameters, places, at }: LoadedModule): undefined {
    if (parameters.db_mode !== 0 || ![...calls.keys()].some(({ name }) => name === 'save')) return;
    problems.warn('SCRIPT_MEMORY_ONLY', places.get('db_mode') ?? at, 'contacts are kept in memory only', {
      cause: `db_mode is 0${places.has('db_mode') ? '' : ', which it is when nothing sets it'}; after a restart nobody can be called until his telephone registers again`,
      cure: 'write modparam("usrloc", "db_mode", 2)',
    });
  }
}
