/**
 * The dial-in door: puts its parts together and shows the face that all doors show.
 *
 * A line that cannot be used does not keep the server from starting: the others are answered, it is tried again, and health says why. Stopping
 * ends the sessions, hangs up all calls, puts the modems back and gives the lines back. Errors of start: none.
 */
import type { CallBackDesk } from '../../core/callback/types.ts';
import type { Door, HealthItem } from '../../core/doors/types.ts';
import type { Gate } from '../../core/gate/types.ts';
import type { Journal } from '../../core/journal/types.ts';
import type { Policy } from '../../core/policy/policy.ts';
import type { UserNumbers } from '../../core/users/numbers.ts';
import type { UserSource } from '../../core/users/types.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Programs } from '../../platform/helper/types.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { firstLeg } from './callback/first-leg.ts';
import { KEEPER_TIMES, type KeeperTimes, LineKeeper } from './callback/keeper.ts';
import { CallBackPlanner } from './callback/planner.ts';
import { secondLeg } from './callback/second-leg.ts';
import type { DialConfig, LineConfig } from './config.ts';
import { lockLine } from './line/lock.ts';
import { openModem } from './modem/modem.ts';
import { DEFAULT_STRINGS } from './modem/strings.ts';
import type { Modem, ModemStrings } from './modem/types.ts';
import { runOnLine } from './ppp/run-on-line.ts';
import { DialSessions } from './sessions.ts';

export interface DialParts {
  /** Read anew for each call; its lines are those of the start. */
  readonly config: () => DialConfig;
  readonly gate: Gate;
  readonly policy: Policy;
  readonly users: UserSource;
  readonly numbers: UserNumbers;
  readonly journal: Journal;
  readonly programs: Programs;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** For tests. */
  readonly strings?: Partial<ModemStrings>;
  readonly times?: Partial<KeeperTimes>;
  readonly random?: () => number;
}

/** Others ask it to call somebody, too. */
export interface DialDoor extends Door, CallBackDesk {}

export function createDialDoor(parts: DialParts): DialDoor {
  const { config, clock, log, journal, gate } = parts;
  const times = { ...KEEPER_TIMES, ...parts.times };
  const stopping = new AbortController();
  const sessions = new DialSessions(parts);
  const run = runOnLine(parts);
  const first = {
    ...parts,
    texts: () => config().texts,
    timeoutMs: () => config().prompt_seconds * 1000,
    stopping: stopping.signal,
    plan: (...[to, line]: Parameters<CallBackPlanner['plan']>) => void planner.plan(to, line),
  };
  const second = { ...parts, sessions, run, settings: config, stopping: stopping.signal };
  const keepers = config().lines.map(
    (line) =>
      new LineKeeper({
        line,
        times,
        log,
        lock: (device, waitMs, signal) => lockLine(device, { waitMs, signal, lockDirectory: config().lock_directory }),
        open: (one) => openLine(one, parts.strings),
        request: (call, from) => firstLeg(call, from, first),
        login: (call, on, called) => secondLeg(call, on, called, second),
        dialled: (number) => number.replace(/^\+/, config().international_prefix),
        answerWithinMs: () => config().call_back.answer * 1000,
      }),
  );
  const planner = new CallBackPlanner({
    callers: keepers,
    rules: () => config().call_back,
    journal,
    clock,
    random: parts.random ?? Math.random,
  });
  parts.metrics.gauge('gatehouse_dial_lines_down', 'Telephone lines that cannot be used.', () => troubled().length, []);
  parts.metrics.gauge('gatehouse_dial_waiting', 'Users who are to be called back.', () => planner.waiting, []);

  return {
    name: 'dial',
    start: async () => {
      // Whoever waits for the start waits for modems that answer, and for nothing longer than their first try.
      await Promise.all(keepers.map((keeper) => keeper.start()));
    },
    stop,
    // Telephones have no addresses.
    listeners: () => [],
    health,
    sessions: () => sessions.list(),
    end: async (session, reason) => sessions.end(session, reason),
    change: (session, change) => sessions.change(session, change),
    callBack,
  };

  async function stop(withinMs: number): Promise<void> {
    sessions.endAll('removed');
    stopping.abort();
    const timer = Promise.withResolvers<void>();
    const late = setTimeout(timer.resolve, withinMs);
    await Promise.race([Promise.all([planner.stop(), ...keepers.map((keeper) => keeper.stop())]), timer.promise]);
    clearTimeout(late);
  }

  function troubled(): LineKeeper[] {
    return keepers.filter(({ trouble }) => trouble !== undefined);
  }

  function health(): HealthItem[] {
    const down = troubled();
    return down.map(({ name, trouble }) => ({
      code: 'DIAL_LINE_DOWN',
      severity: down.length === keepers.length ? 'error' : 'warning',
      text: `the telephone line ${name} cannot be used: ${trouble!.why}`,
      since: trouble!.since,
    }));
  }

  async function callBack(user: string, domain: string, to: string, by: string): Promise<boolean> {
    const time = clock.now();
    const client = { address: by, port: 0 };
    const verdict = await gate.prove({ door: 'dial', user, domain, client, time, proof: { kind: 'call-back', to } });
    return (
      verdict.verdict === 'challenge' && verdict.callBack !== undefined && planner.plan(verdict.callBack, undefined)
    );
  }
}

function openLine(line: LineConfig, strings: Partial<ModemStrings> = {}): Promise<Modem> {
  const { device, speed, flow_control: flowControl, init, dial, escape_guard } = line;
  const escapeGuardMs = escape_guard * 1000;
  const given = { speed, flowControl, init, dial, volume: '', escapeGuardMs };
  return openModem(device, { ...DEFAULT_STRINGS, ...given, ...strings }, { withoutEscape: true });
}
