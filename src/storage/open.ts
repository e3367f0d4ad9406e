/**
 * Opens storage: one worker thread that owns the databases and the audit segments, and in front of it the journal and
 * the stores that core declares.
 *
 * Errors: BAD_DATABASE_URL, STORAGE_UNAVAILABLE, STORAGE_PASSWORD, STORAGE_NEWER, STORAGE_MIGRATION, AUDIT_UNWRITABLE.
 */
import type { MigrationInfo, Storage } from '../core/storage/types.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { WorkerClient } from './client.ts';
import { GroupJournal } from './journal.ts';
import {
  adminStore,
  metaStore,
  policyStore,
  realmStore,
  serTables,
  smsProviderStore,
  tokenStore,
  userStore,
} from './stores.ts';
import { parseDatabaseUrl } from './url.ts';

export interface StorageOptions {
  /** Address of the database that holds Gatehouse's own tables: `sqlite:PATH`, `mysql://…` or `postgres://…`. */
  readonly main: string;
  /** Address of a second database with SER tables only. */
  readonly attached?: string | undefined;
  /** For a server that refuses the password of the address. */
  readonly password?: string | undefined;
  readonly auditDir: string;
  readonly auditKey: Buffer;
  readonly backupDir: string;
  readonly log: Log;
  readonly clock: Clock;
}

export async function openStorage(options: StorageOptions): Promise<Storage> {
  const { log, clock } = options;
  const worker = await startWorker(options, true);
  const report = await worker.call('report');
  const journal = new GroupJournal((batch, budgetMs, done) => worker.commit(batch, budgetMs, done), clock, log);
  return {
    journal,
    users: userStore(worker),
    admins: adminStore(worker),
    meta: metaStore(worker),
    policies: policyStore(worker),
    smsProviders: smsProviderStore(worker),
    realms: realmStore(worker),
    tokens: tokenStore(worker),
    ser: serTables(worker),
    report,
    waiting: () => journal.waiting,
    asking: () => worker.asking,
    health: () => [...worker.health(), ...journal.health()],
    async close() {
      await journal.drain();
      await worker.close();
    },
  };
}

/** Undoes the last migration after a backup, for going back to an older Gatehouse. Gives what is applied afterwards. */
export async function migrateDown(options: StorageOptions): Promise<readonly MigrationInfo[]> {
  const worker = await startWorker(options, false);
  try {
    return await worker.call('migrate.down');
  } finally {
    await worker.close();
  }
}

async function startWorker(options: StorageOptions, migrate: boolean): Promise<WorkerClient> {
  const { main, attached, password, auditDir, auditKey, backupDir, log, clock } = options;
  const addresses = {
    main: parseDatabaseUrl(main),
    attached: attached === undefined ? undefined : parseDatabaseUrl(attached),
  };
  // A copy: a small Buffer is a window into a pool, and the whole pool would cross.
  const key = new Uint8Array(auditKey);
  const worker = new WorkerClient({ ...addresses, password, auditDir, auditKey: key, backupDir, migrate }, log, clock);
  await worker.start();
  return worker;
}
