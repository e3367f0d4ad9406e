/** What the tests of the modules share: a run with a real message and an engine that only writes down, and services that are fakes. */
import assert from 'node:assert/strict';
import type { Clock } from '../../../platform/clock.ts';
import { silentLog } from '../../../platform/log.ts';
import { localNames } from '../local-names.ts';
import { prepareForward } from '../message/forward.ts';
import { parseMessage } from '../message/parse.ts';
import { Run, type RunHost } from '../run.ts';
import { NO_HOST } from '../script/analyse.ts';
import type { DialectName } from '../script/dialect.ts';
import { type BuiltModule, type Call, type ParameterValues, type SipModule, WAIT } from '../script/types.ts';
import { writtenAvp } from '../script/values/avp-variables.ts';
import { constantText } from '../script/values/format.ts';
import { findVariable } from '../script/values/variables.ts';
import type { Services } from '../services.ts';
import { ConnectionNames } from '../transport/connection-names.ts';
import type { ListenPoint, Protocol, Source } from '../transport/types.ts';
import { zeroDigestCounters } from './auth/counters.ts';
import { DigestRuleBook } from './auth/digest-rules.ts';

export interface SentReply {
  readonly status: number;
  readonly reason: string;
  readonly headers: string;
}

/** As the engine: one final reply, none to an ACK. */
export class Recorder implements RunHost {
  readonly replies: SentReply[] = [];
  readonly resumption: Promise<number>;
  #resume: (result: number) => void = () => {};

  constructor() {
    this.resumption = new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  reply(run: Run, status: number, reason: string, headers: string): boolean {
    if (run.message.method === 'ACK' || run.finalStatus !== 0) return false;
    this.replies.push({ status, reason, headers });
    if (status >= 200) run.finalStatus = status;
    return true;
  }

  suspended(): void {}

  resumed(_run: Run, result: number): void {
    this.#resume(result);
  }
}

export function point(protocol: Protocol, address: string, port = 5060): ListenPoint {
  const family = address.includes(':') ? 6 : 4;
  const hostPort = family === 6 ? `[${address}]:${port}` : `${address}:${port}`;
  return { protocol, address, port, family, name: `${protocol}:${hostPort}`, hostPort };
}

export const UDP = point('udp', '192.0.2.13');
export const TCP = point('tcp', '192.0.2.13');
export const UDP6 = point('udp', '2001:db8::13');

/** `headers` after the usual ones, which a header of the same name replaces. */
export function request(
  start: string,
  headers: readonly string[] = [],
  options: { from?: ListenPoint; body?: string } = {},
) {
  const usual = [
    'Via: SIP/2.0/UDP 198.51.100.7:5070;branch=z9hG4bKabc',
    'From: "A" <sip:1000@example.com>;tag=ft1',
    'To: <sip:1000@example.com>',
    'Call-ID: c1@198.51.100.7',
    `CSeq: 1 ${start.split(' ')[0]}`,
  ].filter((line) => !headers.some((own) => nameOf(own) === nameOf(line)));
  const body = options.body ?? '';
  const lines = [`${start} SIP/2.0`, ...usual, ...headers, `Content-Length: ${body.length}`];
  const message = parseMessage(`${lines.join('\r\n')}\r\n\r\n${body}`);
  assert.ok(message);
  const host = new Recorder();
  const source: Source = { point: options.from ?? UDP, address: '198.51.100.7', port: 5070, connection: undefined };
  return { run: new Run(host, message, source), host };
}

/** The header lines of these names as they would go out of the socket that the request came in on, in order. */
export function outgoing(run: Run, ...names: string[]): string[] {
  const recorded = run.recordRoute?.lines(run.source.point, run.source.point, false) ?? '';
  const lines = (recorded + prepareForward(run.message, run.edits, run.source, false)).split('\r\n');
  return lines.filter((line) => names.includes(line.slice(0, line.indexOf(':'))));
}

/** The result of the call, waited for if it must be. */
export function outcome(call: Call, { run, host }: { run: Run; host: Recorder }): number | Promise<number> {
  const result = call(run);
  return result === WAIT ? host.resumption : result;
}

export function clockAt(now: number): Clock & { time: number } {
  return {
    time: now,
    now() {
      return this.time;
    },
    monotonic() {
      return this.time;
    },
  };
}

/** Only what the modules of these tests use; anything else is absent. */
export function services(over: Partial<Record<keyof Services, unknown>> = {}): Services {
  const points = [UDP, TCP, UDP6];
  const pointFor = (protocol: Protocol, address: string, preferred?: ListenPoint) => {
    const family = address.includes(':') ? 6 : 4;
    const fits = (p: ListenPoint) => p.protocol === protocol && p.family === family;
    return preferred && fits(preferred) ? preferred : points.find(fits);
  };
  const fakes = {
    clock: clockAt(1_000_000_000_000),
    log: silentLog,
    local: localNames(points, ['example.com']),
    transport: { points, names: new ConnectionNames(), pointFor, connectionTo: () => undefined },
    lasting: new Map(),
    atEnd: () => {},
    options: { preloadedRoute: 'pass', digest: new DigestRuleBook() },
    digestCounters: zeroDigestCounters(),
    derive: () => Buffer.from('key material'),
    database: (url: string) => `database of ${url}`,
    ...over,
  };
  return fakes as unknown as Services;
}

/** Calls of a script: the name, then its arguments. */
export type ScriptCall = readonly [string, ...string[]];

export interface LoadOptions {
  parameters?: ParameterValues;
  /** Parameters of other modules. */
  others?: Readonly<Record<string, ParameterValues>>;
  dialect?: DialectName;
  /** All calls in the script. */
  calls?: readonly ScriptCall[];
  services?: Services;
}

/** Builds the module as a script would, all values checked. */
export function build(module: SipModule, options: LoadOptions = {}): BuiltModule {
  const calls = options.calls ?? [];
  return module.build(withDefaults(module, options.parameters), options.services ?? services(), {
    argumentsOf: (name) => calls.filter(([called]) => called === name).map(([, ...args]) => args),
    dialect: options.dialect ?? 'openser',
    parametersOf: (name) => options.others?.[name],
    placeOf: () => undefined,
    avpName: (text) => writtenAvp(text, new Map()),
    variable(text) {
      const found = findVariable(text, { host: NO_HOST, aliases: new Map(), slotOf: () => 0 });
      return 'message' in found ? undefined : found;
    },
  });
}

/** Builds it, opens what it needs, and binds the calls in their order, all arguments checked. */
export async function load(module: SipModule, options: LoadOptions = {}): Promise<Call[]> {
  const calls = options.calls ?? [];
  const built = build(module, options);
  const bound = calls.map(([name, ...args]) => {
    const spec = module.functions.find((f) => f.name === name);
    assert.ok(spec?.arity.includes(args.length), `${name} does not take ${args.length} arguments`);
    for (const [index, text] of args.entries())
      assert.equal(spec?.checkArgument?.(index, text, args.length), undefined);
    const texts = built.texts?.[name];
    if (texts) return texts(...args.map(constantText));
    const body = built.functions[name];
    assert.ok(body, `${name} is announced but not built`);
    return body(...args);
  });
  await built.start?.();
  return bound;
}

/** The module's defaults with some values set, each of them checked. */
export function withDefaults(module: SipModule, set: ParameterValues = {}): ParameterValues {
  const values: Record<string, string | number | null> = {};
  for (const spec of module.parameters) {
    const value = set[spec.name] ?? null;
    if (value !== null) {
      if (!spec.orNumber) assert.equal(typeof value === 'number' ? 'int' : 'string', spec.type, spec.name);
      assert.equal(spec.check?.(value), undefined, spec.name);
    }
    values[spec.name] = value ?? spec.default;
  }
  for (const name of Object.keys(set)) assert.ok(name in values, `${module.name} has no parameter ${name}`);
  return values;
}

function nameOf(line: string): string {
  return line.slice(0, line.indexOf(':')).toLowerCase();
}
