/**
 * The RADIUS door: puts its parts together and shows the face that all doors show.
 *
 * Sessions outlive a stop and a crash: they are at the equipment, and are known again by the next start. Errors of start: STORAGE_…,
 * those of platform/listen-error.ts.
 */
import { isIPv6, SocketAddress } from 'node:net';
import type { Door, HealthItem, Listener, SessionInfo } from '../../core/doors/types.ts';
import type { Gate } from '../../core/gate/types.ts';
import type { OwnRows } from '../../core/journal/own-table.ts';
import type { Journal } from '../../core/journal/types.ts';
import type { RadiusClientList } from '../../core/radius/clients.ts';
import type { Realms } from '../../core/realms/types.ts';
import type { SessionDirectory } from '../../core/sessions/directory.ts';
import type { UserSource } from '../../core/users/types.ts';
import type { Clock } from '../../platform/clock.ts';
import { describeError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { Asker, type Peer } from '../../platform/radius/asker.ts';
import { byteSockets } from '../../platform/udp/byte-socket.ts';
import { configuredClients, type RadiusConfig } from './config.ts';
import { offerMetrics } from './metrics.ts';
import { AccessRequests } from './server/access.ts';
import { AccountingRequests } from './server/accounting.ts';
import { Clients } from './server/clients.ts';
import { changeTerms, DISCONNECT_PATIENCE, disconnect } from './server/disconnect.ts';
import { DynamicRequests } from './server/dynamic.ts';
import { EAP_PATIENCE, EapRequests } from './server/eap.ts';
import { Receiver } from './server/receiver.ts';
import { type OpenPort, openPort } from './server/socket.ts';
import { addressOf } from './sessions/session.ts';
import { RadiusSessions } from './sessions/sessions.ts';
import { loadSessions } from './sessions/stored-sessions.ts';

export interface RadiusParts {
  readonly config: RadiusConfig;
  readonly gate: Gate;
  readonly journal: Journal;
  readonly rows: OwnRows;
  readonly realms: Pick<Realms, 'split'>;
  readonly users: UserSource;
  /** Over all doors. */
  readonly directory: Pick<SessionDirectory, 'in' | 'end' | 'change'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Besides those of the configuration. */
  readonly clients: Pick<RadiusClientList, 'list' | 'onChange'>;
  /** Whether UDP may go through the native module. */
  readonly nativeUdp: boolean;
}

export interface RadiusDoor extends Door {
  /** The clients of a changed configuration. */
  setClients(configured: RadiusConfig['clients']): void;
}

/** How long after the last dropped request it counts as busy. */
const BUSY_MS = 60_000;
const SWEEP_MS = 500;
const WHAT = { access: 'radius', accounting: 'radius accounting', dynamic: 'radius disconnect' } as const;

export function createRadiusDoor(parts: RadiusParts): RadiusDoor {
  const { config, clock, log } = parts;
  let configured = config.clients;
  const asker = new Asker(DISCONNECT_PATIENCE);
  const sessions: RadiusSessions = new RadiusSessions({
    ...parts,
    disconnect: (session) => disconnect(session, { asker, clients: receiver.clients, clock }),
    changeTerms: (session, terms) => changeTerms(session, terms, { asker, clients: receiver.clients, clock }),
  });
  const eapAsker = new Asker(EAP_PATIENCE);
  const eap = config.eap && new EapRequests({ ...parts, asker: eapAsker, peer: eapServer(config.eap) });
  const receiver: Receiver = new Receiver(allClients(), {
    ...parts,
    handlers: {
      access: new AccessRequests({ ...parts, ...(eap ? { eap } : {}) }),
      accounting: new AccountingRequests({ ...parts, sessions }),
      dynamic: new DynamicRequests({ ...parts, sessions }),
    },
  });
  offerMetrics(parts.metrics, receiver, sessions);
  const openSocket = byteSockets(parts.nativeUdp);
  let open: OpenPort[] = [];
  let opening: Promise<void> = Promise.resolve();
  let running = false;
  /** Why the ports could not be opened for clients that came later. */
  let trouble: HealthItem | undefined;
  let sweeping: NodeJS.Timeout | undefined;

  return {
    name: 'radius',
    start,
    stop,
    listeners,
    health,
    sessions: listSessions,
    end: (name, reason) => sessions.end(name, reason),
    change: (name, change) => sessions.change(name, change),
    setClients(clients) {
      configured = clients;
      changeClients();
    },
  };

  function allClients(): Clients {
    return new Clients([...configuredClients(configured), ...parts.clients.list()]);
  }

  function changeClients(): void {
    receiver.clients = allClients();
    opening = opening.then(openPorts).then(
      () => {
        trouble = undefined;
      },
      (error) => {
        trouble = { code: 'RADIUS_CLOSED', severity: 'error', text: describeError(error), since: clock.now() };
        log.error('the RADIUS door cannot be opened', { error: describeError(error) });
      },
    );
  }

  async function start(): Promise<void> {
    sessions.resume(await loadSessions(parts.rows));
    running = true;
    parts.clients.onChange(changeClients);
    try {
      await openPorts();
    } catch (error) {
      await stop();
      throw error;
    }
    sweeping = setInterval(() => sessions.sweep(), SWEEP_MS).unref();
  }

  /** Those that somebody may use and that are not open yet. */
  async function openPorts(): Promise<void> {
    const { clients } = receiver;
    if (!running || clients.size === 0) return;
    const wanted = [
      ...config.listen.map((address) => ({ kind: 'access', option: 'radius.listen', address }) as const),
      ...config.accounting.map((address) => ({ kind: 'accounting', option: 'radius.accounting', address }) as const),
      ...config.dynamic.map((address) => ({ kind: 'dynamic', option: 'radius.dynamic', address }) as const),
    ];
    for (const { kind, option, address } of wanted) {
      if (open.some((port) => port.kind === kind && port.wanted === address)) continue;
      if (kind !== 'dynamic' || clients.someMayDisconnect)
        open.push(await openPort(kind, address, option, receiver, openSocket));
    }
  }

  async function stop(): Promise<void> {
    running = false;
    clearInterval(sweeping);
    await opening;
    const closing = open;
    open = [];
    await Promise.all(closing.map((port) => port.close()));
    asker.close();
    eapAsker.close();
  }

  function listeners(): Listener[] {
    return open.map(({ kind, address, port }) => ({ door: 'radius', what: WHAT[kind], address, port }));
  }

  function health(): HealthItem[] {
    const closed = trouble ? [trouble] : [];
    if (clock.monotonic() - receiver.busyAt > BUSY_MS) return closed;
    const text = `RADIUS requests were dropped in the last minute, since ${receiver.waiting} waited for an answer`;
    return [...closed, { code: 'RADIUS_BUSY', severity: 'warning', text }];
  }

  function* listSessions(filter?: { user?: string }): Generator<SessionInfo> {
    for (const session of sessions.all(filter?.user)) {
      const { name, user, place, equipment, started, ends, sent, received } = session;
      const address = addressOf(session);
      const detail = { equipment, ...(address ? { address } : {}), sent, received };
      yield { session: name, door: 'radius', user, client: place, started, expires: ends, detail };
    }
  }
}

/** Its answers must be signed, as all with EAP (RFC 3579 section 3.1). */
function eapServer({ address: { address, port }, secret }: NonNullable<RadiusConfig['eap']>): Peer {
  const plain = isIPv6(address) ? new SocketAddress({ address, family: 'ipv6' }).address : address;
  return { address: plain, port, secret: Buffer.from(secret), signs: true };
}
