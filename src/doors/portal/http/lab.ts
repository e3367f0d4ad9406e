/** For tests: the pages over a real listener, with a gate, a firewall and neighbours that only say what they are told. */
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { silentLog } from '../../../platform/log.ts';
import { type Bytes, Clients } from '../clients.ts';
import { DEFAULTS, type PortalSettings } from '../config/model.ts';
import { createFas } from '../fas/fas.ts';
import type { Credentials, LogIn, Outcome } from '../login.ts';
import type { PreAuth } from '../preauth/preauth.ts';
import type { Sessions } from '../sessions.ts';
import { Pages } from '../splash/pages.ts';
import { createApp } from './app.ts';
import { closeHttp, listenHttp } from './server.ts';

export const ADDRESS = '127.0.0.1';
export const MAC = '02:00:5e:10:00:01';
/** How requests call the door: which port it got is known too late. */
export const DOOR = `${ADDRESS}:2050`;

export interface LabRequest {
  readonly path: string;
  readonly host?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface LabOptions {
  readonly preauth?: PreAuth;
  /** In place of one that says what `answerWith` was told. */
  readonly logIn?: (clients: Clients) => LogIn;
  readonly now?: () => number;
}

export async function startPages(t: TestContext, changes: Partial<PortalSettings> = {}, options: LabOptions = {}) {
  const settings: PortalSettings = { ...DEFAULTS, interface: 'lan', name: '<The Anchor>', ...changes };
  const clients = new Clients();
  const asked: Credentials[] = [];
  const closed: string[] = [];
  let isTrusted = false;
  let isHidden = false;
  let shared: Bytes | undefined;
  let outcome: Outcome = { is: 'in' };
  const now = options.now ?? (() => 0);
  const app = createApp({
    settings,
    gateway: { ipv4: ADDRESS, ipv6: undefined, mac: '02:00:5e:10:00:ff' },
    clients,
    sessions: { close: async ({ mac }: { mac: string }) => void closed.push(mac) } as unknown as Sessions,
    neighbours: { macOf: async () => (isHidden ? undefined : MAC) },
    lists: { isTrusted: () => isTrusted },
    vouchers: { left: () => shared },
    pages: new Pages(settings),
    preauth: options.preauth,
    fas: settings.fas_port > 0 ? createFas(settings, ADDRESS) : undefined,
    logIn:
      options.logIn?.(clients) ??
      (async (_client, given) => {
        asked.push(given);
        return outcome;
      }),
    startedAt: now(),
    clock: { now, monotonic: now },
    log: silentLog,
  });
  const server = await listenHttp({ address: ADDRESS, port: 0 }, app);
  t.after(() => closeHttp([server], 1_000));
  const { port } = server.address() as AddressInfo;

  /** Exactly these bytes; gives the answer, or what came of it until the connection closed. */
  async function raw(bytes: string): Promise<string> {
    const socket = connect(port, ADDRESS);
    let answer = '';
    socket.setEncoding('latin1').on('data', (piece: string) => {
      answer += piece;
    });
    socket.on('error', () => {});
    socket.write(bytes, 'latin1');
    await new Promise((resolve) => socket.once('close', resolve));
    return answer;
  }

  async function request({ path, host = DOOR, method = 'GET', headers = {}, body = '' }: LabRequest) {
    const asking = httpRequest({
      host: ADDRESS,
      port,
      path,
      method,
      headers: { host, ...headers },
      agent: false,
    });
    asking.end(body);
    const [response] = await once(asking, 'response');
    return {
      status: response.statusCode as number,
      location: response.headers.location as string | undefined,
      headers: response.headers as Readonly<Record<string, string>>,
      body: await text(response),
    };
  }

  const me = () => clients.meet({ interface: settings.interface, address: ADDRESS, mac: MAC }, now());
  const bytes = { sent: 0, received: 0 };
  return {
    app,
    raw,
    request,
    get: (target: string, lines = `Host: ${DOOR}\r\n`) => raw(`GET ${target} HTTP/1.1\r\n${lines}\r\n`),
    post: (target: string, body: string) =>
      raw(`POST ${target} HTTP/1.1\r\nHost: ${DOOR}\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
    asked,
    closed,
    clients,
    me,
    /** The client is in from now on. */
    enter: (terms: { ends?: number; most?: typeof bytes; sent?: number; received?: number } = {}) =>
      clients.entered(me(), {
        name: 'portal:1',
        user: 'u',
        started: 0,
        ends: 0,
        before: bytes,
        most: bytes,
        rate: bytes,
        ownRate: false,
        spent: false,
        ...bytes,
        ...terms,
      }),
    trust: () => {
      isTrusted = true;
    },
    /** Several devices have so much left together. */
    share: (left: Bytes) => {
      shared = left;
    },
    /** Its card is known to nobody. */
    hide: () => {
      isHidden = true;
    },
    /** What a device is told that asks outright. */
    captive: async () => {
      const { body } = await request({ path: '/', headers: { accept: 'application/captive+json' } });
      return JSON.parse(body) as Record<string, unknown>;
    },
    answerWith: (one: Outcome) => {
      outcome = one;
    },
  };
}
