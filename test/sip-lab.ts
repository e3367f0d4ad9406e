/**
 * The whole SIP door within the test's process: real storage on SQLite in a directory of its own, the real gate, a script given as text,
 * real sockets on loopback unless the seams say otherwise. Its clock can be put forward.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createAdministration } from '../src/core/admin/administration.ts';
import { localBook } from '../src/core/admin/local-book.ts';
import type { Administration } from '../src/core/admin/types.ts';
import type { UserBook } from '../src/core/admin/user-book.ts';
import type { WaitingChange } from '../src/core/doors/types.ts';
import { createGate } from '../src/core/gate/gate.ts';
import { noHooks } from '../src/core/hooks/hooks.ts';
import { Limits } from '../src/core/limits/limits.ts';
import { PolicyRules } from '../src/core/policy/rules.ts';
import { NonceCounts } from '../src/core/proofs/nonce-counts.ts';
import { RadiusClientList } from '../src/core/radius/clients.ts';
import { fakeRealms } from '../src/core/realms/fake.ts';
import { type Keyring, openOrCreateKeyring } from '../src/core/secrets/keyring.ts';
import { SessionDirectory } from '../src/core/sessions/directory.ts';
import { RefreshCounts } from '../src/core/sessions/refresh-counts.ts';
import { CodeSender } from '../src/core/sms/sender.ts';
import type { Storage } from '../src/core/storage/types.ts';
import { fakeTokens } from '../src/core/tokens/fake.ts';
import { LockedNames } from '../src/core/users/locked-names.ts';
import { NameLocks } from '../src/core/users/name-locks.ts';
import { UserNumbers } from '../src/core/users/numbers.ts';
import { UserRegistry } from '../src/core/users/registry.ts';
import { Vouchers } from '../src/core/vouchers/vouchers.ts';
import type { SipConfig } from '../src/doors/sip/config.ts';
import { createSipDoor, type DoorSeams, type SipDoor } from '../src/doors/sip/door.ts';
import { DigestRuleBook } from '../src/doors/sip/modules/auth/digest-rules.ts';
import { modules } from '../src/doors/sip/modules/modules.ts';
import { loadScript } from '../src/doors/sip/script/load.ts';
import { type ScriptTables, scriptTables } from '../src/doors/sip/ser-tables.ts';
import type { SipOptions } from '../src/doors/sip/services.ts';
import { hostPort } from '../src/doors/sip/transport/point.ts';
import { type Clock, systemClock } from '../src/platform/clock.ts';
import { describeError } from '../src/platform/errors.ts';
import { type Log, silentLog } from '../src/platform/log.ts';
import type { Metrics, Reading } from '../src/platform/metrics.ts';
import { TimerWheel } from '../src/platform/timer-wheel.ts';
import { openStorage } from '../src/storage/open.ts';
import type { Cleanup } from './peers/cleanup.ts';

export const DOMAIN = 'hotel.example';

export interface LabOptions extends DoorSeams, Pick<GroundOptions, 'users' | 'folder' | 'tables'> {
  readonly script: string;
  readonly preloadedRoute?: SipOptions['preloadedRoute'];
  readonly digest?: DigestRuleBook;
  /** Without brackets; default: 127.0.0.1. */
  readonly address?: string;
  readonly clock?: SettableClock;
  /** Shared with others; default: one of its own, made as the other options say. */
  readonly ground?: LabGround;
  /** How users are rung; default: not at all. */
  readonly callBack?: SipConfig['call_back'];
}

export interface SipLab {
  readonly door: SipDoor;
  readonly clock: SettableClock;
  readonly wheel: TimerWheel;
  readonly administration: Administration;
  /** `127.0.0.1:PORT` or `[::1]:PORT` of the UDP socket; TCP has another port. */
  readonly udp: string;
  readonly tcpPort: number;
  /** Whatever the server logged as warning or error, with its fields. */
  readonly complaints: string[];
  /** A metric as it stands; `label`: the value of its label. */
  read(metric: string, label?: string): number;
  /** Puts the clock forward and lets the timers run that have become due, in steps of half a second. */
  advance(ms: number): void;
  /** Has another script serve from now on; gives what of it must wait for a restart. */
  reload(script: string): Promise<readonly WaitingChange[]>;
}

export interface SettableClock extends Clock {
  forward(ms: number): void;
}

/** Runs on from `start` in real time, or stands still, and can be put forward. */
export class LabClock implements SettableClock {
  #ahead = 0;
  readonly #moving: boolean;
  readonly #start: number;

  constructor(start?: number) {
    this.#moving = start === undefined;
    this.#start = start ?? 0;
  }

  now(): number {
    return this.#ahead + (this.#moving ? systemClock.now() : this.#start);
  }

  monotonic(): number {
    return this.#ahead + (this.#moving ? systemClock.monotonic() : 0);
  }

  forward(ms: number): void {
    this.#ahead += ms;
  }
}

const STEP_MS = 500;

export async function sipLab(t: Cleanup, options: LabOptions): Promise<SipLab> {
  const address = options.address ?? '127.0.0.1';
  const clock = options.clock ?? new LabClock();
  const complaints: string[] = [];
  const log = complaining(complaints);
  const wheel =
    options.wheel ??
    new TimerWheel({ clock, onError: (error) => log.error('a timer failed', { error: describeError(error) }) });
  const choice = {
    ...choiceOf(options.script),
    options: {
      preloadedRoute: options.preloadedRoute ?? 'pass',
      folder: '.',
      digest: options.digest ?? new DigestRuleBook(),
    } as const,
  };
  const { script } = choice;
  const nameOf = () => 'main';
  const ground = options.ground ?? (await layGround({ ...options, clock, log, shown: scriptTables(script, nameOf) }));
  const { storage, keyring, book, folder } = ground;
  const users = new UserRegistry({ store: storage.users, tables: storage.ser, keyring, clock, log });
  const sessions = new SessionDirectory(() => [door]);
  const rules = new PolicyRules();
  const locks = new LockedNames(storage.users, new NameLocks({ rows: storage.tokens, journal: storage.journal }));
  const gate = createGate({
    clock,
    log,
    journal: storage.journal,
    limits: new Limits(wheel, clock),
    nonceCounts: new NonceCounts({ clock, lifetimeMs: 360_000 }),
    policy: rules,
    locks,
    hooks: noHooks,
    sessions,
    refreshes: new RefreshCounts(storage.journal, clock),
    source: () => users.local,
  });
  const administration = (actor: string) =>
    createAdministration({
      clock,
      journal: storage.journal,
      book,
      contacts: door,
      policies: storage.policies,
      tables: storage.ser,
      findRows: scriptTables(script, nameOf).rows,
      rules,
      realms: fakeRealms(),
      radiusClients: new RadiusClientList({ rows: storage.tokens, journal: storage.journal, keyring }),
      configuredRadiusClients: [],
      vouchers: new Vouchers({ rows: storage.tokens, journal: storage.journal, keyring, clock }),
      tokens: fakeTokens(),
      locks,
      numbers: new UserNumbers({ store: storage.tokens, journal: storage.journal, key: keyring.derive('numbers') }),
      sms: new CodeSender({
        ...storage,
        rows: { read: async () => [] },
        classes: [],
        store: storage.smsProviders,
        keyring,
        rules,
        clock,
        log: silentLog,
      }),
      reload: () => Promise.reject(new Error('not in this lab')),
      management: door,
      sessions,
      changed: (name) => users.forget(name),
      defaultDomain: '',
      auditDirectory: join(folder, 'audit'),
      auditKey: keyring.derive('audit'),
      actor,
      setAdminPassword: async () => {},
      status: () => Promise.reject(new Error('not in this lab')),
    });
  const readings = new Map<string, Reading>();
  const door = createSipDoor({
    ...choice,
    clock,
    log,
    gate,
    journal: storage.journal,
    tables: storage.ser,
    rows: storage.tokens,
    database: nameOf,
    userSource: (spec, how) => users.source(spec, how),
    derive: (purpose) => keyring.derive(purpose),
    metrics: reading(readings),
    administration,
    ...(options.callBack ? { callBack: options.callBack } : {}),
    // The clock runs ahead of the event loop: nothing here is ever too busy.
    seams: { rested: () => clock.monotonic(), ...options, wheel },
  });
  await door.start();
  t.after(async () => {
    await door.stop(1000);
    gate.flush();
    if (options.ground === undefined) await ground.close();
  });
  const port = (what: string) => door.listeners().find((listener) => listener.what === what)?.port ?? 0;
  return {
    door,
    clock,
    wheel,
    administration: administration('lab'),
    udp: hostPort(address, port('sip udp')),
    tcpPort: port('sip tcp'),
    complaints,
    read,
    advance,
    async reload(text) {
      const change = await door.prepare({ ...choice, ...choiceOf(text) });
      change.adopt();
      return change.waiting;
    },
  };

  function choiceOf(text: string) {
    const { script, problems } = loadScript(text, { file: 'ser.cfg', modules });
    if (script === undefined) throw new Error(problems.map(({ line, message }) => `${line}: ${message}`).join('\n'));
    const listen = (['udp', 'tcp'] as const).map((protocol) => ({ protocol, address, port: 0 }));
    return { script, listen, domains: [DOMAIN] };
  }

  function read(metric: string, label?: string): number {
    const value = readings.get(metric)?.();
    if (typeof value === 'number') return value;
    const samples = [...(value ?? [])].filter(({ labels }) => !label || Object.values(labels).includes(label));
    if (samples.length === 0) throw new Error(`no metric ${metric} ${label ?? ''}`);
    return samples.reduce((sum, sample) => sum + sample.value, 0);
  }

  function advance(ms: number): void {
    for (let left = ms; left > 0; left -= STEP_MS) {
      clock.forward(Math.min(left, STEP_MS));
      wheel.advance();
    }
  }
}

/** Keys, database and users, which several labs may share. */
export interface LabGround {
  readonly keyring: Keyring;
  readonly storage: Storage;
  readonly book: UserBook;
  readonly folder: string;
  close(): Promise<void>;
}

export interface GroundOptions {
  /** Passwords by name. */
  readonly users?: Readonly<Record<string, string>>;
  /** The data directory, which outlives it; default: one of its own. */
  readonly folder?: string;
  /** SQL that makes tables of SER before Gatehouse sees the database. */
  readonly tables?: string;
  /** SER tables that show the users. */
  readonly shown?: Pick<ScriptTables, 'subscriber' | 'uri'>;
  readonly clock?: Clock;
  readonly log?: Log;
}

/** Whoever lays it closes it. */
export async function layGround(options: GroundOptions): Promise<LabGround> {
  const {
    clock = systemClock,
    log = silentLog,
    shown: { subscriber, uri } = { subscriber: undefined, uri: undefined },
  } = options;
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'gatehouse-lab-'));
  const database = join(folder, 'gatehouse.db');
  const keyring = await openOrCreateKeyring(join(folder, 'gatehouse.key'), existsSync(database));
  if (options.tables !== undefined) makeTables(database, options.tables);
  const storage = await openStorage({
    main: `sqlite:${database}`,
    attached: undefined,
    auditDir: join(folder, 'audit'),
    auditKey: keyring.derive('audit'),
    backupDir: join(folder, 'backup'),
    log,
    clock,
  });
  if (subscriber) await storage.ser.open('subscriber', subscriber);
  const book = localBook({
    store: storage.users,
    keyring,
    clock,
    shownIn: { ...(subscriber ? { subscriber } : {}), ...(uri ? { uri } : {}) },
  });
  const users = Object.entries(options.users ?? {});
  await book.addMany(
    users.map(([name, password]) => ({ login: { name, domain: DOMAIN }, password, email: '', mobile: '' })),
    [],
  );
  return { keyring, storage, book, folder, close };

  async function close(): Promise<void> {
    await storage.close();
    if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

function makeTables(file: string, sql: string): void {
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
}

function complaining(complaints: string[]): Log {
  const write = (message: string, fields?: Record<string, unknown>) =>
    void complaints.push(`${message} ${JSON.stringify(fields ?? {})}`);
  const log: Log = { ...silentLog, warn: write, error: write, child: () => log };
  return log;
}

function reading(readings: Map<string, Reading>): Metrics {
  const add = (name: string, _help: string, read: Reading) => void readings.set(name, read);
  return { counter: add, gauge: add, text: async () => '' };
}
