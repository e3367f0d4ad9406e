/**
 * What the door answers to a request. Requests for any other host are strangers' that the firewall sent here: they are redirected
 * without a look at who asks, which is the hot path. For ours the client is found by its address and its network card.
 *
 * Paths are nodogsplash's. A login or logout wants the client's token, whether posted or, as pages made for nodogsplash do, in the
 * query; a logout without it only shows a page that asks.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIPv6 } from 'node:net';
import type { Clock } from '../../../platform/clock.ts';
import { describeError, GatehouseError } from '../../../platform/errors.ts';
import type { Log } from '../../../platform/log.ts';
import { type Client, type Clients, isInside, isToken } from '../clients.ts';
import type { PortalSettings } from '../config/model.ts';
import type { Gateway } from '../firewall/gateway.ts';
import type { Neighbours } from '../firewall/neighbours.ts';
import type { Credentials, LogIn } from '../login.ts';
import type { Sessions } from '../sessions.ts';
import type { Pages } from '../splash/pages.ts';
import { splashVariables } from '../splash/variables.ts';
import { REASONS, type Reason, type Words, wordsFor } from '../splash/words.ts';
import { redirect, send, sendPage } from './reply.ts';
import { MOST_QUERY, type Parameters, parseParameters, readForm, safeRedir } from './request.ts';

export interface AppParts {
  readonly settings: PortalSettings;
  readonly gateway: Gateway;
  readonly clients: Clients;
  readonly sessions: Sessions;
  readonly neighbours: Neighbours;
  readonly pages: Pages;
  readonly logIn: LogIn;
  readonly clock: Clock;
  readonly log: Log;
}

/** Longest address that is kept through the redirect; a longer one is not cut but forgotten. */
const LONGEST_WANTED = 4_096;
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST']);
const NONE: Parameters = new Map();

export function createApp(parts: AppParts): (request: IncomingMessage, response: ServerResponse) => void {
  const { settings, gateway, clients, pages, log } = parts;
  const startedAt = parts.clock.now();
  const hosts = hostsOf(gateway, settings.port);
  const base4 = `http://${hosts[0]}`;
  const base6 = gateway.ipv6 ? `http://[${gateway.ipv6}]:${settings.port}` : base4;
  const isOurs: ReadonlySet<string> = new Set(hosts);

  return function onRequest(request, response) {
    const host = request.headers.host;
    // The whole address stands in the line where somebody takes us for a proxy.
    if (host !== undefined && (!isOurs.has(host.toLowerCase()) || !request.url?.startsWith('/'))) {
      intercept(request, response, host);
      return;
    }
    answer(request, response).catch((error) => fail(request, response, error));
  };

  function intercept(request: IncomingMessage, response: ServerResponse, host: string): void {
    const { url = '/', socket } = request;
    if (clients.insideAt(addressOf(request)) !== undefined) {
      // A last request of before the login; the next one finds its way.
      sendPage(request, response, 200, '<!DOCTYPE html><meta http-equiv="refresh" content="1"><title>Online</title>\n');
      return;
    }
    const base = isIPv6(socket.localAddress ?? '') ? base6 : base4;
    const wanted = url.startsWith('/') ? `http://${host}${url}` : url;
    const query = wanted.length > LONGEST_WANTED ? '' : `?redir=${encodeURIComponent(wanted)}`;
    redirect(request, response, 307, `${base}/${encodeURIComponent(settings.splash_page)}${query}`);
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '/' } = request;
    const words = wordsFor(request.headers['accept-language']);
    if (!METHODS.has(method))
      return send(request, response, 405, 'text/plain', 'GET, HEAD or POST\n', ['Allow', 'GET, HEAD, POST']);
    const mark = url.indexOf('?');
    const path = mark < 0 ? url : url.slice(0, mark);
    const query = mark < 0 ? '' : url.slice(mark + 1);
    if (query.length > MOST_QUERY) return send(request, response, 414, 'text/plain', 'the query is too long\n');
    const asked = query === '' ? NONE : parseParameters(Buffer.from(query, 'latin1'));
    if (asked === undefined) return send(request, response, 400, 'text/plain', 'the query cannot be read\n');

    const client = await clientOf(request);
    if (client === undefined) return refuse(request, response, words, 503, 'unknown');
    switch (path) {
      case '/':
      case `/${settings.splash_page}`:
        return client.session
          ? status(request, response, client, words)
          : splash(request, response, client, words, asked);
      case `/${settings.status_page}`:
        return status(request, response, client, words);
      case '/nodogsplash_auth/':
        return login(request, response, client, words, asked);
      case '/nodogsplash_deny/':
        return logout(request, response, client, words, asked);
    }
    const file = method === 'POST' ? undefined : await pages.file(path);
    if (file) return send(request, response, 200, file.type, file.bytes);
    show(request, response, 404, pages.theme('missing', words)(variables(request, client, words, NONE)));
  }

  /** Undefined: no network card is known for the address. */
  async function clientOf(request: IncomingMessage): Promise<Client | undefined> {
    const address = addressOf(request);
    const mac = await parts.neighbours.macOf(address);
    return mac === undefined ? undefined : clients.meet(address, mac, parts.clock.now());
  }

  async function splash(
    request: IncomingMessage,
    response: ServerResponse,
    client: Client,
    words: Words,
    asked: Parameters,
  ): Promise<void> {
    const page = await pages.page(settings.splash_page, settings.login, words);
    show(request, response, 200, page(variables(request, client, words, asked)));
  }

  async function status(
    request: IncomingMessage,
    response: ServerResponse,
    client: Client,
    words: Words,
  ): Promise<void> {
    if (!isInside(client)) return splash(request, response, client, words, NONE);
    const page = await pages.page(settings.status_page, 'status', words);
    show(request, response, 200, page(variables(request, client, words, NONE)));
  }

  async function login(
    request: IncomingMessage,
    response: ServerResponse,
    client: Client,
    words: Words,
    asked: Parameters,
  ): Promise<void> {
    const isPost = request.method === 'POST';
    const form = isPost ? await readForm(request) : asked;
    if (form === undefined) return refuse(request, response, words, 400, 'again');
    await client.leaving;
    if (client.session) return status(request, response, client, words);
    const redir = safeRedir(form.get('redir'));
    // After POST the next request must be a GET, or the password would be sent on to where it goes.
    const next = isPost ? 303 : 307;
    if (!isToken(client, form.get('tok') ?? '')) return splashAgain('again');
    const outcome = await parts.logIn(client, credentialsOf(form, redir, request.headers['user-agent'] ?? ''));
    if (outcome.is === 'refused') return splashAgain(outcome.reason);
    if (outcome.is === 'code') {
      const page = pages.theme('code', words);
      const { transaction, prompt } = outcome;
      const more = { username: form.get('username') ?? '', transaction, prompt };
      return show(request, response, 200, page({ ...variables(request, client, words, form), ...more }));
    }
    const goal = settings.redirect_url ?? (redir || `${baseOf(request)}/${encodeURIComponent(settings.status_page)}`);
    redirect(request, response, next, goal);

    function splashAgain(reason: Reason): void {
      const back = new URLSearchParams({ ...(redir ? { redir } : {}), error: reason });
      redirect(request, response, next, `${baseOf(request)}/${encodeURIComponent(settings.splash_page)}?${back}`);
    }
  }

  async function logout(
    request: IncomingMessage,
    response: ServerResponse,
    client: Client,
    words: Words,
    asked: Parameters,
  ): Promise<void> {
    const isPost = request.method === 'POST';
    const form = isPost ? await readForm(request) : asked;
    if (client.session && !isToken(client, form?.get('tok') ?? '')) {
      return show(request, response, 200, pages.theme('logout', words)(variables(request, client, words, NONE)));
    }
    await parts.sessions.close(client, 'client_deauth');
    redirect(request, response, isPost ? 303 : 307, `${baseOf(request)}/`);
  }

  function refuse(
    request: IncomingMessage,
    response: ServerResponse,
    words: Words,
    status: number,
    reason: Reason,
  ): void {
    const page = pages.theme('refused', words);
    show(request, response, status, page({ gatewayname: settings.name, error_msg: words.reasons[reason] }));
  }

  function variables(request: IncomingMessage, client: Client, words: Words, asked: Parameters) {
    const reason = REASONS.find((one) => one === asked.get('error'));
    return splashVariables({
      settings,
      gateway,
      clients,
      client,
      base: baseOf(request),
      redir: safeRedir(asked.get('redir')),
      error: reason ? words.reasons[reason] : '',
      upMs: parts.clock.now() - startedAt,
    });
  }

  function baseOf({ socket }: IncomingMessage): string {
    return isIPv6(socket.localAddress ?? '') ? base6 : base4;
  }

  function show(request: IncomingMessage, response: ServerResponse, status: number, page: string): void {
    sendPage(request, response, status, page);
  }

  function fail(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    if (error instanceof GatehouseError && error.code === 'PORTAL_BODY') {
      send(request, response, 413, 'text/plain', 'the form is too large\n');
      return;
    }
    // A client that went away in the middle is nobody's fault.
    if (request.destroyed && !request.complete) return;
    log.error('a request failed', { path: request.url?.slice(0, 200), error: describeError(error) });
    refuse(request, response, wordsFor(request.headers['accept-language']), 500, 'busy');
  }
}

function credentialsOf(form: Parameters, redir: string, userAgent: string): Credentials {
  const [transaction, code] = [form.get('transaction'), form.get('code')];
  return {
    user: form.get('username') ?? '',
    password: form.get('password') ?? '',
    redir,
    userAgent,
    answer: transaction === undefined || code === undefined ? undefined : { transaction, code: code.trim() },
  };
}

/** The first is how we call ourselves. */
function hostsOf({ ipv4, ipv6 }: Gateway, port: number): string[] {
  const names = [ipv4, ...(ipv6 ? [`[${ipv6}]`] : [])];
  return [...names.map((name) => `${name}:${port}`), ...(port === 80 ? names : [])];
}

function addressOf({ socket }: IncomingMessage): string {
  const address = socket.remoteAddress ?? '';
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
}
