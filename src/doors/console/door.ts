/**
 * The HTTP door: health and metrics for machines, administration for people and for the command line. A door like the
 * others, though nobody's session stands behind it.
 *
 * Errors of start: those of platform/listen-error.ts, CONTROL_LISTEN, TLS_CERTIFICATE.
 */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Server as SecureServer } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import type { Door, Listener } from '../../core/doors/types.ts';
import type { OfferUpgrades } from '../../platform/http-upgrade.ts';
import type { ListenAddress } from '../../platform/listen-address.ts';
import { listenError } from '../../platform/listen-error.ts';
import type { Certificates } from '../../platform/tls/certificates.ts';
import type { AppOptions } from './app.ts';
import { controlApp, isOwnHost, publicApp } from './app.ts';
import { listenOnControlSocket } from './control-socket.ts';
import { guardConnections } from './upgrades.ts';

export interface ConsoleOptions extends AppOptions {
  listen: readonly ListenAddress[];
  tls?: ConsoleTls;
  /** Path of the control socket; see controlSocketOf in core. */
  controlSocket: string;
  /** Who takes the requests for WebSockets; absent: nobody. */
  webSockets?: OfferUpgrades;
}

/** As the `http.tls` section says it. */
export interface ConsoleTls {
  readonly certificate?: string | undefined;
  /** Unset: it stands in the file of the certificate. */
  readonly key?: string | undefined;
  readonly listen: readonly ListenAddress[];
}

export function createConsoleDoor(options: ConsoleOptions): Door {
  let apps: FastifyInstance[] = [];
  let open: Listener[] = [];
  let certificates: Certificates | undefined;

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
      for (const address of options.listen) await serve(address);
      const { certificate, key = certificate, listen = [] } = options.tls ?? {};
      if (certificate === undefined || key === undefined) return;
      const { Certificates } = await import('../../platform/tls/certificates.ts');
      const files = { certificate, key, names: [], ca: undefined };
      certificates = new Certificates({ ...files, clientCertificate: 'none', verifyServer: true }, options.log);
      for (const address of listen) await serve(address, certificates);
    } catch (error) {
      await stop(0);
      throw error;
    }
  }

  async function serve(address: ListenAddress, secure?: Certificates): Promise<void> {
    const app = await publicApp(options, secure);
    apps.push(app);
    // Fastify's type knows a plain server only.
    secure?.serves(app.server as unknown as SecureServer);
    const take = guardConnections(app.server, (host) => isOwnHost(host, options.names()));
    const listener = await listenOn(app, address, secure ? 'https' : 'http');
    open.push(listener);
    if (options.webSockets) take(await options.webSockets({ ...listener, secure: secure !== undefined }));
  }

  async function stop(withinMs: number): Promise<void> {
    certificates?.close();
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

async function listenOn(
  app: FastifyInstance,
  { address, port }: ListenAddress,
  what: 'http' | 'https',
): Promise<Listener> {
  try {
    await app.listen({ host: address, port, listenTextResolver: () => '' });
  } catch (error) {
    const option = `\`${what === 'http' ? 'http.listen' : 'http.tls.listen'}\` of gatehouse.yaml`;
    const refused = { protocol: 'tcp', address, port, option } as const;
    throw listenError(refused, error as NodeJS.ErrnoException);
  }
  const bound = app.server.address() as AddressInfo;
  return { door: 'console', what, address: bound.address, port: bound.port };
}

/** Also when the server never came to listen, or was made to listen without fastify's knowledge. */
async function closeApp(app: FastifyInstance): Promise<void> {
  const server: Server = app.server;
  const closed = server.listening ? new Promise<void>((resolve) => void server.close(() => resolve())) : undefined;
  server.closeIdleConnections();
  await app.close();
  await closed;
}
