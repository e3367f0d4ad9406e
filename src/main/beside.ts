/**
 * The administration beside a stopped server, on the database itself, and what it has in common with that of a running one.
 */
import { createAdministration } from '../core/admin/administration.ts';
import { setAdminPassword } from '../core/admin/admins.ts';
import { storedContacts } from '../core/admin/stored-contacts.ts';
import type { Administration } from '../core/admin/types.ts';
import { commandLineActor } from '../core/control/client.ts';
import { auditDirectoryOf, holdOrConnect, prepareDataDirectory } from '../core/control/data-directory.ts';
import { radiusClientViews } from '../doors/radius/config.ts';
import { systemClock } from '../platform/clock.ts';
import { GatehouseError } from '../platform/errors.ts';
import { createLog } from '../platform/log-pino.ts';
import { type Ground, layGround } from './ground.ts';
import { readSite, type Site, type StartOptions } from './site.ts';

export interface Beside {
  readonly administration: Administration;
  readonly via: 'server' | 'database';
  close(): Promise<void>;
}

/** Of the database; of a server that was started meanwhile. */
export async function administrationBeside(options: StartOptions): Promise<Beside> {
  const { dataDir } = options;
  const site = readSite(options);
  await prepareDataDirectory(dataDir);
  const held = await holdOrConnect(dataDir);
  if ('running' in held) return { administration: held.running, via: 'server', close: async () => {} };
  try {
    const ground = await layGround(site, options, createLog({ level: 'error' }));
    const close = async () => {
      await ground.sms.close();
      await ground.realms.close();
      await ground.helper.close();
      await ground.storage.close().finally(held.release);
    };
    return { administration: ofDatabase(site, ground, dataDir), via: 'database', close };
  } catch (error) {
    held.release();
    throw error;
  }
}

function ofDatabase(site: Site, ground: Ground, dataDir: string): Administration {
  const { journal, ser, admins } = ground.storage;
  const clock = systemClock;
  return createAdministration({
    ...administrationParts(site, ground, dataDir),
    contacts: storedContacts({ tables: ser, journal, clock, spec: (table) => site.tables.contacts(table) }),
    actor: commandLineActor(String(process.getuid?.() ?? '')),
    setAdminPassword: (name, password, by) => setAdminPassword({ store: admins, journal, clock }, name, password, by),
    status: notRunning,
    reload: notRunning,
  });
}

/** What the administration of a running server and that beside a stopped one share. */
export function administrationParts(
  site: Site,
  { storage, keyring, users, locks, numbers, book, rules, sms, realms, tokens, radiusClients, vouchers }: Ground,
  dataDir: string,
) {
  return {
    clock: systemClock,
    journal: storage.journal,
    book,
    policies: storage.policies,
    tables: storage.ser,
    findRows: site.tables.rows,
    rules,
    sms,
    realms,
    radiusClients,
    vouchers,
    configuredRadiusClients: radiusClientViews(site.config.radius.clients),
    tokens: tokens.desk,
    locks,
    numbers,
    changed: (name: string) => {
      users.forget(name);
      realms.localChanged();
    },
    defaultDomain: site.config.users.default_domain,
    auditDirectory: auditDirectoryOf(dataDir),
    auditKey: keyring.derive('audit'),
  };
}

function notRunning(): never {
  throw new GatehouseError('SERVER_NOT_RUNNING', 'the server does not run', { hint: 'start it with: gatehouse up' });
}
