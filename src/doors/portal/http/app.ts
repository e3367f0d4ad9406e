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
import type { HttpsSettings, PortalSettings } from '../config/model.ts';
import type { Fas } from '../fas/fas.ts';
import type { Gateway } from '../firewall/gateway.ts';
import type { Neighbours } from '../firewall/neighbours.ts';
import type { Credentials, LogIn } from '../login.ts';
import type { MacLists } from '../mac-lists.ts';
import type { PreAuth } from '../preauth/preauth.ts';
import { type Sessions, UNLIMITED } from '../sessions.ts';
import type { Pages } from '../splash/pages.ts';
import { splashVariables } from '../splash/variables.ts';
import { REASONS, type Reason, type Words, wordsFor } from '../splash/words.ts';
import type { VoucherDesk } from '../vouchers.ts';
import { CAPTIVE_TYPE, captiveState, wantsCaptiveState } from './captive-api.ts';
import { fasEntrance, ownEntrance, preAuthEntrance } from './entrance.ts';
import { redirect, send, sendPage } from './reply.ts';
import { MOST_QUERY, type Parameters, parseParameters, readForm, safeRedir } from './request.ts';

export interface AppParts {
  readonly settings: PortalSettings;
  readonly gateway: Gateway;
  readonly clients: Clients;
  readonly sessions: Sessions;
  readonly neighbours: Neighbours;
  readonly lists: Pick<MacLists, 'isTrusted'>;
  readonly vouchers: Pick<VoucherDesk, 'left'>;
  readonly pages: Pages;
  /** Makes the page that strangers see; undefined: it is ours. */
  readonly preauth: PreAuth | undefined;
  /** Has the page that strangers see. */
  readonly fas: Fas | undefined;
  readonly logIn: LogIn;
  readonly clock: Clock;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly log: Log;
}

/** One request of a client whose card is known. */
interface Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly client: Client;
  readonly words: Words;
  /** The query. */
  readonly asked: Parameters;
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST']);
const NONE: Parameters = new Map();

export function createApp(parts: AppParts): (request: IncomingMessage, response: ServerResponse) => void {
  const { settings, gateway, clients, pages, fas, preauth, log } = parts;
  const { https } = settings;
  const secureBase = https && `https://${https.name}:${https.port}`;
  const hosts = [...hostsOf(gateway, settings.port), ...(https ? secureHosts(https) : [])];
  const door4 = hosts[0]!;
  const door6 = gateway.ipv6 ? `[${gateway.ipv6}]:${settings.port}` : door4;
  const isOurs: ReadonlySet<string> = new Set(hosts);
  const entrance = preauth ? preAuthEntrance(settings) : ownEntrance(settings);

  return function onRequest(request, response) {
    const host = request.headers.host;
    // The whole address stands in the line where somebody takes us for a proxy.
    const isForeign = host !== undefined && (!isOurs.has(host.toLowerCase()) || !request.url?.startsWith('/'));
    const answered = isForeign ? intercept(request, response, host) : answer(request, response);
    answered?.catch((error) => fail(request, response, error));
  };

  /** At once but where the way depends on who asks. */
  function intercept(request: IncomingMessage, response: ServerResponse, host: string): Promise<void> | undefined {
    const { url = '/' } = request;
    const address = addressOf(request);
    if (clients.insideAt(address) !== undefined) {
      // A last request of before the login; the next one finds its way.
      sendPage(request, response, 200, '<!DOCTYPE html><meta http-equiv="refresh" content="1"><title>Online</title>\n');
      return undefined;
    }
    const wanted = url.startsWith('/') ? `http://${host}${url}` : url;
    if (fas) return interceptToFas(request, response, fas, wanted);
    redirect(request, response, 307, entrance.at(doorOf(request), address, wanted));
    return undefined;
  }

  async function interceptToFas(
    request: IncomingMessage,
    response: ServerResponse,
    fas: Fas,
    wanted: string,
  ): Promise<void> {
    const client = await clientOf(request);
    const words = wordsFor(request.headers['accept-language']);
    if (client === undefined) return refuse(request, response, words, 503, 'unknown');
    redirect(request, response, 307, fasEntrance(fas, client, wanted, doorOf(request)));
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
    if (wantsCaptiveState(path, request.headers.accept)) return tellState(request, response, client);
    if (client === undefined) return refuse(request, response, words, 503, 'unknown');
    const visit: Visit = { request, response, client, words, asked };
    switch (path) {
      case '/':
      case `/${settings.splash_page}`:
        return client.session ? status(visit) : welcome(visit);
      case `/${settings.status_page}`:
        return status(visit);
      case '/nodogsplash_auth/':
        return login(visit);
      case '/nodogsplash_deny/':
        return logout(visit);
      case '/nodogsplash_preauth/':
        if (preauth) return ask(visit, preauth);
    }
    const file = method === 'POST' ? undefined : await pages.file(path);
    if (file) return send(request, response, 200, file.type, file.bytes);
    show(visit, 404, pages.theme('missing', words)(variables(visit, NONE)));
  }

  /** Undefined: no network card is known for the address. */
  async function clientOf(request: IncomingMessage): Promise<Client | undefined> {
    const address = addressOf(request);
    const mac = await parts.neighbours.macOf(address);
    return mac === undefined
      ? undefined
      : clients.meet({ interface: settings.interface, address, mac }, parts.clock.now());
  }

  function tellState(request: IncomingMessage, response: ServerResponse, client: Client | undefined): void {
    const isTrusted = client !== undefined && parts.lists.isTrusted(client);
    const shared = (client?.session && parts.vouchers.left(client.session)) ?? UNLIMITED;
    const question = { client, isTrusted, shared, venue: settings.venue_url, now: parts.clock.now() };
    const state = captiveState({ ...question, page: `${baseOf(request)}/` });
    send(request, response, 200, CAPTIVE_TYPE, state);
  }

  /** The page for strangers, or the way there: theirs is the only one to show the token. */
  async function welcome(visit: Visit): Promise<void> {
    const { words, asked } = visit;
    if (fas || preauth) return enter(visit, 307, safeRedir(asked.get('redir')));
    const page = await pages.page(settings.splash_page, settings.login, words);
    show(visit, 200, page(variables(visit, asked)));
  }

  function enter({ request, response, client }: Visit, status: 303 | 307, wanted: string): void {
    const door = doorOf(request);
    const to = fas ? fasEntrance(fas, client, wanted, door) : entrance.at(door, client.address, wanted);
    redirect(request, response, status, to);
  }

  async function ask(visit: Visit, { page }: PreAuth): Promise<void> {
    const { request, response, client, words, asked } = visit;
    if (client.session) return status(visit);
    const form = request.method === 'POST' ? await readForm(request) : asked;
    if (form === undefined) return refuse(request, response, words, 400, 'again');
    show(visit, 200, await page(client, form, request.headers['user-agent'] ?? ''));
  }

  async function status(visit: Visit): Promise<void> {
    if (!isInside(visit.client)) return welcome({ ...visit, asked: NONE });
    const page = await pages.page(settings.status_page, 'status', visit.words);
    show(visit, 200, page(variables(visit, NONE)));
  }

  async function login(visit: Visit): Promise<void> {
    const { request, response, client, words, asked } = visit;
    const isPost = request.method === 'POST';
    const form = isPost ? await readForm(request) : asked;
    if (form === undefined) return refuse(request, response, words, 400, 'again');
    await client.leaving;
    // After POST the next request must be a GET, or the password would be sent on to where it goes.
    const next = isPost ? 303 : 307;
    if (client.session) {
      if (fas) return redirect(request, response, next, fas.greeting(client, doorOf(request)));
      return status(visit);
    }
    const [given, wanted] = [form.get('tok') ?? '', form.get('redir') ?? ''];
    const redir = safeRedir(wanted);
    if (!(fas?.isPass(client, given) ?? isToken(client, given))) return again('again');
    const outcome = await parts.logIn(client, credentialsOf(form, wanted, request.headers['user-agent'] ?? ''));
    if (outcome.is === 'refused') return again(outcome.reason);
    if (outcome.is === 'code' || outcome.is === 'call') {
      const page = pages.theme(outcome.is, words);
      const { transaction, prompt } = outcome;
      // What was given may be the pass of a FAS, which must not become the token itself.
      const more = { tok: given, username: form.get('username') ?? '', transaction, prompt };
      return show(visit, 200, page({ ...variables(visit, form), ...more }));
    }
    const goal = settings.redirect_url ?? (redir || `${baseOf(request)}/${encodeURIComponent(settings.status_page)}`);
    redirect(request, response, next, goal);

    function again(reason: Reason): void {
      if (fas || preauth) {
        // A page that is not ours could not tell why.
        if (reason === 'again') enter(visit, next, redir);
        else refuse(request, response, words, 403, reason);
        return;
      }
      const back = new URLSearchParams({ ...(redir ? { redir } : {}), error: reason });
      const page = encodeURIComponent(settings.splash_page);
      redirect(request, response, next, `${baseOf(request)}/${page}?${back}`);
    }
  }

  async function logout(visit: Visit): Promise<void> {
    const { request, response, client, words, asked } = visit;
    const isPost = request.method === 'POST';
    const form = isPost ? await readForm(request) : asked;
    if (client.session && !isToken(client, form?.get('tok') ?? '')) {
      return show(visit, 200, pages.theme('logout', words)(variables(visit, NONE)));
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
    sendPage(request, response, status, page({ gatewayname: settings.name, error_msg: words.reasons[reason] }));
  }

  function variables({ request, client, words }: Visit, asked: Parameters) {
    const reason = REASONS.find((one) => one === asked.get('error'));
    return splashVariables({
      settings,
      gateway,
      clients,
      client,
      base: baseOf(request),
      redir: safeRedir(asked.get('redir')),
      error: reason ? words.reasons[reason] : '',
      upMs: parts.clock.now() - parts.startedAt,
    });
  }

  /** Where the pages are for whoever asked like that, without a last slash. */
  function baseOf(request: IncomingMessage): string {
    const isSecure = secureBase !== undefined && 'encrypted' in request.socket;
    return isSecure ? secureBase : `http://${doorOf(request)}`;
  }

  /** Address and port that this request came to. */
  function doorOf({ socket }: IncomingMessage): string {
    return isIPv6(socket.localAddress ?? '') ? door6 : door4;
  }

  function show({ request, response }: Visit, status: number, page: string): void {
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
    voucher: form.get('voucher') ?? '',
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

function secureHosts({ name, port }: HttpsSettings): string[] {
  const lower = name.toLowerCase();
  return [`${lower}:${port}`, ...(port === 443 ? [lower] : [])];
}

function addressOf({ socket }: IncomingMessage): string {
  const address = socket.remoteAddress ?? '';
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
}
