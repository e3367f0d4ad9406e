/**
 * HTTP to a gateway: proxies, certificates, basic and digest authentication, time-outs, and an answer of bounded size.
 *
 * Each call is one message: nothing is sent again once it may have arrived. Errors never name more of a URL than scheme, host and
 * path, since numbers, texts and passwords stand in queries. Errors: SMS_CONFIG (proxies), SMS_UNREACHABLE.
 */
import type { ConnectionOptions } from 'node:tls';
import { socksDispatcher } from 'fetch-socks';
import { Agent, type Dispatcher, fetch, ProxyAgent } from 'undici';
import * as z from 'zod';
import { GatehouseError } from '../platform/errors.ts';
import { isDistrusted, TRUST_HINT } from './certificates.ts';
import type { Timeouts } from './config.ts';
import { answerChallenge, type Login } from './digest.ts';

export interface GatewayOptions {
  /** For targets of either scheme; absent: direct. */
  readonly proxy: { readonly http?: string | undefined; readonly https?: string | undefined };
  readonly tls: ConnectionOptions;
  readonly timeouts: Timeouts;
  readonly login: (Login & { readonly scheme: 'basic' | 'digest' }) | undefined;
}

export interface GatewayRequest {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface GatewayAnswer {
  readonly status: number;
  /** At most 64 KiB; what is past them is not read. */
  readonly text: string;
}

export interface Gateway {
  exchange(request: GatewayRequest): Promise<GatewayAnswer>;
  close(): Promise<void>;
}

const MOST_BYTES = 65_536;
const PROXY_SCHEMES = ['http:', 'https:', 'socks5:', 'socks5h:'];

export function openGateway({ proxy, tls, timeouts, login }: GatewayOptions): Gateway {
  const connect = { ...tls, timeout: timeouts.connect };
  const dispatchers = new Map<string, Dispatcher>();
  for (const scheme of ['http', 'https'] as const)
    dispatchers.set(`${scheme}:`, dispatcherFor(scheme, proxy[scheme], connect));
  return { exchange, close };

  async function exchange(request: GatewayRequest): Promise<GatewayAnswer> {
    const signal = AbortSignal.timeout(timeouts.connect + timeouts.total);
    try {
      if (login?.scheme !== 'digest') return await read(await call(request, basic(login), signal));
      const first = await call(request, undefined, signal);
      const challenge = first.status === 401 ? first.headers.get('www-authenticate') : null;
      const { pathname, search } = request.url;
      const answer =
        challenge === null ? undefined : answerChallenge(challenge, login, request.method, pathname + search);
      if (answer === undefined) return await read(first);
      await first.body?.cancel();
      return await read(await call(request, answer, signal));
    } catch (error) {
      throw unreachable(request.url, error);
    }
  }

  function call(
    { method, url, headers, body }: GatewayRequest,
    authorization: string | undefined,
    signal: AbortSignal,
  ) {
    return fetch(url, {
      method,
      headers: { ...(authorization === undefined ? {} : { authorization }), ...headers },
      ...(body === undefined ? {} : { body }),
      dispatcher: dispatchers.get(url.protocol)!,
      signal,
    });
  }

  async function close(): Promise<void> {
    await Promise.all([...dispatchers.values()].map((one) => one.close()));
  }
}

async function read(response: Awaited<ReturnType<typeof fetch>>): Promise<GatewayAnswer> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  if (response.body) {
    // Leaving the loop cancels the rest.
    for await (const piece of response.body) {
      pieces.push(piece);
      size += piece.length;
      if (size >= MOST_BYTES) break;
    }
  }
  return { status: response.status, text: Buffer.concat(pieces).subarray(0, MOST_BYTES).toString('utf8') };
}

function basic(login: Login | undefined): string | undefined {
  return login && `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`;
}

function dispatcherFor(
  scheme: 'http' | 'https',
  proxy: string | undefined,
  connect: ConnectionOptions & { timeout: number },
) {
  if (proxy === undefined) return new Agent({ connect });
  const url = new URL(proxy);
  if (url.protocol.startsWith('socks')) {
    const login =
      url.username === ''
        ? {}
        : { userId: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
    return socksDispatcher({ type: 5, host: url.hostname, port: Number(url.port || 1080), ...login }, { connect });
  }
  // A proxy is asked for plain HTTP as RFC 9112 3.2.2 says; many allow CONNECT to the port of HTTPS only.
  return new ProxyAgent({ uri: proxy, requestTls: connect, proxyTls: connect, proxyTunnel: scheme === 'https' });
}

/** A proxy's address: for both schemes as a text, or for each as `{"http": …, "https": …}`. */
export const proxyOption = z
  .union([z.string(), z.strictObject({ http: z.string().optional(), https: z.string().optional() })])
  .transform((value, context) => {
    const proxy = typeof value === 'string' ? { http: value, https: value } : value;
    for (const url of [proxy.http, proxy.https]) {
      if (url === undefined || (URL.canParse(url) && PROXY_SCHEMES.includes(new URL(url).protocol))) continue;
      context.addIssue({ code: 'custom', message: 'write http://USER:PASSWORD@HOST:PORT or socks5://HOST:PORT' });
    }
    return proxy;
  });

function unreachable(url: URL, error: unknown): GatehouseError {
  const cause = rootCause(error);
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  const distrusted = isDistrusted(code);
  // What fetch says of the ports that belong to other protocols (Fetch Standard, "bad port").
  const isBlocked = cause.message === 'bad port';
  const reached = isBlocked
    ? 'its port belongs to another protocol and is never asked over HTTP'
    : code || cause.message;
  const why = cause.name === 'TimeoutError' ? 'it did not answer in time' : reached;
  return new GatehouseError(
    'SMS_UNREACHABLE',
    `${url.origin}${url.pathname}: ${distrusted ? `its certificate is not trusted (${code})` : why}`,
    {
      hint: distrusted ? TRUST_HINT : 'is the address right, and does the gateway or the proxy let us in?',
    },
  );
}

function rootCause(error: unknown): Error {
  let cause = error as Error;
  for (let depth = 0; depth < 5 && cause.cause instanceof Error; depth++) cause = cause.cause;
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return cause.errors[0];
  return cause;
}
