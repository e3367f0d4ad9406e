/**
 * The Wi-Fi door: puts its parts together and shows the face that all doors show.
 *
 * Order of the start: the gateway's addresses and the firewall are looked at, the listeners open and put everybody off, the firewall is
 * loaded whole, and only then is anybody asked. So what can be wrong is found before anything is changed. Stopping closes the listener first and removes the firewall last. Sessions outlive both a stop and a crash:
 * the next start takes over what is written down, and what the firewall has counted since.
 *
 * Errors of start: PORTAL_INTERFACE, PORTAL_RIGHTS, PORTAL_RIVAL, PORTAL_SOCKET, PORTAL_FIREWALL, those of platform/listen-error.ts.
 */
import type { RequestListener, Server } from 'node:http';
import type { Server as SocketServer } from 'node:net';
import type { Door, HealthItem, Listener, PreparedChange, SessionInfo } from '../../core/doors/types.ts';
import type { EndReason, Gate } from '../../core/gate/types.ts';
import type { Journal } from '../../core/journal/types.ts';
import type { SerTables } from '../../core/ser/types.ts';
import type { UserSource } from '../../core/users/types.ts';
import type { Vouchers } from '../../core/vouchers/vouchers.ts';
import type { Clock } from '../../platform/clock.ts';
import { describeError } from '../../platform/errors.ts';
import type { Programs } from '../../platform/helper/types.ts';
import type { Log } from '../../platform/log.ts';
import type { LogLevel } from '../../platform/log-pino.ts';
import { Certificates } from '../../platform/tls/certificates.ts';
import { createBinAuth } from './binauth/binauth.ts';
import { Clients, isInside } from './clients.ts';
import { type HttpsSettings, type PortalSettings, settingsOfEach } from './config/model.ts';
import { createCommands, type RunCommand } from './ctl/commands.ts';
import { listenOnCtlSocket } from './ctl/socket.ts';
import { createFas } from './fas/fas.ts';
import { FasMonitor } from './fas/monitor.ts';
import { Firewall } from './firewall/firewall.ts';
import { findGateway, type Gateway, interfaceOf } from './firewall/gateway.ts';
import { systemNeighbourList, systemNeighbours } from './firewall/neighbours.ts';
import { systemNft } from './firewall/nft.ts';
import type { Insides } from './firewall/ruleset.ts';
import { Garden } from './garden.ts';
import { createApp } from './http/app.ts';
import { send } from './http/reply.ts';
import { closeHttp, listenHttp } from './http/server.ts';
import { anew, changedLive, differences, nextOfEach, waitingForStart } from './live.ts';
import { createLogIn, type LogIn } from './login.ts';
import { MacLists } from './mac-lists.ts';
import { OtherAddresses } from './other-addresses.ts';
import { createPreAuth } from './preauth/preauth.ts';
import { Sessions } from './sessions.ts';
import { Pages } from './splash/pages.ts';
import { loadSessions } from './stored-sessions.ts';
import { VoucherDesk } from './vouchers.ts';

export interface PortalParts {
  readonly settings: PortalSettings;
  readonly gate: Gate;
  readonly journal: Journal;
  readonly tables: SerTables;
  /** Where names are looked for that a program vouches for. */
  readonly users: UserSource;
  readonly vouchers: Vouchers;
  /** Runs nft, ip and the BinAuth program. */
  readonly programs: Programs;
  readonly clock: Clock;
  readonly log: Log;
  readonly setLogLevel: (level: LogLevel) => void;
  /** Ends the server in order. */
  readonly shutDown: () => void;
}

const SWEEP_MS = 250;

/** An interface that clients are on, while the door is open. */
interface Found {
  readonly settings: PortalSettings;
  readonly gateway: Gateway;
  onRequest: RequestListener;
}

export interface PortalDoor extends Door {
  /** Makes a changed configuration ready; nobody is put out by it but who is blocked now. */
  prepare(next: PortalSettings): PreparedChange;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export function createPortalDoor(parts: PortalParts): PortalDoor {
  const { clock, log } = parts;
  /** As they are now: every part looks at them when it needs them. */
  const each: readonly Mutable<PortalSettings>[] = settingsOfEach(parts.settings).map((one) => ({ ...one }));
  /** For all that is the same on each interface. */
  const settings = each[0]!;
  const settingsOn = (card: string) => each.find((one) => one.interface === card) ?? settings;
  const now = () => clock.now();
  const clients = new Clients();
  const firewall = new Firewall(systemNft(parts.programs));
  const { programs } = parts;
  let binauth = programOf(settings);
  const desk = new VoucherDesk({ ...parts, clients });
  const sessions = new Sessions({
    ...parts,
    settings,
    settingsOn,
    clients,
    firewall,
    record: (client, session, isOver) => desk.record(client, session, isOver),
    tell(event, { mac }, session, ends) {
      binauth?.tell({ event, mac, bytes: session, started: session.started, ends });
    },
  });
  const lists = new MacLists(settings, firewall, (card) => settingsOn(card).trust);
  const others = new OtherAddresses({ ...parts, clients, sessions, neighbours: systemNeighbourList(programs) });
  const startedAt = clock.now();
  /** What the start found, by interface. */
  let insides: Insides<Found> | undefined;
  const garden = new Garden({ settings, firewall, log });
  let certificates: Certificates | undefined;
  let servers: Server[] = [];
  let ctl: SocketServer | undefined;
  let open: Listener[] = [];
  let sweeping: NodeJS.Timeout | undefined;
  let counting: NodeJS.Timeout | undefined;
  let trouble: HealthItem | undefined;
  /** One for each name of the network: a FAS has a list for each. */
  let monitors: FasMonitor[] = [];

  return {
    name: 'portal',
    start,
    stop,
    listeners: () => open,
    health: () => [trouble, ...monitors.map((one) => one.trouble)].filter((item) => item !== undefined),
    sessions: listSessions,
    end,
    change: async (name, terms) => {
      const client = sessions.find(name);
      return client !== undefined && sessions.change(client, terms);
    },
    prepare,
  };

  async function start(): Promise<void> {
    const found = each.map((own) => ({ settings: own, gateway: findGateway(own), onRequest: sayComeAgain }));
    await firewall.check();
    let run: RunCommand = async () => 'No';
    try {
      for (const inside of found) await listenOn(inside);
      ctl = await listenOnCtlSocket(settings.ndsctl_socket, (line) => run(line));
      const names = found.map(({ settings: { interface: card } }) => card);
      const stored = await loadSessions(parts.tables, (address) => interfaceOf(address, names));
      const recalled = sessions.recall(stored, await firewall.traffic());
      await desk.resume(stored.map(({ session }) => session.user));
      insides = found as [Found, ...Found[]];
      await firewall.load(insides, recalled.members);
      sessions.resume(recalled);
    } catch (error) {
      await closeListeners(0);
      throw error;
    }
    await others.look();
    openPages(insides);
    garden.begin().catch(complain('the walled garden'));
    run = createCommands({ ...parts, settings, each, clients, sessions, lists, now, startedAt });
    sweeping = setInterval(() => sessions.sweep(), SWEEP_MS).unref();
    let seconds = 0;
    counting = setInterval(() => {
      others.tick();
      if (++seconds % settings.check_seconds === 0 || sessions.areLimited) count();
    }, 1000).unref();
  }

  async function listenOn(inside: Found): Promise<void> {
    const onRequest: RequestListener = (request, response) => inside.onRequest(request, response);
    const { ipv4, ipv6 } = inside.gateway;
    for (const address of ipv6 ? [ipv4, ipv6] : [ipv4]) {
      const { port } = settings;
      servers.push(await listenHttp({ address, port }, onRequest));
      open.push({ door: 'portal', what: 'portal http', address, port });
      if (!settings.https) continue;
      const secure = { address, port: settings.https.port };
      certificates ??= certificatesOf(settings.https);
      servers.push(await listenHttp(secure, onRequest, certificates));
      open.push({ door: 'portal', what: 'portal https', ...secure });
    }
  }

  async function stop(withinMs: number): Promise<void> {
    garden.stop();
    others.stop();
    for (const one of monitors) one.stop();
    clearInterval(sweeping);
    clearInterval(counting);
    await closeListeners(withinMs / 2);
    try {
      await sessions.suspend();
      await binauth?.settle(withinMs / 2);
    } finally {
      await firewall.remove();
    }
  }

  function prepare(next: PortalSettings): PreparedChange {
    const after = nextOfEach(each, next);
    const live = [...new Set(each.flatMap((one, i) => differences(one, after[i]!).live))];
    // What waits is told again by each reload until there was a start.
    const waiting = waitingForStart(parts.settings, next);
    return {
      changed: live.map((name) => `portal.${name}`),
      waiting: waiting.map((name) => ({ what: `portal.${name}` })),
      adopt() {
        const before = { ...settings };
        for (const [i, one] of each.entries()) Object.assign(one, changedLive(one, after[i]!));
        const { firewall: otherRules, entrances, garden: names } = anew(live);
        if (names && insides) garden.begin().catch(complain('the walled garden'));
        if (otherRules && insides) firewall.rule(insides).catch(complain('the firewall'));
        if (entrances) {
          binauth = programOf(settings);
          if (insides) openPages(insides);
        }
        lists.follow(before, settings).then(putOutBlocked, complain('the lists of cards'));
      },
    };
  }

  function complain(what: string): (error: unknown) => void {
    return (error) => log.error(`${what} could not be changed`, { error: describeError(error) });
  }

  function programOf({ binauth: program, binauth_shell }: PortalSettings) {
    return program ? createBinAuth([...binauth_shell, program], programs, log) : undefined;
  }

  /** Errors: TLS_CERTIFICATE. */
  function certificatesOf({ certificate, key }: HttpsSettings): Certificates {
    const files = { certificate, key, names: [], ca: undefined };
    return new Certificates({ ...files, clientCertificate: 'none', verifyServer: true }, log);
  }

  /** As the settings are now. */
  function openPages(at: Insides<Found>): void {
    const preauth = settings.preauth ? createPreAuth(settings.preauth, settings, programs) : undefined;
    const hasFas = settings.fas_port > 0 && !preauth;
    const logIns = new Map<string, LogIn>();
    for (const inside of at) {
      const { settings: own, gateway } = inside;
      const logIn = createLogIn({ ...parts, settings: own, sessions, binauth, vouchers: desk });
      logIns.set(own.interface, logIn);
      inside.onRequest = createApp({
        ...parts,
        settings: own,
        startedAt,
        gateway,
        clients,
        sessions,
        lists,
        vouchers: desk,
        neighbours: systemNeighbours(own.interface, programs),
        pages: new Pages(own),
        preauth,
        fas: hasFas ? createFas(own, gateway.ipv4) : undefined,
        logIn,
      });
    }
    for (const one of monitors) one.stop();
    const logIn: LogIn = (client, ...given) => logIns.get(client.interface)!(client, ...given);
    const isAsked = hasFas && settings.fas_level === 3;
    const byName = new Map(isAsked ? at.map((inside) => [inside.settings.name, inside]) : []);
    monitors = Array.from(byName.values(), ({ settings: own, gateway }) => {
      return new FasMonitor({ ...parts, settings: own, gateway: gateway.ipv4, clients, lists, logIn });
    });
    for (const one of monitors) one.begin();
  }

  async function putOutBlocked(): Promise<void> {
    for (const client of clients.all()) if (lists.isBlocked(client.mac)) await sessions.close(client, 'ndsctl_deauth');
  }

  async function closeListeners(withinMs: number): Promise<void> {
    const closing = servers;
    servers = [];
    open = [];
    ctl?.close();
    certificates?.close();
    await closeHttp(closing, withinMs);
  }

  function count(): void {
    sessions.count().then(
      () => {
        trouble = undefined;
        for (const client of desk.spent()) void sessions.close(client, 'timeout_deauth');
      },
      (error) => {
        const text = `the firewall cannot be read: ${describeError(error)}`;
        trouble ??= { code: 'PORTAL_FIREWALL', severity: 'error', text, since: clock.now() };
        log.warn('the counters of the firewall cannot be read', { error: describeError(error) });
      },
    );
  }

  function* listSessions(filter?: { user?: string }): Generator<SessionInfo> {
    for (const client of clients.all()) {
      const { interface: card, address, mac, session, also } = client;
      if (!session || !isInside(client) || (filter?.user !== undefined && filter.user !== session.user)) continue;
      const { name, user, started, ends, sent, received } = session;
      const detail: Record<string, string | number> = { mac, sent, received };
      if (each.length > 1) detail.interface = card;
      if (also.size > 0) detail.also = [...also.keys()].join(' ');
      yield { session: name, door: 'portal', user, client: address, started, expires: ends, detail };
    }
  }

  async function end(name: string, reason: EndReason): Promise<boolean> {
    const client = sessions.find(name);
    return client !== undefined && sessions.close(client, 'ndsctl_deauth', reason);
  }
}

const sayComeAgain: RequestListener = (request, response) => {
  send(request, response, 503, 'text/plain', 'the door is about to open\n', ['Retry-After', '1']);
};
