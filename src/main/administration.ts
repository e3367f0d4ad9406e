/**
 * The administration of a running server, else of the database itself.
 */
import { createAdministration } from '../core/admin/administration.ts';
import { setAdminPassword } from '../core/admin/admins.ts';
import { storedContacts } from '../core/admin/stored-contacts.ts';
import type { Administration } from '../core/admin/types.ts';
import { commandLineActor, connectControl, controlSocketOf } from '../core/control/client.ts';
import {
  auditDirectoryOf,
  holdOrConnect,
  prepareDataDirectory,
  requireDataDirectory,
} from '../core/control/data-directory.ts';
import { radiusClientViews } from '../doors/radius/config.ts';
import { systemClock } from '../platform/clock.ts';
import { GatehouseError } from '../platform/errors.ts';
import { openHelper } from '../platform/helper/helper.ts';
import { createLog } from '../platform/log-pino.ts';
import { type Ground, layGround } from './ground.ts';
import { readSite, type Site, type StartOptions } from './site.ts';

export interface OpenedAdministration {
  administration: Administration;
  via: 'server' | 'database';
  defaultDomain: string;
  close(): Promise<void>;
}

/** The administration of the running server where one runs, else of the database itself. `reading`: makes no data directory. */
export async function openAdministration(
  options: StartOptions,
  { reading = false }: { reading?: boolean } = {},
): Promise<OpenedAdministration> {
  const { dataDir, environment } = options;
  const defaultDomain = environment.SIP_DOMAIN ?? '';
  const over = (administration: Administration): OpenedAdministration => ({
    administration,
    via: 'server',
    defaultDomain,
    close: async () => {},
  });
  const running = await connectControl(controlSocketOf(dataDir));
  if (running) return over(running);
  if (reading) requireDataDirectory(dataDir);
  const site = readSite(options);
  await prepareDataDirectory(dataDir);
  const held = await holdOrConnect(dataDir);
  if ('running' in held) return over(held.running);
  try {
    const ground = await layGround(site, options, createLog({ level: 'error' }), openHelper());
    const close = async () => {
      await ground.sms.close();
      await ground.realms.close();
      await ground.helper.close();
      await ground.storage.close().finally(held.release);
    };
    return { administration: administrationBeside(site, ground, dataDir), via: 'database', defaultDomain, close };
  } catch (error) {
    held.release();
    throw error;
  }
}

function administrationBeside(site: Site, ground: Ground, dataDir: string): Administration {
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
  { storage, keyring, users, numbers, book, rules, sms, realms, tokens, radiusClients, vouchers }: Ground,
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
