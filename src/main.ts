/**
 * The only place where parts are wired: reads the configuration, opens storage, builds the gate, opens the doors in order, and
 * gives the command line what it asks for.
 */
import { existsSync, statSync } from 'node:fs';
import { access, constants, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { createAdministration } from './core/admin/administration.ts';
import { createAdmins } from './core/admin/admins.ts';
import { attachedBook } from './core/admin/attached-book.ts';
import type { ContactTables } from './core/admin/contact-tables.ts';
import { localBook } from './core/admin/local-book.ts';
import { storedContacts } from './core/admin/stored-contacts.ts';
import type { Administration } from './core/admin/types.ts';
import type { UserBook } from './core/admin/user-book.ts';
import { connectControl, controlSocketOf } from './core/control/client.ts';
import type { Door, HealthItem, Listener } from './core/doors/types.ts';
import { createGate } from './core/gate/gate.ts';
import { noHooks } from './core/hooks/hooks.ts';
import { Limits } from './core/limits/limits.ts';
import { openPlacesFile } from './core/limits/places-file.ts';
import { openPolicy } from './core/policy/policy.ts';
import { NonceCounts } from './core/proofs/nonce-counts.ts';
import { type Keyring, openOrCreateKeyring } from './core/secrets/keyring.ts';
import { SessionDirectory } from './core/sessions/directory.ts';
import { RefreshCounts } from './core/sessions/refresh-counts.ts';
import { chooseDatabases, type DatabaseChoice, databaseName } from './core/storage/choose.ts';
import type { Storage } from './core/storage/types.ts';
import { UserRegistry } from './core/users/registry.ts';
import { httpOptions } from './doors/console/config.ts';
import { createConsoleDoor } from './doors/console/door.ts';
import { sipConfig } from './doors/sip/config.ts';
import { createSipDoor, type SipDoor } from './doors/sip/door.ts';
import { type PreparedSip, prepareSip, type ReadySip } from './doors/sip/prepare.ts';
import { type ScriptTables, scriptTables } from './doors/sip/ser-tables.ts';
import { systemClock } from './platform/clock.ts';
import { type LoadedConfig, loadConfig, requireConfig } from './platform/config/load.ts';
import { GatehouseError } from './platform/errors.ts';
import type { Log } from './platform/log.ts';
import { createLog, LOG_LEVELS } from './platform/log-pino.ts';
import { createMetrics } from './platform/metrics.ts';
import { type Problem, ProblemsError } from './platform/problems.ts';
import { TimerWheel } from './platform/timer-wheel.ts';
import { version } from './platform/version.ts';
import { openStorage } from './storage/open.ts';
import { databaseLabel, parseDatabaseUrl } from './storage/url.ts';

export type { Problem } from './platform/problems.ts';
export { version } from './platform/version.ts';

export interface StartOptions {
  dataDir: string;
  configFile?: string;
  serCfg?: string;
  environment: NodeJS.ProcessEnv;
}

export interface Server {
  listeners(): Listener[];
  /** The administrator that this start made; password undefined: it came from the environment. */
  firstAdmin?: { name: string; password: string | undefined };
  notes: string[];
  /** Where the users are, as it may be shown. */
  database: string;
  dataDir: string;
  serCfg: string;
  stop(withinMs: number): Promise<void>;
  /** Resolves with a fatal error later on. */
  failed: Promise<GatehouseError>;
}

export interface CheckReport {
  file: string;
  problems: Problem[];
  decisions: Decision[];
}

/** What was decided, and why or to what effect. `where` is missing where nobody asked for it. */
export interface Decision {
  what: string;
  value: string;
  effect?: string;
  where?: string;
  group: 'main' | 'script';
}

/** All of gatehouse.yaml. */
export const configuration = z.strictObject({
  database: z
    .string()
    .min(1)
    .optional()
    .describe(
      'sqlite:PATH or mysql://user:password@host/name; unset: the db_url of ser.cfg, else SQLite in the data directory.',
    ),
  log: z.strictObject({ level: z.enum(LOG_LEVELS).default('info').describe('The least that is logged.') }).prefault({}),
  users: z
    .strictObject({
      default_domain: z.string().max(255).default('').describe('Domain of logins written without one (SIP_DOMAIN).'),
    })
    .prefault({}),
  sip: sipConfig.prefault({}),
  http: httpOptions.prefault({}),
});

/** Seconds that a nonce lives when ser.cfg does not say, and how far a clock may be off. */
const NONCE_EXPIRE = 300;
const NONCE_SLACK = 60;

/** The configuration and script, read and found good. */
interface Site {
  readonly config: z.output<typeof configuration>;
  readonly sip: ReadySip;
  readonly serCfg: string;
  readonly databases: DatabaseChoice;
  readonly tables: ScriptTables;
  readonly warnings: readonly Problem[];
}

/** What stands when storage is open: the part that a server and a command beside a stopped one share. */
interface Ground {
  readonly keyring: Keyring;
  readonly storage: Storage;
  readonly users: UserRegistry;
  /** Where administration adds and changes users: our own tables, or the attached subscriber table as SER fills it. */
  readonly book: UserBook;
}

/** Errors: ProblemsError with everything that is wrong with the configuration; those of storage, keys and listeners. */
export async function startServer(options: StartOptions): Promise<Server> {
  const site = readSite(options);
  await refuseSecondServer(options.dataDir);
  const log = createLog({ level: site.config.log.level });
  const ground = await layGround(site, options, log);
  try {
    return await openDoors(site, ground, options, log);
  } catch (error) {
    await ground.storage.close();
    throw error;
  }
}

async function openDoors(site: Site, ground: Ground, options: StartOptions, log: Log): Promise<Server> {
  const clock = systemClock;
  const { keyring, storage, users } = ground;
  const { journal } = storage;
  const startedAt = new Date(clock.now()).toISOString();
  const metrics = createMetrics({ version });
  const wheel = new TimerWheel({ clock, onError: (error) => log.error('a timer failed', { error: String(error) }) });
  const doors: Door[] = [];
  const sessions = new SessionDirectory(() => doors);
  const known = await openPlacesFile(join(options.dataDir, 'places'), log.child('limits'));
  const limits = new Limits(wheel, clock, {}, known.places);
  const nonceExpire = Number(site.sip.script.uses.parametersOf('auth')?.nonce_expire ?? NONCE_EXPIRE);
  const gate = createGate({
    clock,
    log: log.child('gate'),
    journal,
    limits,
    nonceCounts: new NonceCounts({ clock, lifetimeMs: 1000 * (nonceExpire + NONCE_SLACK) }),
    policy: openPolicy,
    hooks: noHooks,
    sessions,
    refreshes: new RefreshCounts(journal, clock),
    source: () => users.local,
  });
  const sip: SipDoor = createSipDoor({
    script: site.sip.script,
    listen: site.sip.listen,
    options: site.sip.options,
    domains: site.config.sip.domains,
    clock,
    log: log.child('sip'),
    gate,
    journal,
    tables: storage.ser,
    database: (url) => databaseName(site.databases, url),
    userSource: (spec, how) => users.source(spec, how),
    derive: (purpose) => keyring.derive(purpose),
    metrics,
  });
  const admins = createAdmins({ store: storage.admins, limits, journal, clock });
  const health = (): HealthItem[] => [...storage.health(), ...doors.flatMap((door) => door.health())];
  const administration = administrationOf(site, ground, options.dataDir, sip, sessions, async () => ({
    version,
    startedAt,
    pid: process.pid,
    health: health().map(({ code, severity, text }) => ({ code, severity, text })),
  }));
  const http = createConsoleDoor({
    listen: site.config.http.listen,
    controlSocket: controlSocketOf(options.dataDir),
    administration,
    health,
    metrics,
    verifyAdmin: (name, password, client) => admins.verify(name, password, client),
    log: log.child('http'),
  });

  wheel.run();
  // Health is served last, so that whoever waits for it finds everything open.
  for (const door of [sip, http]) {
    try {
      await door.start();
      doors.push(door);
    } catch (error) {
      await stopAll(1000);
      throw error;
    }
  }
  const first = await admins.ensureFirst(options.environment.GATEHOUSE_ADMIN_PASSWORD);
  return {
    listeners: () => doors.flatMap((door) => door.listeners()),
    ...(first ? { firstAdmin: { name: first.name, password: first.generated } } : {}),
    notes: [...storage.report.warnings, ...sip.warnings, ...notesOf(site.warnings)],
    database: storage.report.main,
    dataDir: options.dataDir,
    serCfg: site.serCfg,
    stop: async (withinMs) => {
      await stopAll(withinMs);
      await storage.close();
    },
    // Nothing fails for good yet: storage and listeners recover by themselves or report through health.
    failed: new Promise<GatehouseError>(() => {}),
  };

  async function stopAll(withinMs: number): Promise<void> {
    await Promise.all(doors.map((door) => door.stop(withinMs)));
    gate.flush();
    wheel.halt();
    await known.close();
  }
}

/** The administration of the running server where one runs, else of the database itself. */
export async function openAdministration(options: StartOptions): Promise<{
  administration: Administration;
  via: 'server' | 'database';
  defaultDomain: string;
  close(): Promise<void>;
}> {
  const running = await connectControl(controlSocketOf(options.dataDir));
  const defaultDomain = options.environment.SIP_DOMAIN ?? '';
  if (running) return { administration: running, via: 'server', defaultDomain, close: async () => {} };
  const site = readSite(options);
  const log = createLog({ level: 'error' });
  const ground = await layGround(site, options, log);
  const { storage } = ground;
  const contacts = storedContacts({
    tables: storage.ser,
    journal: storage.journal,
    clock: systemClock,
    spec: (table) => site.tables.contacts(table),
  });
  const administration = administrationOf(site, ground, options.dataDir, contacts, undefined, () => {
    throw new GatehouseError('SERVER_NOT_RUNNING', 'the server does not run', { hint: 'start it with: gatehouse up' });
  });
  return { administration, via: 'database', defaultDomain, close: () => storage.close() };
}

/** What `up` would find and decide. `file`: a gatehouse.yaml or a ser.cfg to look at instead of the configured ones. */
export async function check(options: StartOptions & { file?: string }): Promise<CheckReport> {
  const { file } = options;
  const isYaml = file !== undefined && /\.ya?ml$/.test(file);
  const configFile = isYaml ? file : options.configFile;
  const loaded = loadConfig({
    ...(configFile ? { file: configFile } : {}),
    environment: options.environment,
    schema: configuration,
  });
  const report: CheckReport = { file: configFile ?? 'the defaults', problems: [...loaded.problems], decisions: [] };
  if (loaded.values === undefined) return report;
  const sip = prepareSip(loaded.values.sip, isYaml || file === undefined ? options.serCfg : file);
  report.file = configFile && configFile !== sip.file ? `${configFile}, ${sip.file}` : sip.file;
  report.problems.push(...sip.problems);
  report.decisions.push({ what: 'SIP script', value: sip.file, group: 'main' });
  if (sip.ready) report.decisions.push(...databaseDecisions(loaded, sip.ready, options.dataDir));
  report.decisions.push(...sip.decisions);
  return report;
}

function databaseDecisions(loaded: LoadedConfig<Site['config']>, sip: ReadySip, dataDir: string): Decision[] {
  const { main, attached, reason } = databasesOf(loaded.values!, sip, dataDir);
  const shown = (url: string) => databaseLabel(parseDatabaseUrl(url));
  const decisions: Decision[] = [{ what: 'database', value: shown(main), effect: reason, group: 'main' }];
  if (attached)
    decisions.push({ what: 'attached', value: shown(attached), effect: 'db_url of ser.cfg', group: 'main' });
  return decisions;
}

function databasesOf(config: Site['config'], sip: ReadySip, dataDir: string): DatabaseChoice {
  const fallback = `sqlite:${join(dataDir, 'gatehouse.db')}`;
  return chooseDatabases({ configured: config.database, script: sip.databaseUrls, fallback });
}

function readSite(options: StartOptions): Site {
  const { configFile, environment } = options;
  const config = requireConfig(
    loadConfig({ ...(configFile ? { file: configFile } : {}), environment, schema: configuration }),
  );
  const prepared: PreparedSip = prepareSip(config.sip, options.serCfg);
  const sip = prepared.ready;
  if (sip === undefined) throw new ProblemsError('CONFIG_INVALID', prepared.problems);
  const databases = databasesOf(config, sip, options.dataDir);
  const tables = scriptTables(sip.script, (url) => databaseName(databases, url));
  return { config, sip, serCfg: prepared.file, databases, tables, warnings: prepared.problems };
}

async function layGround(site: Site, { dataDir, environment }: StartOptions, log: Log): Promise<Ground> {
  const clock = systemClock;
  const auditDir = join(dataDir, 'audit');
  await makeDataDirectory(dataDir);
  const keyring = await openOrCreateKeyring(join(dataDir, 'gatehouse.key'), existsSync(auditDir));
  const storage = await openStorage({
    main: site.databases.main,
    attached: site.databases.attached,
    password: environment.PW,
    auditDir,
    auditKey: keyring.derive('audit'),
    backupDir: join(dataDir, 'backup'),
    log: log.child('storage'),
    clock,
  });
  try {
    await keyring.checkKey(storage.meta);
  } catch (error) {
    await storage.close();
    throw error;
  }
  const users = new UserRegistry({
    store: storage.users,
    tables: storage.ser,
    keyring,
    clock,
    log: log.child('users'),
  });
  return { keyring, storage, users, book: await openBook(site, storage, keyring) };
}

async function openBook({ tables: { subscriber, uri } }: Site, storage: Storage, keyring: Keyring): Promise<UserBook> {
  const tables = storage.ser;
  const shownIn = { ...(subscriber ? { subscriber } : {}), ...(uri ? { uri } : {}) };
  if (subscriber && (await tables.open('subscriber', subscriber)).attached)
    return attachedBook({ tables, ...shownIn, subscriber });
  return localBook({ store: storage.users, keyring, clock: systemClock, shownIn });
}

/** Said before anything is read or written there, so that nothing is half-made. */
async function makeDataDirectory(dataDir: string): Promise<void> {
  try {
    await makeDirectories(dataDir);
    await access(dataDir, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const code = String((cause as NodeJS.ErrnoException).code);
    const why = { EACCES: 'permission denied', EEXIST: 'it is no directory', EROFS: 'the file system is read-only' };
    throw new GatehouseError('DATA_DIRECTORY', `the data directory cannot be used: ${why[code as 'EACCES'] ?? code}`, {
      where: dataDir,
      hint: 'name another with --data DIR, or let this user write there',
      cause,
    });
  }
}

/** Step by step: Node's own `recursive` never comes back where the file system makes nothing, as in /proc. */
async function makeDirectories(path: string): Promise<void> {
  const make = () => mkdir(path, { mode: 0o700 });
  await make().catch(async (error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return makeDirectories(dirname(path)).then(make);
    if (error.code !== 'EEXIST' || !statSync(path).isDirectory()) throw error;
  });
}

/** Two servers on one data directory would both believe that the audit trail is theirs. */
async function refuseSecondServer(dataDir: string): Promise<void> {
  const running = await connectControl(controlSocketOf(dataDir)).catch(() => undefined);
  if (running === undefined) return;
  const { pid } = await running.status();
  throw new GatehouseError('SERVER_RUNNING', `a server runs on this data directory already (process ${pid})`, {
    where: dataDir,
    hint: `stop it first (kill ${pid}), or name another data directory with --data DIR`,
  });
}

function administrationOf(
  site: Site,
  ground: Ground,
  dataDir: string,
  contacts: ContactTables,
  sessions: SessionDirectory | undefined,
  status: () => ReturnType<Administration['status']>,
): Administration {
  const { storage, keyring, users, book } = ground;
  return createAdministration({
    clock: systemClock,
    journal: storage.journal,
    book,
    contacts,
    ...(sessions ? { sessions } : {}),
    changed: (name) => users.forget(name),
    defaultDomain: site.config.users.default_domain,
    auditDirectory: join(dataDir, 'audit'),
    auditKey: keyring.derive('audit'),
    actor: sessions ? 'server' : 'command line',
    status,
  });
}

/** What an administrator should know at every start; what is merely without effect is for `check` to tell. */
function notesOf(warnings: readonly Problem[]): string[] {
  const grave = warnings.filter(({ code }) => code !== 'SCRIPT_IGNORED');
  return grave.map(({ file, line, message }) => `${file}:${line}: ${message}`);
}
