/**
 * The two faces of the HTTP door, as fastify applications: the public one for TCP and the control one for the unix socket.
 *
 * No web page can be the caller: bodies must be application/json (which browsers send across origins only after a
 * preflight that is never granted), a foreign Origin is refused, and there is no CORS. Other doors' paths see to that themselves.
 */
import { isIP } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyRequest } from 'fastify';
import type { Administration } from '../../core/admin/types.ts';
import { commandLineActor, uidHeader } from '../../core/control/client.ts';
import { callMethod } from '../../core/control/methods.ts';
import type { HealthItem } from '../../core/doors/types.ts';
import { GatehouseError } from '../../platform/errors.ts';
import type { HttpRoutes } from '../../platform/http-route.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { METRICS_CONTENT_TYPE } from '../../platform/metrics.ts';
import type { Certificates } from '../../platform/tls/certificates.ts';
import type { VerifyAdmin } from './administrators.ts';
import { administrators } from './administrators.ts';
import { API_PREFIX, openApi } from './openapi.ts';
import { requestFault, sendError } from './reply.ts';
import { mountRoutes } from './routes.ts';

export interface AppOptions {
  /** The administration for who acts: the audit trail names them. */
  administration(actor: string): Administration;
  /** Names besides addresses and localhost under which the public face answers. */
  names(): readonly string[];
  health(): HealthItem[];
  metrics: Metrics;
  verifyAdmin: VerifyAdmin;
  /** What other doors answer on the public face. */
  routes?: readonly HttpRoutes[];
  log: Log;
}

/** An import piece of 500 users with long names and passwords fits. */
const MAX_BODY = 2 * 1024 * 1024;

/** Health, metrics, and the calls for an administrator. `certificates`: for HTTPS. */
export async function publicApp(options: AppOptions, certificates?: Certificates): Promise<FastifyInstance> {
  const app = await emptyApp(options.log, certificates);
  const authorise = administrators(options.verifyAdmin);
  const refuseForeignHost = hostGuard(options.names);
  app.addHook('onRequest', async (request) => refuseForeignHost(request));

  app.get('/healthz', async (_request, reply) => {
    const items = options.health();
    const failed = items.some((item) => item.severity === 'error');
    return reply.code(failed ? 503 : 200).send({ version: 1, ok: !failed, items: items.map(healthView) });
  });
  app.get('/metrics', async (_request, reply) => reply.type(METRICS_CONTENT_TYPE).send(await options.metrics.text()));

  app.get(`${API_PREFIX}/openapi.json`, async () => openApi());
  addCalls(app, API_PREFIX, options, async (request) => {
    refuseForeignOrigin(request);
    // One count per address: every guess could come over a connection of its own.
    const client = { address: request.ip, port: 0 };
    const name = await authorise(request.headers.authorization, client);
    return `admin ${name} from ${client.address}`;
  });
  for (const routes of options.routes ?? []) await mountRoutes(app, routes);
  return app;
}

/** The calls for whoever may open the socket: its file mode is the lock. */
export async function controlApp(options: AppOptions): Promise<FastifyInstance> {
  const app = await emptyApp(options.log);
  addCalls(app, '/control', options, async ({ headers }) => commandLineActor(String(headers[uidHeader] ?? '')));
  return app;
}

/** Loads what the apps are made of: a fifth of a second of CPU time that a start can spend while it waits for something else. */
export function loadFramework() {
  return import('fastify');
}

async function emptyApp(log: Log, certificates?: Certificates): Promise<FastifyInstance> {
  const { fastify } = await loadFramework();
  const app = fastify({
    // No route has a schema; given no compilers, fastify would load two of its own for nothing.
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    bodyLimit: MAX_BODY,
    // A request must have come whole after ten seconds; a call itself may take long (a large audit trail).
    requestTimeout: 10_000,
    ...serverOptions(certificates),
    connectionTimeout: 150_000,
    keepAliveTimeout: 5_000,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
  });
  app.removeContentTypeParser('text/plain');
  app.addHook('onSend', async (_request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  });
  app.setNotFoundHandler((_request, reply) =>
    sendError(reply, new GatehouseError('HTTP_ROUTE', 'there is nothing here')),
  );
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const fault = error instanceof GatehouseError ? undefined : requestFault(error);
    if (fault) return sendError(reply, fault.error).code(fault.status);
    if (!(error instanceof GatehouseError)) {
      // Queries may hold PINs and codes.
      log.error('a call failed', { path: request.url.split('?', 1)[0], error: error.stack });
    }
    return sendError(reply, error);
  });
  return app;
}

/** Fastify knows another server for HTTPS, and its type with it. */
function serverOptions(certificates: Certificates | undefined): { http: object } {
  const timeouts = { headersTimeout: 5_000, connectionsCheckingInterval: 1_000 };
  if (certificates === undefined) return { http: timeouts };
  // Browsers would ask their users for a certificate.
  const https = { ...timeouts, ...certificates.serverOptions('none'), handshakeTimeout: 10_000 };
  return { https } as unknown as { http: object };
}

function noSchemas(): never {
  throw new Error('a route has a schema, and there is no compiler for it');
}

function addCalls(
  app: FastifyInstance,
  prefix: string,
  { administration, log }: AppOptions,
  who: (request: FastifyRequest) => Promise<string>,
): void {
  const actors = new WeakMap<FastifyRequest, string>();
  app.route<{ Params: { method: string } }>({
    method: 'POST',
    url: `${prefix}/:method`,
    // Before the body is read: a stranger's two megabytes are not worth parsing.
    onRequest: async (request) => {
      const by = await who(request);
      actors.set(request, by);
      log.debug('call', { path: request.url, by });
    },
    handler: async (request) => {
      return { result: await callMethod(administration(actors.get(request)!), request.params.method, request.body) };
    },
  });
}

/** Whether a Host header names an address, localhost or one of the names. */
export function isOwnHost(header: string | undefined, names: readonly string[]): boolean {
  const host = (header ?? '').replace(/:\d*$/, '').toLowerCase();
  if (host === 'localhost' || isIP(host.replace(/^\[(.*)\]$/, '$1')) !== 0) return true;
  return names.some((name) => name.toLowerCase() === host);
}

/** A page of another origin whose name was made to lead here (DNS rebinding) brings that name along. */
function hostGuard(names: () => readonly string[]): (request: FastifyRequest) => void {
  return function refuseForeignHost({ headers, url }) {
    // Whoever watches over us may use any name; it learns nothing that a page could use.
    if (url === '/healthz') return;
    if (isOwnHost(headers.host, names())) return;
    throw new GatehouseError('HTTP_HOST', 'the name in the Host header is none of ours', {
      hint: 'use the address, or add the name to `http.names` of gatehouse.yaml',
    });
  };
}

function refuseForeignOrigin(request: FastifyRequest): void {
  const { origin, host } = request.headers;
  if (origin === undefined) return;
  const own = URL.canParse(origin) && new URL(origin).host === host;
  if (!own) throw new GatehouseError('HTTP_ORIGIN', 'calls from the web pages of others are refused');
}

function healthView({ code, severity, text, since }: HealthItem): Record<string, string> {
  return { code, severity, text, ...(since === undefined ? {} : { since: new Date(since).toISOString() }) };
}
