/**
 * The HTTP door: health and metrics for machines, administration for people and for the command line. A door like the
 * others, though nobody's session stands behind it.
 *
 * Errors of start: those of platform/listen-error.ts, CONTROL_LISTEN.
 */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Door, Listener } from '../../core/doors/types.ts';
import type { OfferUpgrades } from '../../platform/http-upgrade.ts';
import type { ListenAddress } from '../../platform/listen-address.ts';
import { listenError } from '../../platform/listen-error.ts';
import type { AppOptions } from './app.ts';
import { controlApp, isOwnHost, publicApp } from './app.ts';
import { listenOnControlSocket } from './control-socket.ts';
import { guardConnections } from './upgrades.ts';

export interface ConsoleOptions extends AppOptions {
  listen: readonly ListenAddress[];
  /** Path of the control socket; see controlSocketOf in core. */
  controlSocket: string;
  /** Who takes the requests for WebSockets; absent: nobody. */
  webSockets?: OfferUpgrades;
}

export function createConsoleDoor(options: ConsoleOptions): Door {
  let apps: FastifyInstance[] = [];
  let open: Listener[] = [];

  return {
    name: 'console',
    start,
    stop,
    listeners: () => open,
    health: () => [],
    sessions: () => [],
    end: async () => false,
  };

  async function start(): Promise<void> {
    try {
      // First: the command line waits for it.
      const control = await controlApp(options);
      apps.push(control);
      await control.ready();
      await listenOnControlSocket(control.server, options.controlSocket);
      for (const address of options.listen) {
        const app = await publicApp(options);
        apps.push(app);
        const take = guardConnections(app.server, (host) => isOwnHost(host, options.names()));
        const listener = await listenOn(app, address);
        open.push(listener);
        if (options.webSockets) take(await options.webSockets(listener));
      }
    } catch (error) {
      await stop(0);
      throw error;
    }
  }

  async function stop(withinMs: number): Promise<void> {
    const closing = apps;
    apps = [];
    open = [];
    const cut = setTimeout(() => {
      for (const app of closing) app.server.closeAllConnections();
    }, withinMs);
    await Promise.all(closing.map((app) => closeApp(app)));
    clearTimeout(cut);
  }
}

async function listenOn(app: FastifyInstance, { address, port }: ListenAddress): Promise<Listener> {
  try {
    await app.listen({ host: address, port, listenTextResolver: () => '' });
  } catch (error) {
    const refused = { protocol: 'tcp', address, port, option: '`http.listen` of gatehouse.yaml' } as const;
    throw listenError(refused, error as NodeJS.ErrnoException);
  }
  const bound = app.server.address() as AddressInfo;
  return { door: 'console', what: 'http', address: bound.address, port: bound.port };
}

/** Also when the server never came to listen, or was made to listen without fastify's knowledge. */
async function closeApp(app: FastifyInstance): Promise<void> {
  const server: Server = app.server;
  const closed = server.listening ? new Promise<void>((resolve) => void server.close(() => resolve())) : undefined;
  server.closeIdleConnections();
  await app.close();
  await closed;
}
