/** The storage worker: owns the databases and the audit segments, answers main's questions, commits its batches. */
import { flushCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { GatehouseError } from '../platform/errors.ts';
import { AuditLog } from './audit-log.ts';
import type { Batch, Cell } from './batch.ts';
import { Committer } from './commit.ts';
import type { Database } from './database.ts';
import { toText } from './error-text.ts';
import { admins, meta } from './facts.ts';
import { listMigrations, type MigrateOptions, migrateDown, migrateUp } from './migrations/migrate.ts';
import { readOwn } from './own-rows.ts';
import { Policies } from './policies.ts';
import type { Args, CallName, FromWorker, Result, ToWorker, WorkerOptions } from './protocol.ts';
import { RealmRows } from './realms.ts';
import { REFRESH_LOG } from './refresh-log.ts';
import { ask, readRows } from './ser/rows.ts';
import { Subscribers } from './ser/subscribers.ts';
import { Tables } from './ser/tables.ts';
import { SmsProviderRows } from './sms-providers.ts';
import { listTokens } from './tokens.ts';
import { type DatabaseAddress, databaseLabel } from './url.ts';
import { Users } from './users.ts';

type Handlers = { [N in CallName]: (...args: Args<N>) => Result<N> | Promise<Result<N>> };
type Send = (message: FromWorker) => void;

const port = parentPort!;
const send: Send = (message) => port.postMessage(message);

try {
  await serve(workerData as WorkerOptions);
} catch (error) {
  send({ kind: 'failed', error: toText(error) });
  port.close();
}

async function serve(options: WorkerOptions): Promise<void> {
  const warnings: string[] = [];
  const warn = (message: string, fields?: Record<string, unknown>) => {
    warnings.push(message);
    send({ kind: 'log', level: 'warn', message, fields });
  };
  const migrating: MigrateOptions = {
    backupDir: options.backupDir,
    now: Date.now,
    info: (message, fields) => send({ kind: 'log', level: 'info', message, fields }),
  };
  const main = await reach(options.main, options.password);
  const attached = options.attached && (await reach(options.attached, options.password));
  const databases = new Map([['main', main]]);
  if (attached) databases.set('attached', attached);

  const { created } = options.migrate ? await open(main, () => migrateUp(main, migrating)) : { created: false };
  for (const db of databases.values()) for (const text of await open(db, () => db.warnings())) warn(text);
  const audit = new AuditLog({ dir: options.auditDir, key: Buffer.from(options.auditKey), now: Date.now, warn });
  const tables = new Tables(databases, warn);
  const committer = new Committer([...databases.values()], tables, audit, warn);
  const subscribers = new Subscribers(tables);
  const users = new Users(main, tables);
  const policies = new Policies(main);
  const providers = new SmsProviderRows(main);
  const realms = new RealmRows(main);
  const facts = { admins: admins(main), meta: meta(main) };
  let streaming = 0;

  const handlers: Handlers = {
    report: async () => ({
      main: main.label,
      attached: attached?.label,
      created,
      migrations: await listMigrations(main),
      warnings,
    }),
    async 'migrate.down'() {
      if ((await main.tableNames()).includes(REFRESH_LOG.name)) await committer.settle();
      return migrateDown(main, migrating);
    },
    'users.find': (logins) => users.find(logins),
    'users.named': (name) => users.named(name),
    'users.list': (list) => users.list(list),
    'users.count': () => users.count(),
    'users.lockedNames': () => users.lockedNames(),
    'users.reserve': (count) => users.reserve(count),
    'users.insert': (rows, shownIn, lines) => audit.together(lines, (seal) => users.insert(rows, shownIn, seal)),
    'users.update': (id, change, shownIn, lines) =>
      audit.together(lines, (seal) => users.update(id, change, shownIn, seal)),
    'users.remove': (id, shownIn, lines) => audit.together(lines, (seal) => users.remove(id, shownIn, seal)),
    'admins.count': () => facts.admins.count(),
    'admins.hash': (name) => facts.admins.hash(name),
    'admins.set': (name, hash, now) => facts.admins.set(name, hash, now),
    'policies.list': () => policies.list(),
    'policies.set': (rules, lines) => audit.together(lines, (seal) => policies.set(rules, seal)),
    'policies.remove': (name, lines) => audit.together(lines, (seal) => policies.remove(name, seal)),
    'sms.list': () => providers.list(),
    'sms.set': (definition, lines) => audit.together(lines, (seal) => providers.set(definition, seal)),
    'sms.remove': (name, lines) => audit.together(lines, (seal) => providers.remove(name, seal)),
    'realms.resolvers': () => realms.resolvers(),
    'realms.setResolver': (resolver, lines) => audit.together(lines, (seal) => realms.setResolver(resolver, seal)),
    'realms.removeResolver': (name, lines) => audit.together(lines, (seal) => realms.removeResolver(name, seal)),
    'realms.list': () => realms.realms(),
    'realms.set': (list, lines) => audit.together(lines, (seal) => realms.setRealms(list, seal)),
    'own.read': (table, where) => readOwn(main.kysely, table, where),
    'tokens.list': (query) => listTokens(main, query),
    'meta.get': (key) => facts.meta.get(key),
    'meta.set': (key, value) => facts.meta.set(key, value),
    'ser.openSubscriber': (spec) => tables.openSubscriber(spec),
    'ser.openLocation': (spec) => tables.openLocation(spec, () => committer.settle()),
    'ser.openUri': (spec) => tables.openUri(spec),
    'ser.openRows': (spec) => tables.openRows(spec),
    'ser.readRows': (spec, where, most) => readRows(tables, spec, where, most),
    'ser.ask': (database, sql, values, most) => ask(tables.database(database), sql, values, most),
    'ser.readSubscribers': (spec, names) => subscribers.read(spec, names),
    'ser.listSubscribers': (spec, options) => subscribers.list(spec, options),
    'ser.walkSubscribers': (spec, most) => subscribers.walk(spec, most, rowSender(streaming)),
    'ser.addUsers': (where, rows, lines) => audit.together(lines, (seal) => subscribers.add(where, rows, seal)),
    'ser.updateSubscriber': (spec, row, lines) => audit.together(lines, (seal) => subscribers.update(spec, row, seal)),
    'ser.removeUser': (where, name, lines) => audit.together(lines, (seal) => subscribers.remove(where, name, seal)),
    async 'ser.loadBindings'(spec, now) {
      const send = rowSender(streaming);
      await committer.settle();
      await tables.loadBindings(spec, now, send);
    },
    async 'ser.readBindings'(spec, username, domain, now) {
      await committer.settle();
      return tables.readBindings(spec, username, domain, now);
    },
    async 'ser.deleteExpired'(spec, before) {
      await committer.settle();
      return tables.deleteExpired(spec, before);
    },
    'ser.hasUri': (spec, username, domain, uriUser) => subscribers.hasUri(spec, username, domain, uriUser),
    async close() {
      await committer.close();
      audit.close();
      for (const db of databases.values()) await db.close();
    },
  };

  port.on('message', async (message: ToWorker) => {
    if (message.kind === 'commit') {
      const batch: Batch = JSON.parse(message.batch);
      send({ kind: 'committed', outcome: await committer.commit(batch, message.budgetMs) });
      return;
    }
    if (message.kind === 'log') {
      const { entry, tables: named, longest, budgetMs } = message;
      send({ kind: 'committed', outcome: await committer.log(entry, named, longest, budgetMs) });
      return;
    }
    const { id, name, args } = message;
    try {
      // A handler reads it before it first waits.
      streaming = id;
      const handler = handlers[name] as (...args: readonly unknown[]) => unknown;
      send({ kind: 'result', id, value: await handler(...args) });
    } catch (error) {
      send({ kind: 'error', id, error: toText(asStorageError(error)) });
    }
  });
  send({ kind: 'ready' });
  // A thread that is terminated keeps nothing for the next start.
  setTimeout(flushCompileCache, 1000).unref();

  function rowSender(id: number): (cells: Cell[]) => void {
    return (cells) => send({ kind: 'rows', id, cells });
  }

  function asStorageError(error: unknown): unknown {
    if (error instanceof GatehouseError) return error;
    const isState = [...databases.values()].some((db) => db.isUnavailable(error) || db.isRefusal(error));
    return isState ? unavailable(error) : error;
  }
}

async function reach(address: DatabaseAddress, password: string | undefined): Promise<Database> {
  const db = await openDatabase(address);
  try {
    await open(db, () => db.select('SELECT 1', []));
    return db;
  } catch (error) {
    await db.close();
    const other = address.dialect !== 'sqlite' && password !== undefined && address.password !== password;
    if (other && error instanceof GatehouseError && error.code === 'STORAGE_PASSWORD')
      return reach({ ...address, password }, undefined);
    throw error;
  }
}

/** Loads the one driver that is asked for. */
async function openDatabase(address: DatabaseAddress): Promise<Database> {
  try {
    switch (address.dialect) {
      case 'sqlite':
        return (await import('./sqlite/database.ts')).openSqliteDatabase(address);
      case 'mysql':
        return (await import('./mysql/database.ts')).openMysqlDatabase(address);
      case 'postgres':
        return (await import('./postgres/database.ts')).openPostgresDatabase(address);
    }
  } catch (error) {
    throw unavailable(error, databaseLabel(address));
  }
}

async function open<T>(db: Database, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof GatehouseError && error.code !== 'STORAGE_MIGRATION') throw error;
    const cause = error instanceof GatehouseError ? error.cause : error;
    if (db.isRefusal(cause)) throw refused(cause, db.label);
    throw db.isUnavailable(cause) ? unavailable(cause, db.label) : error;
  }
}

function refused(cause: unknown, label: string): GatehouseError {
  return new GatehouseError('STORAGE_PASSWORD', `${label}: ${(cause as Error).message}`, {
    hint: 'write the password into the address of the database, or give it in the environment variable PW',
    cause,
  });
}

function unavailable(error: unknown, label?: string): GatehouseError {
  const reason = error instanceof Error ? error.message : String(error);
  if (label === undefined) return new GatehouseError('STORAGE_UNAVAILABLE', reason, { cause: error });
  const look = label.startsWith('sqlite') ? 'is the file a database, and has the disk room?' : 'does the server run?';
  const hint = `${look} The address stands in \`database\` of gatehouse.yaml, else in the db_url of ser.cfg`;
  return new GatehouseError('STORAGE_UNAVAILABLE', `${label}: ${reason}`, { hint, cause: error });
}
