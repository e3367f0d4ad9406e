/** The door's HTTP listeners, bounded everywhere: connections, headers, and the time that each may take. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { ListenAddress } from '../../../platform/listen-address.ts';
import { listenError } from '../../../platform/listen-error.ts';
import type { Certificates } from '../../../platform/tls/certificates.ts';

const LIMITS = {
  maxHeaderSize: 16_384,
  headersTimeout: 10_000,
  requestTimeout: 20_000,
  connectionsCheckingInterval: 5_000,
  insecureHTTPParser: false,
} as const;
const MOST_CONNECTIONS = 4_096;
const MOST_HEADERS = 100;

/** Errors: those of platform/listen-error.ts. */
export async function listenHttp(
  { address, port }: ListenAddress,
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
  certificates?: Certificates,
): Promise<Server> {
  const server = certificates ? secureServer(certificates, onRequest) : createServer(LIMITS, onRequest);
  server.maxConnections = MOST_CONNECTIONS;
  server.maxHeadersCount = MOST_HEADERS;
  const option = `\`portal.${certificates ? 'https.port' : 'port'}\` of gatehouse.yaml`;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', (error: NodeJS.ErrnoException) => {
    reject(listenError({ protocol: 'tcp', address, port, option }, error));
  });
  server.listen({ host: address, port, backlog: 1024 }, resolve);
  await promise;
  return server;
}

function secureServer(
  certificates: Certificates,
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
): Server {
  const server = createSecureServer({ ...LIMITS, ...certificates.serverOptions() }, onRequest);
  certificates.serves(server);
  return server;
}

export async function closeHttp(servers: readonly Server[], withinMs: number): Promise<void> {
  const cut = setTimeout(() => {
    for (const server of servers) server.closeAllConnections();
  }, withinMs);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  clearTimeout(cut);
}
