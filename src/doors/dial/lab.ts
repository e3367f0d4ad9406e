/** A dial-in door over the virtual exchange and a real gate, for tests: line 1 is a caller's, line 2 the door's. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createGate } from '../../core/gate/gate.ts';
import type { Gate } from '../../core/gate/types.ts';
import { noHooks } from '../../core/hooks/hooks.ts';
import type { Change, HistoryRow, Waiter } from '../../core/journal/types.ts';
import { Limits } from '../../core/limits/limits.ts';
import { PolicyRules } from '../../core/policy/rules.ts';
import { NonceCounts } from '../../core/proofs/nonce-counts.ts';
import { SessionDirectory } from '../../core/sessions/directory.ts';
import { RefreshCounts } from '../../core/sessions/refresh-counts.ts';
import { UserNumbers } from '../../core/users/numbers.ts';
import { StoredAccount } from '../../core/users/stored-account.ts';
import type { Account, UserSource } from '../../core/users/types.ts';
import { systemClock } from '../../platform/clock.ts';
import { openHelper } from '../../platform/helper/helper.ts';
import { type Log, silentLog } from '../../platform/log.ts';
import { createMetrics } from '../../platform/metrics.ts';
import { TimerWheel } from '../../platform/timer-wheel.ts';
import { dialConfig } from './config.ts';
import { createDialDoor, type DialDoor } from './door.ts';
import { type Exchange, type ExchangeOptions, startExchange } from './exchange/exchange.ts';
import type { Host } from './line/types.ts';
import { openModem } from './modem/modem.ts';
import { DEFAULT_STRINGS } from './modem/strings.ts';
import type { Call, DialResult, Modem } from './modem/types.ts';

/** Milliseconds that a second of modems and exchange lasts. */
const SECOND = 40;
export const DEADLINE = { timeoutMs: 30_000 };
const QUICK = { preInitDelayMs: 1, initDelayMs: 1, escapeGuardMs: 1.5 * SECOND } as const;

export interface DialLab {
  readonly folder: string;
  readonly exchange: Exchange;
  readonly door: DialDoor;
  readonly gate: Gate;
  readonly rules: PolicyRules;
  readonly numbers: UserNumbers;
  /** On line 1, number 1001. */
  readonly caller: Modem;
  add(name: string, password: string, changes?: { locked?: boolean }): void;
  audited(): Record<string, unknown>[];
  history(): HistoryRow[];
  /** The first line of the audit trail that is so, from now or before. */
  audit(event: string, fields: Record<string, unknown>): Promise<Record<string, unknown>>;
}

export interface DialLabOptions {
  /** Of the door; gets the path of line 2. */
  readonly lines?: (path: string) => Record<string, unknown>[];
  readonly dial?: Record<string, unknown>;
  readonly exchange?: Partial<ExchangeOptions>;
  readonly gate?: Partial<Parameters<typeof createGate>[0]>;
  readonly log?: Log;
}

interface Cleanup {
  after(clean: () => Promise<void>): void;
}

export async function dialLab(t: Cleanup, options: DialLabOptions = {}): Promise<DialLab> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-dial-'));
  const lockDirectory = join(folder, 'lock');
  mkdirSync(lockDirectory);
  const { log = silentLog, lines = (path) => [{ name: 'modem2', device: path, flow_control: 'none' }] } = options;
  const exchange = await startExchange({
    ...{ directory: join(folder, 'lines'), lines: 2, secondMs: SECOND },
    ...options.exchange,
  });
  const clock = systemClock;
  const written: Change[] = [];
  const journal = {
    append(unit: readonly Change[], waiter?: Waiter) {
      written.push(...unit);
      setImmediate(() => waiter?.settled(undefined));
    },
    drain: async () => {},
  };
  const accounts = new Map<string, Account>();
  const users: UserSource = {
    ...{ name: 'lab', shared: false, ignoresCase: false },
    find: (name) => accounts.get(name) ?? null,
  };
  const numbers = new UserNumbers({ store: { read: async () => [] }, journal, key: Buffer.alloc(32, 1) });
  const rules = new PolicyRules();
  const wheel = new TimerWheel({ clock, onError: (error) => assert.fail(String(error)) });
  wheel.run();
  const gate = createGate({
    ...{ clock, log, journal, policy: rules, hooks: noHooks, numbers, source: () => users },
    limits: new Limits(wheel, clock, { delayMs: 100 }),
    nonceCounts: new NonceCounts({ clock, lifetimeMs: 300_000 }),
    sessions: new SessionDirectory(() => [door]),
    refreshes: new RefreshCounts(journal, clock),
    ...options.gate,
  });
  const config = dialConfig.parse({
    lines: lines(exchange.lines[1]!.path),
    prompt_seconds: 20,
    lock_directory: lockDirectory,
    ...options.dial,
    // Longer than the caller's modem takes to be sure that the line is down.
    call_back: { wait: 0.8, random: 0, retry: 0.2, ...(options.dial?.call_back as object | undefined) },
  });
  const helper = openHelper();
  const door = createDialDoor({
    ...{ config: () => config, gate, policy: rules, users, numbers, journal, programs: helper, clock, log },
    ...{ metrics: createMetrics({ version: '0' }), strings: QUICK, random: () => 0.5 },
    times: { retryMs: 100, lockMs: 100, lastWordsMs: SECOND },
  });
  await door.start();
  const caller = await openModem(exchange.lines[0]!.path, { ...DEFAULT_STRINGS, ...QUICK });
  await caller.init();
  t.after(async () => {
    await caller.close().catch(() => {});
    await door.stop(20_000);
    await helper.close();
    await exchange.close();
    wheel.halt();
    rmSync(folder, { recursive: true });
  });
  const audited = () => written.flatMap((change) => (change.kind === 'audit' ? [JSON.parse(change.line)] : []));
  return {
    ...{ folder, exchange, door, gate, rules, numbers, caller, audited },
    history: () => written.flatMap((change) => (change.kind === 'history' ? [change.row] : [])),
    add(name, password, { locked = false } = {}) {
      const data = { id: `local:${name}`, name, domain: '', locked, values: [] };
      accounts.set(name, new StoredAccount(data, { password: () => password, ha1: () => undefined }));
    },
    audit: (event, fields) =>
      until(() =>
        audited().find(
          (line) => line.event === event && Object.entries(fields).every(([name, value]) => line[name] === value),
        ),
      ),
  };
}

/** What `look` finds, as soon as it finds something. */
export async function until<T>(look: () => T | undefined | false): Promise<T> {
  const end = Date.now() + DEADLINE.timeoutMs;
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    assert.ok(Date.now() < end, `in vain: ${look}`);
    await delay(10);
  }
}

export function callOf(result: DialResult): Call {
  assert.equal(result.kind, 'connected');
  return (result as { call: Call }).call;
}

/** What a script does: waits for a text, and says something. */
export class Script {
  readonly #host: Host;
  /** Not matched yet. */
  heard = '';
  #wake: (() => void) | undefined;

  constructor(host: Host) {
    this.#host = host;
    host.listen((bytes) => {
      this.heard += bytes.toString('latin1');
      this.#wake?.();
    });
  }

  /** What came before it. */
  async expect(text: string): Promise<string> {
    const late = AbortSignal.timeout(DEADLINE.timeoutMs);
    for (;;) {
      const at = this.heard.indexOf(text);
      if (at >= 0) {
        const before = this.heard.slice(0, at);
        this.heard = this.heard.slice(at + text.length);
        return before;
      }
      assert.ok(!late.aborted, `${text} was not said, but: ${JSON.stringify(this.heard)}`);
      await Promise.race([
        delay(1_000),
        new Promise<void>((resolve) => {
          this.#wake = resolve;
        }),
      ]);
    }
  }

  send(line: string): void {
    this.#host.write(Buffer.from(`${line}\r`, 'latin1'));
  }
}

/** The first leg of the document's script; hung up by the door when it resolves. */
export async function askForCall(lab: DialLab, user: string, to: string, number = '1002'): Promise<Script> {
  const call = callOf(await lab.caller.dial(number, DEADLINE));
  const script = new Script(call);
  await script.expect('ogin:');
  script.send(user);
  await script.expect(`for ${user}:`);
  script.send(to);
  await gone(call);
  await lab.caller.hangUp();
  return script;
}

/** The call back, answered. */
export async function answerCall(lab: DialLab): Promise<{ call: Call; script: Script; from: string | undefined }> {
  const ring = await lab.caller.waitForRing({ ...DEADLINE, rings: 2 });
  assert.ok(ring, 'nobody called back');
  const call = callOf(await lab.caller.answer(DEADLINE));
  return { call, script: new Script(call), from: ring.callerId };
}

export async function gone({ ended }: Call): Promise<void> {
  if (!ended.aborted) await new Promise((resolve) => ended.addEventListener('abort', resolve, { once: true }));
}
