/**
 * The RADIUS door: puts its parts together and shows the face that all doors show.
 *
 * Sessions outlive a stop and a crash: they are at the equipment, and are known again by the next start. Errors of start: STORAGE_…,
 * those of platform/listen-error.ts.
 */
import type { Door, HealthItem, Listener, SessionInfo } from '../../core/doors/types.ts';
import type { Gate } from '../../core/gate/types.ts';
import type { OwnRows } from '../../core/journal/own-table.ts';
import type { Journal } from '../../core/journal/types.ts';
import type { Realms } from '../../core/realms/types.ts';
import type { UserSource } from '../../core/users/types.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { Asker } from '../../platform/radius/asker.ts';
import type { RadiusConfig } from './config.ts';
import { offerMetrics } from './metrics.ts';
import { AccessRequests } from './server/access.ts';
import { AccountingRequests } from './server/accounting.ts';
import { Clients } from './server/clients.ts';
import { DISCONNECT_PATIENCE, disconnect } from './server/disconnect.ts';
import { DynamicRequests } from './server/dynamic.ts';
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
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** How long after the last dropped request it counts as busy. */
const BUSY_MS = 60_000;
const SWEEP_MS = 500;
const WHAT = { access: 'radius', accounting: 'radius accounting', dynamic: 'radius disconnect' } as const;

export function createRadiusDoor(parts: RadiusParts): Door {
  const { config, clock } = parts;
  const asker = new Asker(DISCONNECT_PATIENCE);
  const sessions: RadiusSessions = new RadiusSessions({
    ...parts,
    disconnect: (session) => disconnect(session, { asker, clients: receiver.clients, clock }),
  });
  const receiver: Receiver = new Receiver(new Clients(config.clients), {
    ...parts,
    handlers: {
      access: new AccessRequests(parts),
      accounting: new AccountingRequests({ ...parts, sessions }),
      dynamic: new DynamicRequests({ ...parts, sessions }),
    },
  });
  offerMetrics(parts.metrics, receiver, sessions);
  let open: OpenPort[] = [];
  let sweeping: NodeJS.Timeout | undefined;

  return {
    name: 'radius',
    start,
    stop,
    listeners,
    health,
    sessions: listSessions,
    end: (name, reason) => sessions.end(name, reason),
  };

  async function start(): Promise<void> {
    sessions.resume(await loadSessions(parts.rows));
    const dynamic = config.clients.some(({ may_disconnect }) => may_disconnect) ? config.dynamic : [];
    const ports = [
      ...config.listen.map((address) => ({ kind: 'access', option: 'radius.listen', address }) as const),
      ...config.accounting.map((address) => ({ kind: 'accounting', option: 'radius.accounting', address }) as const),
      ...dynamic.map((address) => ({ kind: 'dynamic', option: 'radius.dynamic', address }) as const),
    ];
    try {
      for (const { kind, option, address } of ports) open.push(await openPort(kind, address, option, receiver));
    } catch (error) {
      await stop();
      throw error;
    }
    sweeping = setInterval(() => sessions.sweep(), SWEEP_MS).unref();
  }

  async function stop(): Promise<void> {
    clearInterval(sweeping);
    const closing = open;
    open = [];
    await Promise.all(closing.map((port) => port.close()));
    asker.close();
  }

  function listeners(): Listener[] {
    return open.map(({ kind, address, port }) => ({ door: 'radius', what: WHAT[kind], address, port }));
  }

  function health(): HealthItem[] {
    if (clock.monotonic() - receiver.busyAt > BUSY_MS) return [];
    const text = `RADIUS requests were dropped in the last minute, since ${receiver.waiting} waited for an answer`;
    return [{ code: 'RADIUS_BUSY', severity: 'warning', text }];
  }

  function* listSessions(filter?: { user?: string }): Generator<SessionInfo> {
    for (const session of sessions.all()) {
      if (filter?.user !== undefined && filter.user !== session.user) continue;
      const { name, user, place, equipment, started, ends, sent, received } = session;
      const address = addressOf(session);
      const detail = { equipment, ...(address ? { address } : {}), sent, received };
      yield { session: name, door: 'radius', user, client: place, started, expires: ends, detail };
    }
  }
}
