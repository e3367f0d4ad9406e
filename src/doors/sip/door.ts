/**
 * The SIP door: puts its parts together and shows the face that all doors show.
 *
 * Order of the start: modules open and preload their tables, then the sockets open; so the first message finds all contacts.
 */

import type { ContactTable, ContactTables } from '../../core/admin/contact-tables.ts';
import type { Management } from '../../core/admin/management.ts';
import type { Administration } from '../../core/admin/types.ts';
import type { KeyCaller } from '../../core/callback/types.ts';
import type { Door, HealthItem, Listener, PreparedChange, SessionInfo } from '../../core/doors/types.ts';
import type { EndReason } from '../../core/gate/types.ts';
import type { OwnRows } from '../../core/journal/own-table.ts';
import { placeOf } from '../../core/limits/place.ts';
import type { OfferUpgrades } from '../../platform/http-upgrade.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { TimerWheel } from '../../platform/timer-wheel.ts';
import { TelephoneCaller } from './call-back/caller.ts';
import type { SipConfig } from './config.ts';
import { Calls } from './dialogs/calls.ts';
import { type EditionChoice, type EditionGround, Editions, ScriptEdition } from './edition.ts';
import { Engine } from './engine.ts';
import { ScriptFifo } from './fifo/script-fifo.ts';
import { HeldParameters, type SocketChoice, waitingSettings } from './held.ts';
import { localNames } from './local-names.ts';
import type { Site } from './management/command.ts';
import { runCommand } from './management/commands.ts';
import { Requester } from './management/requester.ts';
import { offerMetrics } from './metrics.ts';
import { zeroDigestCounters } from './modules/auth/counters.ts';
import { ProxyRelay } from './modules/tm/relay.ts';
import { parseSessionId } from './modules/usrloc/sessions.ts';
import { createNameService } from './resolve/name-service.ts';
import type { LookUp } from './resolve/records.ts';
import type { LoadedScript } from './script/load.ts';
import type { Call } from './script/types.ts';
import type { LocalNames, LocationTableView, Services } from './services.ts';
import { createTransactions } from './transaction/layer.ts';
import { createTransport, type SocketTransport } from './transport/transport.ts';
import { chooseUdp } from './transport/udp-choice.ts';
import type { WebSocketOptions } from './transport/web-socket.ts';

/** What may be another while the door is open; of the sockets only certificates, and whom WebSockets are for. */
export interface SipChoice extends EditionChoice, SocketChoice {
  readonly webSocket?: WebSocketOptions | undefined;
}

/** What core gives, and what the configuration says. */
export interface SipDoorParts
  extends SipChoice,
    Pick<Services, 'clock' | 'log' | 'gate' | 'journal' | 'tables' | 'database' | 'userSource' | 'derive'> {
  /** How users are rung; absent: nobody is. */
  readonly callBack?: SipConfig['call_back'];
  /** Absent: the servers of the system. */
  readonly dns?: SipConfig['dns'];
  /** Seconds; absent: half a day. */
  readonly longestCall?: SipConfig['longest_call'];
  /** Where calls outlive the server; absent: nowhere. */
  readonly rows?: OwnRows;
  readonly metrics?: Metrics;
  /** false: UDP through Node's dgram in any case. */
  readonly nativeUdp?: boolean;
  /** For commands that come over the FIFO; absent: there is none. */
  readonly administration?: (actor: string) => Administration;
  /** Ends the server in order. */
  readonly shutDown?: () => void;
  /** The world as a test wants it. */
  readonly seams?: DoorSeams;
}

export interface DoorSeams {
  /** Puts something around each function of the script. */
  readonly wrap?: (name: string, call: Call) => Call;
  /** In place of sockets. */
  readonly transport?: SocketTransport;
  readonly wheel?: TimerWheel;
  /** In place of the system's name look-up. */
  readonly lookUp?: LookUp;
  /** In place of the event loop's own count of the time it rested. */
  readonly rested?: () => number;
}

export interface SipDoor extends Door, ContactTables, Management {
  readonly calls: KeyCaller | undefined;
  /** WebSockets over an HTTP server that listens there; after the start. */
  readonly webSockets: OfferUpgrades;
  /** Makes another choice ready beside the one in force. `script`: as it will serve. Errors: those of the modules' tables, TLS_CERTIFICATE. */
  prepare(next: SipChoice): Promise<PreparedChange & { readonly script: LoadedScript }>;
  /** What the system gave less of than asked; known after the start. */
  readonly warnings: readonly string[];
}

const DAY_MS = 86_400_000;
const LONGEST_CALL_S = 43_200;
/** Part of the time to stop that is given to runs which still wait for the database. */
const PATIENCE = 0.8;

export function createSipDoor(parts: SipDoorParts): SipDoor {
  const { log, seams = {} } = parts;
  const wheel = seams.wheel ?? new TimerWheel({ clock: parts.clock, onError: failed('a timer failed') });
  const udp = chooseUdp(parts.nativeUdp ?? true);
  const transport =
    seams.transport ??
    createTransport({
      listen: parts.listen,
      tls: parts.tls,
      webSocket: parts.webSocket,
      log,
      placeOf,
      openDatagramSocket: udp.open,
    });
  const transactions = createTransactions({
    transport,
    wheel,
    owner: '0',
    onError: failed('the end of a transaction failed'),
  });
  const nameService = createNameService(parts.dns?.servers ?? []);
  const running = new Calls({
    ...parts,
    rows: parts.rows,
    wheel,
    transport,
    transactions,
    findHops: (uri, way, waiter) => relay.findHops(uri, way, waiter),
    key: parts.derive('sip calls'),
    longestMs: (parts.longestCall ?? LONGEST_CALL_S) * 1000,
  });
  const relay: ProxyRelay = new ProxyRelay(
    { transport, transactions, wheel, clock: parts.clock, log, dialogs: running.dialogs },
    { lookUp: seams.lookUp ?? nameService.lookUp, patienceMs: parts.dns?.timeout_ms },
  );
  const contacts = new Map<string, LocationTableView>();
  const digestCounters = zeroDigestCounters();
  const ending: (() => void)[] = [];
  /** Known after the start. */
  let addresses: LocalNames = localNames([], []);
  const ground: EditionGround = {
    addresses: { isMyself: (host, port) => addresses.isMyself(host, port) },
    services: {
      ...parts,
      wheel,
      transport,
      transactions,
      relay,
      digestCounters,
      bindings: { add: (table) => void contacts.set(table.name, table) },
      lasting: new Map(),
      atEnd: (task) => void ending.push(task),
    },
    isLocalAddress: (address) => transport.points.some((point) => point.address === address),
    say,
    compile: seams,
  };
  let serving = parts.script;
  const held = new HeldParameters();
  const editions = new Editions(new ScriptEdition(parts, ground));
  const requester = new Requester({
    transport,
    transactions,
    wheel,
    findHops: (uri, way, waiter) => relay.findHops(uri, way, waiter),
  });
  const calls =
    parts.callBack &&
    new TelephoneCaller({
      config: parts.callBack,
      requester,
      tables: contacts,
      points: () => transport.points,
      local: ground.addresses,
      log,
    });
  const engine = new Engine({
    ownCalls: calls,
    transport,
    transactions,
    rested: seams.rested,
    script: editions,
    tagPrefix: `${parts.derive('sip to-tag').toString('hex', 0, 6)}-`,
    log,
    clock: parts.clock,
    wheel,
  });
  const site: Site = {
    clock: parts.clock,
    log,
    startedAt: parts.clock.now(),
    engine,
    relay,
    transactions,
    transport,
    contacts,
    running,
    requester,
    script: editions,
    debug: () => serving.globals.debug,
    shutDown: parts.shutDown ?? (() => {}),
  };
  const fifo = parts.administration && new ScriptFifo(site, parts.administration);
  if (parts.metrics)
    offerMetrics(parts.metrics, {
      engine,
      relay,
      transactions,
      transport,
      contacts,
      running,
      wheel,
      udp: udp.name,
      digests: digestCounters,
    });

  return {
    name: 'sip',
    start,
    prepare,
    stop,
    listeners,
    health,
    sessions,
    end,
    calls,
    open: async (table): Promise<ContactTable | undefined> => contacts.get(table),
    async webSockets(listener) {
      if (transport.adoptWebSockets === undefined) throw new Error('this transport has no WebSockets');
      const take = await transport.adoptWebSockets(listener);
      addresses = localNames(transport.points, []);
      return take;
    },
    command: (by, name, args) => runCommand(site, by, name, args),
    get warnings() {
      return [...transport.warnings, ...(fifo?.faults ?? [])];
    },
  };

  function failed(what: string): (error: unknown) => void {
    return (error) => log.error(what, { error: error instanceof Error ? error.stack : String(error) });
  }

  function say(level: number, text: string, debug: number): void {
    if (level > debug) return;
    if (level < 0) log.warn(text);
    else log.info(text);
  }

  async function start(): Promise<void> {
    await editions.open();
    held.keep(parts.script);
    wheel.run();
    engine.overload.run();
    const takeUpCalls = await running.load();
    await transport.start(engine);
    takeUpCalls();
    const how = { through: udp.name, ...(udp.why === undefined ? {} : { why: udp.why }) };
    if (udp.broken) log.warn('the native UDP module does not work here', how);
    else log.debug('UDP goes', how);
    addresses = localNames(transport.points, []);
    await fifo?.follow(parts.script);
  }

  async function prepare(next: SipChoice) {
    const { script, waiting } = held.over(next.script);
    const edition = new ScriptEdition({ ...next, script }, ground);
    const takeSockets = transport.prepare(next.tls, next.webSocket);
    await edition.open();
    return {
      script,
      waiting: [...waiting, ...waitingSettings(parts, next)],
      adopt() {
        held.keep(script);
        editions.adopt(edition);
        serving = script;
        takeSockets();
        void fifo?.follow(script);
      },
    };
  }

  async function stop(withinMs: number): Promise<void> {
    fifo?.close();
    const patience = new Promise((resolve) => setTimeout(resolve, withinMs * PATIENCE).unref());
    await Promise.race([Promise.all([engine.idle(), calls?.stop()]), patience]);
    nameService.stop();
    await transport.stop();
    running.dialogs.close();
    wheel.halt();
    for (const task of ending) task();
  }

  function listeners(): Listener[] {
    return transport.points.map(({ protocol, address, port }) => ({
      door: 'sip',
      what: `sip ${protocol}`,
      address,
      port,
    }));
  }

  function health(): HealthItem[] {
    const certificate = certificateHealth(transport.certificateEnd, parts.clock.now());
    return [
      ...engine.overload.health(),
      ...transport.warnings.map((text) => ({ code: 'SIP_RECEIVE_BUFFER', severity: 'warning' as const, text })),
      ...(certificate ? [certificate] : []),
      ...(fifo?.faults ?? []).map((text) => ({ code: 'SIP_FIFO', severity: 'warning' as const, text })),
    ];
  }

  function* sessions(filter?: { user?: string }): Generator<SessionInfo> {
    yield* running.sessions(filter?.user);
    for (const table of contacts.values()) {
      for (const aor of table.aors()) {
        for (const binding of table.bindings(aor)) {
          const { session, user, client, started, expires, contact, userAgent } = binding;
          if (filter?.user !== undefined && filter.user !== user) continue;
          yield {
            session,
            door: 'sip',
            user,
            client,
            started,
            expires,
            detail: { contact, userAgent, table: table.name },
          };
        }
      }
    }
  }

  async function end(session: string, reason: EndReason): Promise<boolean> {
    if (await running.end(session, reason)) return true;
    const place = parseSessionId(session);
    const table = place && contacts.get(place.table);
    const binding = table?.bindings(place!.aor).find((one) => one.session === session);
    if (!table || !binding) return false;
    return (await table.end(place!.aor, binding, reason === 'kicked' ? 'kicked' : 'removed')) > 0;
  }
}

/** Said early enough for somebody to see to it: authorities renew a month ahead. */
function certificateHealth(end: number | undefined, now: number): HealthItem | undefined {
  if (end === undefined || end > now + 14 * DAY_MS) return undefined;
  const day = new Date(end).toISOString().slice(0, 10);
  const text = `a certificate of sip.tls ${end > now ? 'ends' : 'ended'} on ${day}: renew it; the new file is taken without a restart`;
  return { code: 'SIP_CERTIFICATE', severity: 'warning', text };
}
