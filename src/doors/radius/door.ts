/**
 * The RADIUS door: puts its parts together and shows the face that all doors show.
 *
 * Errors of start: those of platform/listen-error.ts.
 */
import type { Door, HealthItem, Listener } from '../../core/doors/types.ts';
import type { Gate } from '../../core/gate/types.ts';
import type { Realms } from '../../core/realms/types.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { RadiusConfig } from './config.ts';
import { offerMetrics } from './metrics.ts';
import { AccessRequests } from './server/access.ts';
import { Clients } from './server/clients.ts';
import { Receiver } from './server/receiver.ts';
import { type OpenPort, openPort } from './server/socket.ts';

export interface RadiusParts {
  readonly config: RadiusConfig;
  readonly gate: Gate;
  readonly realms: Pick<Realms, 'split'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** How long after the last dropped request it counts as busy. */
const BUSY_MS = 60_000;

export function createRadiusDoor(parts: RadiusParts): Door {
  const { config, clock } = parts;
  const receiver = new Receiver(new Clients(config.clients), { ...parts, access: new AccessRequests(parts) });
  offerMetrics(parts.metrics, receiver);
  let open: OpenPort[] = [];

  return {
    name: 'radius',
    start,
    stop,
    listeners,
    health,
    sessions: () => [],
    end: async () => false,
  };

  async function start(): Promise<void> {
    try {
      for (const address of config.listen) open.push(await openPort('access', address, 'radius.listen', receiver));
    } catch (error) {
      await stop();
      throw error;
    }
  }

  async function stop(): Promise<void> {
    const closing = open;
    open = [];
    await Promise.all(closing.map((port) => port.close()));
  }

  function listeners(): Listener[] {
    return open.map(({ address, port }) => ({ door: 'radius', what: 'radius', address, port }));
  }

  function health(): HealthItem[] {
    if (clock.monotonic() - receiver.busyAt > BUSY_MS) return [];
    const text = `RADIUS requests were dropped in the last minute, since ${receiver.waiting} waited for an answer`;
    return [{ code: 'RADIUS_BUSY', severity: 'warning', text }];
  }
}
