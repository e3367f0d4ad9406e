/**
 * The SIP door without sockets: engine, transactions, relay and script as they are, over a transport that writes down what would be sent.
 * For `gatehouse trace`, and for tests of whole scripts.
 *
 * Users, contacts and tables lie outside: the modules that ask for them are not built; each of their functions gives what `assume` says.
 */
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import { TimerWheel } from '../../platform/timer-wheel.ts';
import { type EditionGround, Editions, ScriptEdition } from './edition.ts';
import { Engine } from './engine.ts';
import { localNames } from './local-names.ts';
import { zeroDigestCounters } from './modules/auth/counters.ts';
import { DigestRuleBook } from './modules/auth/digest-rules.ts';
import { ProxyRelay } from './modules/tm/relay.ts';
import type { LookUp } from './resolve/records.ts';
import type { Run } from './run.ts';
import type { CompileOptions } from './script/compile.ts';
import type { LoadedScript } from './script/load.ts';
import type { BuiltModule, Call, SipModule } from './script/types.ts';
import type { Services } from './services.ts';
import { createTransactions } from './transaction/layer.ts';
import { ConnectionNames } from './transport/connection-names.ts';
import { choosePoint } from './transport/point.ts';
import type { ListenPoint, Source, Target, Transport } from './transport/types.ts';

const OUTSIDE = new Set([
  'auth_db',
  'auth_radius',
  'uri_db',
  'group',
  'domain',
  'alias_db',
  'permissions',
  'acc',
  'registrar',
  'usrloc',
]);
/** Where all names lead: an address for documentation (RFC 5737). */
export const NOWHERE = '192.0.2.0';

export interface StageOptions {
  readonly script: LoadedScript;
  readonly clock: Clock;
  readonly log: Log;
  /** Where it seems to listen. */
  readonly points: readonly ListenPoint[];
  /** Names that are `myself` besides the points and the script's aliases. */
  readonly domains: readonly string[];
  /** The result of a function that asks what is not here. */
  assume(name: string, run: Run): number;
  readonly compile?: CompileOptions;
  /** The script's log. */
  said?(level: number, text: string): void;
}

export interface Sent {
  readonly text: string;
  readonly target: Target;
}

export interface Stage {
  readonly sent: Sent[];
  readonly wheel: TimerWheel;
  receive(text: string, source: Source): void;
  /** Resolves when no script waits. */
  idle(): Promise<void>;
}

export async function createStage(options: StageOptions): Promise<Stage> {
  const { script, clock, log, points } = options;
  const sent: Sent[] = [];
  const wheel = new TimerWheel({ clock, onError: (error) => log.error('a timer failed', { error: String(error) }) });
  const transport: Transport = {
    points,
    names: new ConnectionNames(),
    turn: Number.POSITIVE_INFINITY,
    waited: 0,
    start: async () => {},
    stop: async () => {},
    send: (text, target) => void sent.push({ text, target }),
    pointFor: (protocol, address, preferred) => choosePoint(points, protocol, address, preferred),
    connectionTo: () => undefined,
    alias: () => false,
    stats: () => ({ received: 0, sent: sent.length, sendErrors: 0, connections: 0, kernelDrops: 0 }),
  };
  const failed = (error: unknown) => log.error('a transaction failed', { error: String(error) });
  const transactions = createTransactions({ transport, wheel, owner: '0', onError: failed });
  // Nobody is asked for addresses: a name leads to an address that means nothing, so that the request can be seen.
  const lookUp: LookUp = (type, _name, done) => queueMicrotask(() => done({ records: type === 'A' ? [NOWHERE] : [] }));
  const relay = new ProxyRelay({ transport, transactions, wheel, clock, log }, { lookUp });
  const services: Partial<Services> = {
    clock,
    log,
    wheel,
    transport,
    transactions,
    relay,
    derive: () => Buffer.alloc(32),
    database: () => 'main',
    lasting: new Map(),
    digestCounters: zeroDigestCounters(),
  };
  const ground: EditionGround = {
    addresses: localNames(points, []),
    services: services as Services,
    isLocalAddress: (address) => points.some((point) => point.address === address),
    say: (level, text) => options.said?.(level, text),
    build: ({ module, parameters }, all) =>
      OUTSIDE.has(module.name) ? assumed(module) : inside(module, module.build(parameters, all, script.uses)),
    ...(options.compile ? { compile: options.compile } : {}),
  };
  const edition = new ScriptEdition(
    {
      script,
      domains: options.domains,
      options: { preloadedRoute: 'pass', digest: new DigestRuleBook(), folder: '.' },
    },
    ground,
  );
  await edition.open();
  const engine = new Engine({
    transport,
    transactions,
    script: new Editions(edition),
    tagPrefix: 'stage-',
    log,
    clock,
    wheel,
  });
  return { sent, wheel, receive: (text, source) => engine.onMessage(text, source), idle: () => engine.idle() };

  function assumed({ functions }: Pick<SipModule, 'functions'>): BuiltModule {
    const function_ = (name: string) => (): Call => (run) => options.assume(name, run);
    return { functions: Object.fromEntries(functions.map(({ name }) => [name, function_(name)])) };
  }

  /** With those functions assumed that ask the database. */
  function inside({ functions }: SipModule, built: BuiltModule): BuiltModule {
    const asking = functions.filter(({ asks }) => asks);
    if (asking.length === 0) return built;
    return {
      ...built,
      functions: { ...built.functions, ...assumed({ functions: asking }).functions },
      start: opensNothing,
    };
  }
}

async function opensNothing(): Promise<void> {}
