/**
 * The only place where parts are wired: reads the configuration, opens storage, builds the gate, opens the doors in order, and
 * gives the command line what it asks for.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { createAdministration } from './core/admin/administration.ts';
import { checkAdminPassword, createAdmins, setAdminPassword } from './core/admin/admins.ts';
import { attachedBook } from './core/admin/attached-book.ts';
import { localBook } from './core/admin/local-book.ts';
import { storedContacts } from './core/admin/stored-contacts.ts';
import type { Administration, ReloadReport } from './core/admin/types.ts';
import type { UserBook } from './core/admin/user-book.ts';
import { commandLineActor, connectControl, controlSocketOf } from './core/control/client.ts';
import {
  auditDirectoryOf,
  holdForServer,
  holdOrConnect,
  keyFileOf,
  prepareDataDirectory,
  requireDataDirectory,
} from './core/control/data-directory.ts';
import type { Door, HealthItem, Listener, PreparedChange } from './core/doors/types.ts';
import { createGate } from './core/gate/gate.ts';
import { offerGateMetrics } from './core/gate/metrics.ts';
import { noHooks } from './core/hooks/hooks.ts';
import { Limits } from './core/limits/limits.ts';
import { openPlacesFile } from './core/limits/places-file.ts';
import { PolicyRules } from './core/policy/rules.ts';
import { NonceCounts } from './core/proofs/nonce-counts.ts';
import { type Keyring, openOrCreateKeyring } from './core/secrets/keyring.ts';
import { SessionDirectory } from './core/sessions/directory.ts';
import { RefreshCounts } from './core/sessions/refresh-counts.ts';
import { SmsProviders } from './core/sms/providers.ts';
import { chooseDatabases, type DatabaseChoice, databaseName } from './core/storage/choose.ts';
import type { Storage } from './core/storage/types.ts';
import { UserRegistry } from './core/users/registry.ts';
import { loadFramework } from './doors/console/app.ts';
import { httpOptions } from './doors/console/config.ts';
import { createConsoleDoor } from './doors/console/door.ts';
import { sipConfig } from './doors/sip/config.ts';
import { createSipDoor, type SipChoice, type SipDoor } from './doors/sip/door.ts';
import { type CoreListing, listCore, listModules, type ModuleListing } from './doors/sip/listing.ts';
import { type PreparedSip, prepareSip, type ReadySip } from './doors/sip/prepare.ts';
import type { ScriptErrorCode } from './doors/sip/script/errors.ts';
import type { LoadedScript } from './doors/sip/script/load.ts';
import { type ScriptTables, scriptTables } from './doors/sip/ser-tables.ts';
import { type TraceReport, traceMessage } from './doors/sip/trace.ts';
import { type ReadFiles, Reloads } from './main/reload.ts';
import { systemClock } from './platform/clock.ts';
import { type LoadedConfig, loadConfig, requireConfig } from './platform/config/load.ts';
import { GatehouseError } from './platform/errors.ts';
import type { Log } from './platform/log.ts';
import { createLog, LOG_LEVELS, type RootLog } from './platform/log-pino.ts';
import { createMetrics } from './platform/metrics.ts';
import { asProblem, type Problem, ProblemsError } from './platform/problems.ts';
import { withoutPasswords } from './platform/redact.ts';
import { TimerWheel } from './platform/timer-wheel.ts';
import { version } from './platform/version.ts';
import { SMS_CLASSES } from './sms/classes.ts';
import { openStorage } from './storage/open.ts';
import { databaseLabel, parseDatabaseUrl } from './storage/url.ts';

export type { TraceReport } from './doors/sip/trace.ts';
export type { Problem } from './platform/problems.ts';
export { version } from './platform/version.ts';

export interface StartOptions {
  dataDir: string;
  readonly configFile?: string | undefined;
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
  /** As the command `reload`, on behalf of `by`. */
  reload(by: string): Promise<ReloadReport>;
  stop(withinMs: number): Promise<void>;
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
      'sqlite:PATH, mysql://user:password@host/name or postgres://user:password@host/name, with several hosts if need be; unset: the db_url of ser.cfg, else SQLite in the data directory.',
    ),
  log: z
    .strictObject({
      level: z.enum(LOG_LEVELS).default('info').describe('The least that is logged.').meta({ live: true }),
    })
    .prefault({}),
  users: z
    .strictObject({
      default_domain: z
        .string()
        .max(255)
        .default('')
        .describe('Domain of logins written without one (SIP_DOMAIN).')
        .meta({ live: true }),
      trust_seconds: z
        .number()
        .min(0)
        .max(3600)
        .default(5)
        .describe(
          'How long a user of an attached table is trusted before the row is read again: other tools may change it.',
        ),
    })
    .prefault({}),
  sip: sipConfig.prefault({}),
  http: httpOptions.prefault({}),
});

/** Seconds that a nonce lives when ser.cfg does not say, and how far a clock may be off. */
const NONCE_EXPIRE = 300;
const NONCE_SLACK = 60;

/** The configuration and script, read and found good. */
interface Site extends ReadFiles {
  readonly config: z.output<typeof configuration>;
  readonly sip: ReadySip;
  readonly databases: DatabaseChoice;
  readonly tables: ScriptTables;
}

/** What stands when storage is open: the part that a server and a command beside a stopped one share. */
interface Ground {
  readonly keyring: Keyring;
  readonly storage: Storage;
  readonly users: UserRegistry;
  readonly rules: PolicyRules;
  readonly sms: SmsProviders;
  /** Where administration adds and changes users: our own tables, or the attached subscriber table as SER fills it. */
  book: UserBook;
}

/** Errors: ProblemsError with everything that is wrong with the configuration; those of storage, keys and listeners. */
export async function startServer(options: StartOptions): Promise<Server> {
  const { dataDir, environment } = options;
  const adminPassword = environment.GATEHOUSE_ADMIN_PASSWORD || undefined;
  // No child and no thread of ours gets it.
  delete environment.GATEHOUSE_ADMIN_PASSWORD;
  const site = readSite(options);
  const notes = await prepareDataDirectory(dataDir);
  const lock = await holdForServer(dataDir);
  try {
    const log = createLog({ level: site.config.log.level });
    const ground = await layGround(site, options, log, loadFramework);
    try {
      if (adminPassword !== undefined && (await ground.storage.admins.count()) === 0) checkAdminPassword(adminPassword);
      const server = await openDoors(site, ground, options, log, adminPassword);
      return {
        ...server,
        notes: [...notes, ...server.notes],
        stop: (withinMs) => server.stop(withinMs).finally(lock.release),
      };
    } catch (error) {
      await ground.storage.close();
      throw error;
    }
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function openDoors(
  site: Site,
  ground: Ground,
  options: StartOptions,
  log: RootLog,
  adminPassword: string | undefined,
): Promise<Server> {
  const clock = systemClock;
  const { keyring, storage, users, rules } = ground;
  const { journal } = storage;
  const startedAt = new Date(clock.now()).toISOString();
  const metrics = createMetrics({ version });
  const wheel = new TimerWheel({ clock, onError: (error) => log.error('a timer failed', { error: String(error) }) });
  const doors: Door[] = [];
  const sessions = new SessionDirectory(() => doors);
  const known = await openPlacesFile(join(options.dataDir, 'places'), log.child('limits'));
  const limits = new Limits(wheel, clock, {}, known.places);
  const nonceCounts = new NonceCounts({ clock, lifetimeMs: nonceLifeMs(site.sip.script) });
  const gate = createGate({
    clock,
    log: log.child('gate'),
    journal,
    limits,
    nonceCounts,
    policy: rules,
    hooks: noHooks,
    sessions,
    refreshes: new RefreshCounts(journal, clock),
    source: () => users.local,
  });
  const sip: SipDoor = createSipDoor({
    ...sipChoice(site),
    dns: site.config.sip.dns,
    nativeUdp: site.config.sip.native_udp,
    clock,
    log: log.child('sip'),
    gate,
    journal,
    tables: storage.ser,
    database: openDatabase,
    userSource: (spec, how) => users.source(spec, how),
    derive: (purpose) => keyring.derive(purpose),
    metrics,
    administration: (actor) => administration(actor),
    shutDown: () => process.kill(process.pid, 'SIGTERM'),
  });
  offerGateMetrics(metrics, gate.stats, nonceCounts);
  metrics.gauge('gatehouse_storage_waiting', 'Changes that wait to be durable.', () => storage.waiting(), []);
  metrics.gauge('gatehouse_storage_asking', 'Questions to the database without an answer.', () => storage.asking(), []);
  metrics.gauge('gatehouse_gate_timers', 'Timers of the gate that run.', () => wheel.size, []);
  metrics.gauge('gatehouse_users_waiting', 'Users that are being read.', () => users.waiting, []);
  const admins = createAdmins({ store: storage.admins, limits, journal, clock });
  const health = (): HealthItem[] => [
    ...storage.health(),
    ...rules.health(),
    ...doors.flatMap((door) => door.health()),
    ...reloads.health(),
  ];
  const status: Administration['status'] = async () => ({
    version,
    startedAt,
    pid: process.pid,
    health: health().map(({ code, severity, text, since }) => ({
      code,
      severity,
      text,
      since: since === undefined ? null : new Date(since).toISOString(),
    })),
  });
  let inForce = site;
  /** Read last, perhaps in vain. */
  let latest = site;
  const reloads = new Reloads<Site>({
    schema: configuration,
    started: site,
    read: () => {
      latest = readSite(options);
      return latest;
    },
    prepare,
    clock,
    log,
  });
  const administration = (actor: string) =>
    createAdministration({
      ...administrationParts(inForce, ground, options.dataDir),
      contacts: sip,
      management: sip,
      sessions,
      status,
      reload: (by, record) => reloads.reload(by, record),
      actor,
      setAdminPassword: admins.setPassword,
    });
  const http = createConsoleDoor({
    listen: site.config.http.listen,
    names: () => inForce.config.http.names,
    controlSocket: controlSocketOf(options.dataDir),
    webSockets: sip.webSockets,
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
  const first = await admins.ensureFirst(adminPassword);
  return {
    listeners: () => doors.flatMap((door) => door.listeners()),
    ...(first ? { firstAdmin: { name: first.name, password: first.generated } } : {}),
    notes: [...storage.report.warnings, ...sip.warnings, ...notesOf(site.warnings)],
    database: storage.report.main,
    dataDir: options.dataDir,
    serCfg: site.serCfg,
    reload: (by) => administration(by).reload(),
    stop: async (withinMs) => {
      // Storage takes up to two seconds for what is under way and two for a database that does not answer.
      await stopAll(Math.max(0, withinMs - 3_000));
      await ground.sms.close();
      await storage.close();
    },
  };

  /** Of those that are open; a script that is loaded later may name another. */
  function openDatabase(url: string): string {
    const { main, attached } = site.databases;
    if (url === '' || url === main || url === attached) return databaseName(site.databases, url);
    const where = latest.sip.databaseUrls.find((one) => one.url === url)?.where;
    throw new GatehouseError('SER_DB_URL', `${withoutPasswords(url)} is not open`, {
      ...(where ? { where } : {}),
      hint: 'databases are opened by a start: restart the server',
    });
  }

  async function prepare(next: Site): Promise<PreparedChange> {
    const change = await sip.prepare(sipChoice(next));
    const book = await openBook(scriptTables(change.script, openDatabase), storage, keyring);
    return {
      waiting: change.waiting,
      adopt() {
        change.adopt();
        ground.book = book;
        nonceCounts.coverLifetime(nonceLifeMs(change.script));
        log.setLevel(next.config.log.level);
        inForce = next;
      },
    };
  }

  async function stopAll(withinMs: number): Promise<void> {
    await Promise.all(doors.map((door) => door.stop(withinMs)));
    gate.flush();
    wheel.halt();
    await known.close();
  }
}

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
    const ground = await layGround(site, options, createLog({ level: 'error' }));
    const close = async () => {
      await ground.sms.close();
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

function notRunning(): never {
  throw new GatehouseError('SERVER_NOT_RUNNING', 'the server does not run', { hint: 'start it with: gatehouse up' });
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
  try {
    if (sip.ready) report.decisions.push(...databaseDecisions(loaded, sip.ready, options.dataDir));
  } catch (error) {
    if (!(error instanceof GatehouseError)) throw error;
    report.problems.push(asProblem(error));
  }
  report.decisions.push(...sip.decisions);
  return report;
}

/** One message through the script, without a network. Errors: ProblemsError with those of configuration and script. */
export async function trace(
  options: StartOptions & { message: string; results: ReadonlyMap<string, number> },
): Promise<TraceReport> {
  const { config, sip } = readSite(options);
  return traceMessage(sip, options.message, { domains: config.sip.domains, results: options.results });
}

/** What a ser.cfg can use. */
export function listScriptModules(): { core: CoreListing; modules: ModuleListing[] } {
  return { core: listCore(), modules: listModules() };
}

function databaseDecisions(loaded: LoadedConfig<Site['config']>, sip: ReadySip, dataDir: string): Decision[] {
  const { main, attached, reason } = databasesOf(loaded, sip, dataDir);
  const shown = (url: string) => databaseLabel(parseDatabaseUrl(url));
  const decisions: Decision[] = [{ what: 'database', value: shown(main), effect: reason, group: 'main' }];
  if (attached)
    decisions.push({ what: 'attached', value: shown(attached), effect: 'db_url of ser.cfg', group: 'main' });
  return decisions;
}

/** Errors: SER_DB_URLS_DIFFER, BAD_DATABASE_URL with the place that it stands at. */
function databasesOf(loaded: LoadedConfig<Site['config']>, sip: ReadySip, dataDir: string): DatabaseChoice {
  const configured = loaded.values?.database;
  const fallback = `sqlite:${join(dataDir, 'gatehouse.db')}`;
  const choice = chooseDatabases({ configured, script: sip.databaseUrls, fallback });
  for (const url of [choice.main, choice.attached]) {
    if (url === undefined) continue;
    try {
      parseDatabaseUrl(url);
    } catch (error) {
      if (!(error instanceof GatehouseError)) throw error;
      const { message, hint = '' } = error;
      const inScript = sip.databaseUrls.find((one) => one.url === url);
      const where = url === configured ? loaded.whereIs(['database']) : inScript?.where;
      throw new GatehouseError('BAD_DATABASE_URL', message, { hint, ...(where ? { where } : {}), cause: error });
    }
  }
  return choice;
}

function readSite(options: StartOptions): Site {
  const { configFile, environment } = options;
  const loaded = loadConfig({ ...(configFile ? { file: configFile } : {}), environment, schema: configuration });
  const config = requireConfig(loaded);
  const prepared: PreparedSip = prepareSip(config.sip, options.serCfg);
  const sip = prepared.ready;
  if (sip === undefined) throw new ProblemsError('CONFIG_INVALID', prepared.problems);
  const databases = databasesOf(loaded, sip, options.dataDir);
  const tables = scriptTables(sip.script, (url) => databaseName(databases, url));
  const serCfg = prepared.file;
  const files = [...(configFile ? [configFile] : []), serCfg];
  const { whereIs } = loaded;
  return { config, sip, serCfg, files, scriptText: sip.text, whereIs, databases, tables, warnings: prepared.problems };
}

/** `meanwhile`: what this thread can do while the one of storage starts. */
async function layGround(
  site: Site,
  { dataDir, environment }: StartOptions,
  log: Log,
  meanwhile: () => Promise<unknown> = async () => {},
): Promise<Ground> {
  const clock = systemClock;
  const auditDir = auditDirectoryOf(dataDir);
  const keyring = await openOrCreateKeyring(keyFileOf(dataDir), existsSync(auditDir));
  const opening = openStorage({
    main: site.databases.main,
    attached: site.databases.attached,
    password: environment.PW,
    auditDir,
    auditKey: keyring.derive('audit'),
    backupDir: join(dataDir, 'backup'),
    log: log.child('storage'),
    clock,
  });
  // Whoever needs it asks again, and hears of a failure there.
  meanwhile().catch(() => {});
  const storage = await opening;
  const rules = new PolicyRules();
  const sms = new SmsProviders({ classes: SMS_CLASSES, store: storage.smsProviders, keyring });
  try {
    await keyring.checkKey(storage.meta);
    rules.replace(await storage.policies.list());
    await sms.load();
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
    trustMs: 1000 * site.config.users.trust_seconds,
  });
  return { keyring, storage, users, rules, sms, book: await openBook(site.tables, storage, keyring) };
}

async function openBook({ subscriber, uri }: ScriptTables, storage: Storage, keyring: Keyring): Promise<UserBook> {
  const tables = storage.ser;
  const shownIn = { ...(subscriber ? { subscriber } : {}), ...(uri ? { uri } : {}) };
  if (subscriber && (await tables.open('subscriber', subscriber)).attached)
    return attachedBook({ tables, ...shownIn, subscriber });
  return localBook({ store: storage.users, keyring, clock: systemClock, shownIn });
}

/** What the administration of a running server and that beside a stopped one share. */
function administrationParts(site: Site, { storage, keyring, users, book, rules, sms }: Ground, dataDir: string) {
  return {
    clock: systemClock,
    journal: storage.journal,
    book,
    policies: storage.policies,
    tables: storage.ser,
    findRows: site.tables.rows,
    rules,
    sms,
    changed: (name: string) => users.forget(name),
    defaultDomain: site.config.users.default_domain,
    auditDirectory: auditDirectoryOf(dataDir),
    auditKey: keyring.derive('audit'),
  };
}

/** What the SIP door takes from the files, at the start and later. */
function sipChoice({ sip, config }: Site): SipChoice {
  const { script, listen, tls, options } = sip;
  return { script, listen, tls, options, webSocket: config.sip.websocket, domains: config.sip.domains };
}

function nonceLifeMs({ uses }: LoadedScript): number {
  return 1000 * (Number(uses.parametersOf('auth')?.nonce_expire ?? NONCE_EXPIRE) + NONCE_SLACK);
}

/** Warnings of the script that an administrator should see at every start; all of them are for `check` to tell. */
const GRAVE: ReadonlySet<string> = new Set<ScriptErrorCode>([
  'SCRIPT_CLEAR_PASSWORDS',
  'SCRIPT_MEMORY_ONLY',
  'SCRIPT_NEVER_AUTHENTICATED',
  'SCRIPT_OPEN_RELAY',
  'SCRIPT_PASSWORD_COLUMN',
  'SCRIPT_PRELOADED_ROUTE',
]);

function notesOf(warnings: readonly Problem[]): string[] {
  const told = warnings.filter(({ code }) => GRAVE.has(code) || !code.startsWith('SCRIPT_'));
  const notes = told.map(({ file, line, message }) => `${file}:${line}: ${message}`);
  const rest = warnings.filter((one) => !told.includes(one) && one.code !== 'SCRIPT_IGNORED').length;
  if (rest > 0)
    notes.push(`${rest} more ${rest === 1 ? 'warning' : 'warnings'} about the script: gatehouse check tells`);
  return notes;
}
