/** For tests: a registrar with its tables; journal, gate and clock are in the test's hands. */
import assert from 'node:assert/strict';
import type { Gate } from '../../../../core/gate/types.ts';
import type { Change, Journal, Waiter } from '../../../../core/journal/types.ts';
import type { BindingRow, TableReport } from '../../../../core/ser/types.ts';
import { GatehouseError } from '../../../../platform/errors.ts';
import { silentLog } from '../../../../platform/log.ts';
import { TimerWheel } from '../../../../platform/timer-wheel.ts';
import { parseMessage } from '../../message/parse.ts';
import { Run, type RunHost } from '../../run.ts';
import { NO_HOST } from '../../script/analyse.ts';
import type { BuiltModule, ParameterValues, ScriptUses, SipModule } from '../../script/types.ts';
import { findVariable } from '../../script/values/variables.ts';
import type { LocationTableView, Services } from '../../services.ts';
import { ConnectionNames } from '../../transport/connection-names.ts';
import type { Connection, ListenPoint, Protocol } from '../../transport/types.ts';
import { usrloc } from '../usrloc/module.ts';
import { registrar } from './module.ts';

export const START = 1_800_000_000_000;
export const point: ListenPoint = {
  protocol: 'udp',
  address: '192.0.2.1',
  port: 5060,
  family: 4,
  name: 'udp:192.0.2.1:5060',
  hostPort: '192.0.2.1:5060',
};

interface Answer {
  status: number;
  reason: string;
  headers: string;
}

function values(module: SipModule, given: ParameterValues): ParameterValues {
  return { ...Object.fromEntries(module.parameters.map((one) => [one.name, one.default])), ...given };
}

export async function lab(
  given: {
    usrloc?: ParameterValues;
    registrar?: ParameterValues;
    rows?: BindingRow[];
    admit?: Gate['admit'];
    dialect?: 'ser' | 'openser';
    points?: readonly ListenPoint[];
    /** Opens a table. */
    open?: () => Promise<TableReport>;
    /** While it says so the database cannot be read. */
    away?: () => boolean;
  } = {},
) {
  let now = START;
  const clock = { now: () => now, monotonic: () => now };
  const wheel = new TimerWheel({ clock, onError: (error) => assert.fail(String(error)) });
  const units: { changes: readonly Change[]; waiter: Waiter | undefined }[] = [];
  const events: string[] = [];
  const complaints: string[] = [];
  const deletions: number[] = [];
  const views = new Map<string, LocationTableView>();
  const journal: Journal = {
    append: (changes, waiter) => void units.push({ changes: [...changes], waiter }),
    drain: async () => {},
  };
  const gate: Gate = {
    prove: () => assert.fail(),
    admit: given.admit ?? (() => ({ admitted: true, terms: {} })),
    opened(session) {
      events.push(`opened ${session.session} ${session.user}`);
      return [{ kind: 'audit', line: 'opened' }];
    },
    ended(session, reason) {
      events.push(`ended ${session.session} ${reason}`);
      return [{ kind: 'audit', line: 'ended' }];
    },
    refreshed: (_door, user) => void events.push(`refreshed ${user}`),
    end: async () => false,
  };
  const names = new ConnectionNames();
  /** Those that stand. */
  const connections = new Set<Connection>();
  const connectionTo = (protocol: Protocol, address: string, port: number) =>
    [...connections].find(
      (one) => one.point.protocol === protocol && one.remoteAddress === address && one.remotePort === port,
    );
  const services = {
    local: { isMyself: (host: string) => host === 'gate.example.com' },
    transport: { names, connectionTo, points: given.points ?? [point] },
    clock,
    wheel,
    log: { ...silentLog, warn: (line: string) => void complaints.push(line) },
    gate,
    journal,
    lasting: new Map(),
    bindings: { add: (view: LocationTableView) => void views.set(view.name, view) },
    database: () => 'main',
    tables: {
      open: given.open ?? (async () => ({ attached: false, layout: 'gatehouse' })),
      loadBindings: async (_spec: unknown, _now: number, onRows: (rows: BindingRow[]) => void) =>
        onRows(given.rows ?? []),
      async readBindings(_spec: unknown, username: string, _domain: string, at: number) {
        if (given.away?.()) throw new GatehouseError('STORAGE_UNAVAILABLE', 'gone');
        return (given.rows ?? []).filter((row) => row.username === username && row.expires > at);
      },
      deleteExpired: async (_spec: unknown, before: number) => void deletions.push(before),
    },
  } as unknown as Services;
  const usrlocValues = values(usrloc, given.usrloc ?? {});
  const registrarValues = values(registrar, given.registrar ?? {});
  const uses: ScriptUses = {
    argumentsOf: (name) => (name === 'save' || name === 'lookup' ? [['location']] : []),
    dialect: given.dialect ?? 'ser',
    parametersOf: (name) => (name === 'registrar' ? registrarValues : undefined),
    placeOf: () => 'ser.cfg:1:1',
    avpName: () => undefined,
    variable(text) {
      const found = findVariable(text, { host: NO_HOST, aliases: new Map(), slotOf: () => 0 });
      return 'message' in found ? undefined : found;
    },
  };
  const modules: BuiltModule[] = [
    usrloc.build(usrlocValues, services, uses),
    registrar.build(registrarValues, services, uses),
  ];
  for (const module of modules) {
    await module.start?.();
    module.serve?.();
  }
  const { functions } = modules[1]!;
  const answers: Answer[] = [];
  const resumed: number[] = [];
  const host: RunHost = {
    reply(_run, status, reason, headers) {
      answers.push({ status, reason, headers });
      return true;
    },
    suspended: () => {},
    resumed: (_run, result) => void resumed.push(result),
  };
  const runOf = (text: string, user?: string, connection?: Connection) => {
    const message = parseMessage(text);
    assert.ok(message);
    const from = connection
      ? { point: connection.point, address: connection.remoteAddress, port: connection.remotePort }
      : { point, address: '192.0.2.9', port: 5062 };
    const run = new Run(host, message, { ...from, connection });
    if (user) {
      const account = {
        id: 'local:1',
        login: user,
        name: user,
        domain: '',
        locked: false,
        values: [],
        ha1: () => undefined,
        checkPassword: () => undefined,
      };
      const ticket = { door: 'sip' as const, account, client: { address: '192.0.2.9', port: 5062 }, time: now };
      run.authorised = { header: 0, username: user, user, realm: 'r', ticket };
    }
    return run;
  };
  const save = (
    headers: string[],
    options: { user?: string; to?: string; flags?: string; over?: Connection; prepare?: (run: Run) => void } = {},
  ) => {
    const run = runOf(register(headers, options.to ?? 'sip:1000@example.com'), options.user, options.over);
    options.prepare?.(run);
    return functions.save!('location', ...(options.flags ? [options.flags] : []))(run);
  };
  const find = (uri: string, method = 'INVITE') => {
    const run = runOf(request(method, uri));
    return { run, result: functions.lookup!('location')(run) };
  };
  const settle = (error?: GatehouseError) => {
    const waiting = units.splice(0).filter((unit) => unit.waiter);
    for (const { waiter } of waiting) waiter!.settled(error);
  };
  const pass = (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      now += 1000;
      wheel.advance();
    }
  };
  return {
    save,
    jump: (seconds: number) => {
      now += seconds * 1000;
    },
    find,
    settle,
    pass,
    units,
    events,
    complaints,
    deletions,
    answers,
    resumed,
    functions,
    runOf,
    names,
    connections,
    view: views.get('location')!,
    last: () => answers.at(-1)!,
  };
}

let serial = 0;

export function register(headers: string[], to: string): string {
  const given = headers.join('\r\n');
  const callId = /^Call-ID:/m.test(given) ? [] : [`Call-ID: c${++serial}@192.0.2.9`];
  const cseq = /^CSeq:/m.test(given) ? [] : ['CSeq: 1 REGISTER'];
  const lines = [
    'REGISTER sip:example.com SIP/2.0',
    'Via: SIP/2.0/UDP 192.0.2.9:5062;branch=z9hG4bK1',
    `From: <${to}>;tag=a`,
    `To: <${to}>`,
  ];
  return [...lines, ...callId, ...cseq, ...headers, 'Content-Length: 0', '', ''].join('\r\n');
}

export function request(method: string, uri: string): string {
  return [
    `${method} ${uri} SIP/2.0`,
    'Via: SIP/2.0/UDP 192.0.2.9:5062;branch=z9hG4bK2',
    'From: <sip:x@example.com>;tag=a',
    `To: <${uri}>`,
    'Call-ID: x',
    `CSeq: 1 ${method}`,
    '',
    '',
  ].join('\r\n');
}
