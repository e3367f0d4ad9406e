/**
 * Brings the main database to the form that this Gatehouse knows, after a backup of one that holds something, and takes
 * one step back when asked.
 *
 * A crash in the middle leaves nothing of it on SQLite (`redefine`). On MySQL each statement stays, so a migration must be
 * such that the next start can do all of it again: IF NOT EXISTS, IF EXISTS, REPLACE.
 *
 * Errors: STORAGE_NEWER, STORAGE_MIGRATION.
 */
import type { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import type { MigrationInfo } from '../../core/storage/types.ts';
import { describeError, GatehouseError } from '../../platform/errors.ts';
import type { Database } from '../database.ts';
import type { Schema } from '../tables.ts';
import { MIGRATIONS } from './list.ts';

const TABLE = 'gh_migration';
const LOCK_TABLE = 'gh_migration_lock';

export interface MigrateOptions {
  readonly backupDir: string;
  now(): number;
  info(message: string, fields: Record<string, unknown>): void;
}

/** Gives whether the database was empty of Gatehouse's tables, and what is applied now. */
export async function migrateUp(db: Database, options: MigrateOptions) {
  const applied = await appliedNames(db);
  refuseNewer(applied);
  const next = Object.keys(MIGRATIONS).find((name) => !applied.includes(name));
  if (next !== undefined) {
    if (applied.length > 0) await backup(db, next, options);
    await run(db, (migrator) => migrator.migrateToLatest());
  }
  return { created: applied.length === 0, migrations: await listMigrations(db) };
}

export async function migrateDown(db: Database, options: MigrateOptions): Promise<MigrationInfo[]> {
  const applied = await appliedNames(db);
  refuseNewer(applied);
  const last = applied.at(-1);
  if (last === undefined) return [];
  await backup(db, last, options);
  await run(db, (migrator) => migrator.migrateDown());
  return listMigrations(db);
}

export async function listMigrations(db: Database): Promise<MigrationInfo[]> {
  const list = await migratorOf(db.kysely).getMigrations();
  return list.map(({ name, executedAt }) => ({ name, applied: executedAt?.getTime() ?? null }));
}

async function run(db: Database, step: (migrator: Migrator) => ReturnType<Migrator['migrateUp']>): Promise<void> {
  await db.redefine(async (on) => {
    const { error, results } = await step(migratorOf(on));
    if (error === undefined) return;
    const failed = results?.find(({ status }) => status === 'Error')?.migrationName;
    throw new GatehouseError(
      'STORAGE_MIGRATION',
      `migration ${failed ?? ''} of ${db.label} failed: ${describeError(error)}`,
      { hint: 'nothing was served; the next start tries again. If it fails again, report this', cause: error },
    );
  });
}

function migratorOf(db: Kysely<Schema>): Migrator {
  return new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...MIGRATIONS }) },
    migrationTableName: TABLE,
    migrationLockTableName: LOCK_TABLE,
  });
}

async function appliedNames(db: Database): Promise<string[]> {
  if (!(await db.tableNames()).includes(TABLE)) return [];
  const rows = await db.select(`SELECT name FROM ${TABLE} ORDER BY name`, []);
  return rows.map(([name]) => String(name));
}

function refuseNewer(applied: readonly string[]): void {
  const unknown = applied.filter((name) => !(name in MIGRATIONS));
  if (unknown.length === 0) return;
  const ours = Object.keys(MIGRATIONS).at(-1);
  throw new GatehouseError(
    'STORAGE_NEWER',
    `the database is at ${unknown.at(-1)}, this Gatehouse knows up to ${ours}`,
    {
      hint: 'start the newer Gatehouse again, or let it undo the migration first',
    },
  );
}

async function backup(db: Database, migration: string, { backupDir, now, info }: MigrateOptions): Promise<void> {
  const time = new Date(now()).toISOString().replace(/[:.]/g, '-');
  const path = await db.backup(backupDir, `${time}-before-${migration}`);
  info('the database was copied before a migration', { migration, path });
}
