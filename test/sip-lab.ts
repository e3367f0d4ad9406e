/**
 * The whole SIP door within the test's process: real storage on SQLite in a directory of its own, the real gate, a script given as text,
 * real sockets on loopback unless the seams say otherwise. Its clock can be put forward.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localBook } from '../src/core/admin/local-book.ts';
import { createGate } from '../src/core/gate/gate.ts';
import { noHooks } from '../src/core/hooks/hooks.ts';
import { Limits } from '../src/core/limits/limits.ts';
import { openPolicy } from '../src/core/policy/policy.ts';
import { NonceCounts } from '../src/core/proofs/nonce-counts.ts';
import { createKeyring } from '../src/core/secrets/keyring.ts';
import { SessionDirectory } from '../src/core/sessions/directory.ts';
import { RefreshCounts } from '../src/core/sessions/refresh-counts.ts';
import { chooseDatabases, databaseName } from '../src/core/storage/choose.ts';
import { UserRegistry } from '../src/core/users/registry.ts';
import { createSipDoor, type DoorSeams, type SipDoor } from '../src/doors/sip/door.ts';
import { modules } from '../src/doors/sip/modules/modules.ts';
import { loadScript } from '../src/doors/sip/script/load.ts';
import { scriptTables } from '../src/doors/sip/ser-tables.ts';
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

export interface LabOptions extends DoorSeams {
  readonly script: string;
  readonly preloadedRoute?: SipOptions['preloadedRoute'];
  /** Without brackets; default: 127.0.0.1. */
  readonly address?: string;
  /** Passwords by name. */
  readonly users?: Readonly<Record<string, string>>;
  readonly clock?: LabClock;
}

export interface SipLab {
  readonly door: SipDoor;
  readonly clock: LabClock;
  readonly wheel: TimerWheel;
  /** `127.0.0.1:PORT` or `[::1]:PORT` of the UDP socket; TCP has another port. */
  readonly udp: string;
  readonly tcpPort: number;
  /** Whatever the server logged as warning or error, with its fields. */
  readonly complaints: string[];
  /** A metric as it stands; `label`: the value of its label. */
  read(metric: string, label?: string): number;
  /** Puts the clock forward and lets the timers run that have become due, in steps of half a second. */
  advance(ms: number): void;
}

/** Runs on from `start` in real time, or stands still, and can be put forward. */
export class LabClock implements Clock {
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
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-lab-'));
  const address = options.address ?? '127.0.0.1';
  const clock = options.clock ?? new LabClock();
  const complaints: string[] = [];
  const log = complaining(complaints);
  const wheel =
    options.wheel ??
    new TimerWheel({ clock, onError: (error) => log.error('a timer failed', { error: describeError(error) }) });
  const { script, problems } = loadScript(options.script, { file: 'ser.cfg', modules });
  if (script === undefined) throw new Error(problems.map(({ line, message }) => `${line}: ${message}`).join('\n'));
  const databases = chooseDatabases({
    configured: undefined,
    script: [],
    fallback: `sqlite:${join(folder, 'gatehouse.db')}`,
  });
  const keyring = await createKeyring(join(folder, 'gatehouse.key'));
  const storage = await openStorage({
    main: databases.main,
    attached: databases.attached,
    auditDir: join(folder, 'audit'),
    auditKey: keyring.derive('audit'),
    backupDir: join(folder, 'backup'),
    log,
    clock,
  });
  const database = (url: string) => databaseName(databases, url);
  const { subscriber, uri } = scriptTables(script, database);
  if (subscriber) await storage.ser.open('subscriber', subscriber);
  const book = localBook({
    store: storage.users,
    keyring,
    clock,
    shownIn: { ...(subscriber ? { subscriber } : {}), ...(uri ? { uri } : {}) },
  });
  await book.addMany(
    Object.entries(options.users ?? {}).map(([name, password]) => ({
      login: { name, domain: DOMAIN },
      password,
      email: '',
    })),
    [],
  );
  const users = new UserRegistry({ store: storage.users, tables: storage.ser, keyring, clock, log });
  const sessions = new SessionDirectory(() => [door]);
  const gate = createGate({
    clock,
    log,
    journal: storage.journal,
    limits: new Limits(wheel, clock),
    nonceCounts: new NonceCounts({ clock, lifetimeMs: 360_000 }),
    policy: openPolicy,
    hooks: noHooks,
    sessions,
    refreshes: new RefreshCounts(storage.journal, clock),
    source: () => users.local,
  });
  const readings = new Map<string, Reading>();
  const door = createSipDoor({
    script,
    listen: [
      { protocol: 'udp', address, port: 0 },
      { protocol: 'tcp', address, port: 0 },
    ],
    domains: [DOMAIN],
    options: { preloadedRoute: options.preloadedRoute ?? 'pass' },
    clock,
    log,
    gate,
    journal: storage.journal,
    tables: storage.ser,
    database,
    userSource: (spec, how) => users.source(spec, how),
    derive: (purpose) => keyring.derive(purpose),
    metrics: reading(readings),
    // The clock runs ahead of the event loop: nothing here is ever too busy.
    seams: { rested: () => clock.monotonic(), ...options, wheel },
  });
  await door.start();
  t.after(async () => {
    await door.stop(1000);
    gate.flush();
    await storage.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const port = (what: string) => door.listeners().find((listener) => listener.what === what)?.port ?? 0;
  return {
    door,
    clock,
    wheel,
    udp: hostPort(address, port('sip udp')),
    tcpPort: port('sip tcp'),
    complaints,
    read,
    advance,
  };

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
