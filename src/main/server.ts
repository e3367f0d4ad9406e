/**
 * A running server: builds the gate on storage, opens the doors in order, reloads and stops them.
 */
import { join } from 'node:path';
import { createAdministration } from '../core/admin/administration.ts';
import { checkAdminPassword, createAdmins } from '../core/admin/admins.ts';
import type { Administration, ReloadReport } from '../core/admin/types.ts';
import { searchTrail } from '../core/audit/search.ts';
import { KeyCalls } from '../core/callback/key-calls.ts';
import { controlSocketOf } from '../core/control/client.ts';
import { auditDirectoryOf, holdForServer, prepareDataDirectory } from '../core/control/data-directory.ts';
import type { Door, HealthItem, Listener, PreparedChange } from '../core/doors/types.ts';
import { CodePlaces } from '../core/gate/code-places.ts';
import { createGate } from '../core/gate/gate.ts';
import { offerGateMetrics } from '../core/gate/metrics.ts';
import { Limits } from '../core/limits/limits.ts';
import { openPlacesFile } from '../core/limits/places-file.ts';
import { NonceCounts } from '../core/proofs/nonce-counts.ts';
import { DoorUsers } from '../core/realms/door-users.ts';
import { SessionDirectory } from '../core/sessions/directory.ts';
import { RefreshCounts } from '../core/sessions/refresh-counts.ts';
import { offerSmsMetrics } from '../core/sms/metrics.ts';
import { databaseName } from '../core/storage/choose.ts';
import { loadFramework } from '../doors/console/app.ts';
import { createConsoleDoor } from '../doors/console/door.ts';
import { createOtpDoor } from '../doors/otp/door.ts';
import { createRadiusDoor } from '../doors/radius/door.ts';
import { createSipDoor, type SipChoice, type SipDoor } from '../doors/sip/door.ts';
import type { ScriptErrorCode } from '../doors/sip/script/errors.ts';
import type { LoadedScript } from '../doors/sip/script/load.ts';
import { scriptTables } from '../doors/sip/ser-tables.ts';
import { systemClock } from '../platform/clock.ts';
import { GatehouseError } from '../platform/errors.ts';
import type { Helper } from '../platform/helper/helper.ts';
import type { RootLog } from '../platform/log-pino.ts';
import { createMetrics } from '../platform/metrics.ts';
import type { Problem } from '../platform/problems.ts';
import { withoutPasswords } from '../platform/redact.ts';
import { TimerWheel } from '../platform/timer-wheel.ts';
import { version } from '../platform/version.ts';
import { administrationParts } from './beside.ts';
import { type Ground, layGround, openUsers } from './ground.ts';
import { openHooks } from './hooks.ts';
import { refuseNewPrograms } from './permits.ts';
import { Reloads } from './reload.ts';
import { beginAsUser } from './rights.ts';
import { configuration, readSite, type Site, type StartOptions } from './site.ts';

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
  /** It ends itself because something failed that only a new start cures. */
  hasFailed(): boolean;
  stop(withinMs: number): Promise<void>;
}

/** Loaded where they are configured. */
const portalDoor = () => import('../doors/portal/door.ts');
const dialDoor = () => import('../doors/dial/door.ts');

/** Seconds that a nonce lives when ser.cfg does not say, and how far a clock may be off. */
const NONCE_EXPIRE = 300;
const NONCE_SLACK = 60;
/** How often expired challenges are let go. */
const CHALLENGES_MS = 60_000;
/** How long a stop waits for hooks to be told. */
const LAST_NOTICES_MS = 1_000;

/** Errors: ProblemsError with everything that is wrong with the configuration; those of storage, keys and listeners. */
export async function startServer(options: StartOptions): Promise<Server> {
  const { dataDir, environment } = options;
  const adminPassword = environment.GATEHOUSE_ADMIN_PASSWORD || undefined;
  // No child and no thread of ours gets it.
  delete environment.GATEHOUSE_ADMIN_PASSWORD;
  const { site, log, helper, ...begun } = await beginAsUser(options, loadDoors);
  const notes = [...begun.notes, ...(await prepareDataDirectory(dataDir))];
  const lock = await holdForServer(dataDir);
  try {
    const ground = await layGround(site, options, log, loadFramework);
    try {
      if (adminPassword !== undefined && (await ground.storage.admins.count()) === 0) checkAdminPassword(adminPassword);
      const server = await openDoors(site, ground, helper, options, log, adminPassword);
      return {
        ...server,
        notes: [...notes, ...server.notes],
        hasFailed: begun.hasFailed,
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

async function loadDoors({ portal, config }: Site): Promise<void> {
  if (portal) await portalDoor();
  if (config.dial.lines.length > 0) await dialDoor();
}

async function openDoors(
  site: Site,
  ground: Ground,
  helper: Helper,
  options: StartOptions,
  log: RootLog,
  adminPassword: string | undefined,
): Promise<Omit<Server, 'hasFailed'>> {
  const clock = systemClock;
  const { keyring, storage, users, rules, tokens } = ground;
  const startedAt = new Date(clock.now()).toISOString();
  const metrics = createMetrics({ version });
  const hooks = openHooks({
    config: site.config.hooks,
    journal: storage.journal,
    clock,
    log: log.child('hooks'),
    metrics,
  });
  const { journal } = hooks;
  const wheel = new TimerWheel({ clock, onError: (error) => log.error('a timer failed', { error: String(error) }) });
  const doors: Door[] = [];
  const sessions = new SessionDirectory(() => doors);
  const known = await openPlacesFile(join(options.dataDir, 'places'), log.child('limits'));
  const limits = new Limits(wheel, clock, {}, known.places);
  const nonceCounts = new NonceCounts({ clock, lifetimeMs: nonceLifeMs(site.sip.script) });
  const codePlaces = new CodePlaces({ journal, rows: storage.tokens, key: keyring.derive('code-places') });
  await codePlaces.load(clock.now());
  const doorUsers = new DoorUsers({
    realms: ground.realms,
    local: users.local,
    kept: () => ground.kept,
    maps: site.config.users.realms,
  });
  const keyCalls = new KeyCalls({
    caller: () => sip.calls,
    rules: () => inForce.config.sip.call_back,
    numbers: ground.numbers,
    codePlaces,
    lock: (login) => administration('call back').lockUser(login),
    journal,
    clock,
    log: log.child('gate'),
  });
  const gate = createGate({
    clock,
    log: log.child('gate'),
    journal,
    limits,
    nonceCounts,
    policy: rules,
    locks: ground.locks,
    hooks: hooks.hooks,
    sessions,
    refreshes: new RefreshCounts(journal, clock),
    codes: tokens.codes,
    codePlaces,
    keyCalls,
    numbers: ground.numbers,
    source: (door) => doorUsers.of(door),
  });
  const sip: SipDoor = createSipDoor({
    ...sipChoice(site),
    dns: site.config.sip.dns,
    longestCall: site.config.sip.longest_call,
    rows: storage.tokens,
    callBack: site.config.sip.call_back,
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
  const sweeping = setInterval(() => tokens.sweep(), CHALLENGES_MS).unref();
  offerGateMetrics(metrics, gate.stats, nonceCounts);
  offerSmsMetrics(metrics, ground.sms);
  metrics.gauge('gatehouse_storage_waiting', 'Changes that wait to be durable.', () => storage.waiting(), []);
  metrics.gauge('gatehouse_storage_asking', 'Questions to the database without an answer.', () => storage.asking(), []);
  metrics.gauge('gatehouse_gate_timers', 'Timers of the gate that run.', () => wheel.size, []);
  metrics.gauge('gatehouse_token_owners', 'Owners whose tokens are in memory.', () => tokens.sizes().owners, []);
  metrics.gauge('gatehouse_challenges', 'Challenges that have not expired.', () => tokens.sizes().challenges, []);
  metrics.gauge('gatehouse_users_waiting', 'Users that are being read.', () => users.waiting, []);
  const admins = createAdmins({ store: storage.admins, limits, journal, clock });
  const health = (): HealthItem[] => [
    ...storage.health(),
    ...rules.health(),
    ...ground.sms.health(),
    ...ground.realms.health(),
    ...doorUsers.health(),
    ...hooks.health(),
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
  const otp = createOtpDoor({
    clock,
    log: log.child('otp'),
    sessionKey: keyring.derive('otp-sessions'),
    verifyAdmin: admins.verify,
    policy: rules,
    gate,
    realms: ground.realms,
    tokens: tokens.desk,
    challenges: { status: (one) => [...keyCalls.status(one), ...tokens.challenges.status(one)] },
    config: tokens.config,
    believed: () => inForce.config.otp,
    searchAudit: (query) => searchTrail(auditDirectoryOf(options.dataDir), keyring.derive('audit'), query),
    administration,
  });
  const http = createConsoleDoor({
    listen: site.config.http.listen,
    tls: site.config.http.tls,
    names: () => inForce.config.http.names,
    controlSocket: controlSocketOf(options.dataDir),
    webSockets: sip.webSockets,
    administration,
    health,
    metrics,
    verifyAdmin: admins.verify,
    routes: site.config.otp.enabled ? [otp] : [],
    log: log.child('http'),
  });

  const portal =
    site.portal &&
    (await portalDoor()).createPortalDoor({
      settings: site.portal,
      gate,
      journal,
      tables: storage.ser,
      users: doorUsers.of('portal'),
      vouchers: ground.vouchers,
      programs: helper,
      clock,
      log: log.child('portal'),
      setLogLevel: (level) => log.setLevel(level),
      shutDown: () => process.kill(process.pid, 'SIGTERM'),
    });

  const radius = createRadiusDoor({
    config: site.config.radius,
    clients: ground.radiusClients,
    nativeUdp: site.config.sip.native_udp,
    gate,
    journal,
    rows: storage.tokens,
    realms: ground.realms,
    users: doorUsers.kept,
    directory: sessions,
    clock,
    log: log.child('radius'),
    metrics,
  });

  const dial =
    site.config.dial.lines.length > 0 &&
    (await dialDoor()).createDialDoor({
      config: () => ({ ...inForce.config.dial, lines: site.config.dial.lines }),
      gate,
      policy: rules,
      users: doorUsers.of('dial'),
      numbers: ground.numbers,
      journal,
      programs: helper,
      clock,
      log: log.child('dial'),
      metrics,
    });

  wheel.run();
  // Health is served last, so that whoever waits for it finds everything open.
  for (const door of [sip, ...(portal ? [portal] : []), radius, ...(dial ? [dial] : []), http]) {
    try {
      await door.start();
      doors.push(door);
    } catch (error) {
      await stopAll(1000);
      throw error;
    }
  }
  ground.sms.resume();
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
      await Promise.all([ground.sms.close(), hooks.close(LAST_NOTICES_MS)]);
      await ground.realms.close();
      await Promise.all([helper.close(), ground.helper.close(), storage.close()]);
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
    refuseNewPrograms(site, next);
    const change = await sip.prepare(sipChoice(next));
    const portalChange = portal && next.portal ? portal.prepare(next.portal) : undefined;
    const domain = () => ground.defaultDomain;
    const home = await openUsers(scriptTables(change.script, openDatabase), storage, keyring, users, domain);
    return {
      waiting: [...change.waiting, ...(portalChange?.waiting ?? [])],
      changed: portalChange?.changed ?? [],
      adopt() {
        change.adopt();
        portalChange?.adopt();
        Object.assign(ground, home);
        ground.defaultDomain = next.config.users.default_domain;
        nonceCounts.coverLifetime(nonceLifeMs(change.script));
        ground.sms.configure(next.config.sms);
        radius.setClients(next.config.radius.clients);
        log.setLevel(next.config.log.level);
        inForce = next;
      },
    };
  }

  async function stopAll(withinMs: number): Promise<void> {
    keyCalls.stop();
    await Promise.all(doors.map((door) => door.stop(withinMs)));
    clearInterval(sweeping);
    gate.flush();
    wheel.halt();
    await known.close();
  }
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
  'SCRIPT_UNAUTHENTICATED',
]);

function notesOf(warnings: readonly Problem[]): string[] {
  const told = warnings.filter(({ code }) => GRAVE.has(code) || !code.startsWith('SCRIPT_'));
  const notes = told.map(({ file, line, message }) => `${file}:${line}: ${message}`);
  const rest = warnings.filter((one) => !told.includes(one) && one.code !== 'SCRIPT_IGNORED').length;
  if (rest > 0)
    notes.push(`${rest} more ${rest === 1 ? 'warning' : 'warnings'} about the script: gatehouse check tells`);
  return notes;
}
