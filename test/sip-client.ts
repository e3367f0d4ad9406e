/**
 * A small SIP client for tests: sends what it is told over one UDP socket and gives back what comes. It repeats nothing and hides
 * nothing, so that a test sees each message that a server sends.
 */
import { hash, randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { TestContext } from 'node:test';

export interface SipClient {
  readonly port: number;
  /** At the server's address: `127.0.0.1:PORT`, `[::1]:PORT`. */
  readonly hostPort: string;
  send(text: string): void;
  /** The next message within `ms` (5 s), or undefined. */
  receive(ms?: number): Promise<string | undefined>;
  /** All that arrived and was not yet asked for. */
  readonly inbox: string[];
}

/** `from`: its address; default: the server's. */
export async function sipClient(t: TestContext, server: string, from?: string): Promise<SipClient> {
  const colon = server.lastIndexOf(':');
  const [host, port] = [server.slice(0, colon).replace(/^\[|\]$/g, ''), Number(server.slice(colon + 1))];
  const socket: Socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  const inbox: string[] = [];
  socket.on('message', (data) => {
    inbox.push(data.toString('latin1'));
    socket.emit('inbox');
  });
  socket.bind(0, from ?? host);
  await once(socket, 'listening');
  t.after(() => socket.close());
  const { port: own } = socket.address();
  return {
    port: own,
    hostPort: `${from ?? server.slice(0, colon)}:${own}`,
    inbox,
    send: (text) => socket.send(Buffer.from(text, 'latin1'), port, host),
    receive: async (ms = 5000) => {
      const signal = AbortSignal.timeout(ms);
      while (inbox.length === 0) {
        try {
          await once(socket, 'inbox', { signal });
        } catch {
          return undefined;
        }
      }
      return inbox.shift();
    },
  };
}

export interface RequestOptions {
  readonly method: string;
  readonly uri: string;
  readonly from: string;
  readonly to: string;
  readonly callId?: string;
  readonly cseq?: number;
  readonly branch?: string;
  readonly fromTag?: string;
  /** More header lines without line ends. */
  readonly headers?: readonly string[];
  readonly body?: string;
}

/** A whole request, with all that RFC 3261 8.1.1 demands. */
export function request(client: Pick<SipClient, 'hostPort'>, options: RequestOptions): string {
  const lines = [
    `${options.method} ${options.uri} SIP/2.0`,
    `Via: SIP/2.0/UDP ${client.hostPort};branch=${options.branch ?? newBranch()};rport`,
    'Max-Forwards: 70',
    `From: <${options.from}>;tag=${options.fromTag ?? 'a1'}`,
    `To: ${options.to.startsWith('<') ? options.to : `<${options.to}>`}`,
    `Call-ID: ${options.callId ?? randomBytes(8).toString('hex')}`,
    `CSeq: ${options.cseq ?? 1} ${options.method}`,
    ...(options.headers ?? []),
    `Content-Length: ${options.body?.length ?? 0}`,
  ];
  return `${lines.join('\r\n')}\r\n\r\n${options.body ?? ''}`;
}

/** The response to a request that came, with a tag in To where there is none. */
export function reply(request: string, status: number, reason: string, headers: readonly string[] = []): string {
  const copied = request.split('\r\n').filter((line) => /^(via|from|call-id|cseq|record-route):/i.test(line));
  const to = header(request, 'To') ?? '';
  const lines = [
    `SIP/2.0 ${status} ${reason}`,
    ...copied,
    `To: ${to.includes(';tag=') ? to : `${to};tag=b1`}`,
    ...headers,
    'Content-Length: 0',
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

export function newBranch(): string {
  return `z9hG4bK${randomBytes(6).toString('hex')}`;
}

export function statusOf(response: string | undefined): number {
  return Number(/^SIP\/2\.0 (\d{3})/.exec(response ?? '')?.[1] ?? 0);
}

/** Value of the first header of this name. */
export function header(message: string, name: string): string | undefined {
  return new RegExp(`^${name}:[ \t]*(.*?)\r?$`, 'im').exec(message)?.[1];
}

/** The Authorization or Proxy-Authorization line that answers the challenge in this response. */
export function answer(challenge: string, method: string, uri: string, user: string, password: string, nc = 1): string {
  const proxy = statusOf(challenge) === 407;
  const text = header(challenge, proxy ? 'Proxy-Authenticate' : 'WWW-Authenticate') ?? '';
  const value = (name: string) => new RegExp(`${name}="?([^",]*)`).exec(text)?.[1] ?? '';
  const [realm, nonce] = [value('realm'), value('nonce')];
  const ha1 = hash('md5', `${user}:${realm}:${password}`);
  const ha2 = hash('md5', `${method}:${uri}`);
  const count = nc.toString(16).padStart(8, '0');
  const qop = text.includes('qop=');
  // Challenges of one second share a nonce, so a cnonce that stays the same would make the second answer a replay.
  const cnonce = randomBytes(4).toString('hex');
  const response = hash('md5', qop ? `${ha1}:${nonce}:${count}:${cnonce}:auth:${ha2}` : `${ha1}:${nonce}:${ha2}`);
  const more = qop ? `, qop=auth, nc=${count}, cnonce="${cnonce}"` : '';
  const name = proxy ? 'Proxy-Authorization' : 'Authorization';
  return `${name}: Digest username="${user}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}"${more}`;
}

export interface Registration {
  readonly domain: string;
  readonly user: string;
  readonly password: string;
  readonly expires?: number;
  readonly contact?: string;
}

/** Registers as a telephone does: once without credentials, once with. Gives the last response, undefined when none came. */
export async function register(client: SipClient, who: Registration, ms?: number): Promise<string | undefined> {
  const uri = `sip:${who.domain}`;
  const aor = `sip:${who.user}@${who.domain}`;
  const callId = randomBytes(8).toString('hex');
  const contact = `Contact: <${who.contact ?? `sip:${who.user}@${client.hostPort}`}>;expires=${who.expires ?? 600}`;
  const ask = (cseq: number, headers: string[]) =>
    client.send(
      request(client, { method: 'REGISTER', uri, from: aor, to: aor, callId, cseq, headers: [contact, ...headers] }),
    );
  ask(1, []);
  const challenge = await final(client, ms);
  if (challenge === undefined || statusOf(challenge) !== 401) return challenge;
  ask(2, [answer(challenge, 'REGISTER', uri, who.user, who.password)]);
  return final(client, ms);
}

/** The next message that is not a provisional response. */
export async function final(client: Pick<SipClient, 'receive'>, ms?: number): Promise<string | undefined> {
  for (;;) {
    const message = await client.receive(ms);
    const status = statusOf(message);
    if (message === undefined || status === 0 || status >= 200) return message;
  }
}
