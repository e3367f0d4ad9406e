/**
 * Runs inside a namespace of the portal's lab: as `internet` it is the web server for every name, a FAS, and one end of endless streams; as
 * `client` it does what lines of JSON on standard input tell it, one after the other, and answers with a line each.
 *
 * Each end of a stream sends the time again and again, and keeps the latest that it heard: so a process that gets its turn late does
 * not make a stream look longer than it was.
 */
import { createSocket } from 'node:dgram';
import { createServer, request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { connect, createServer as createTcpServer, isIP, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { createDns } from './dns-answers.ts';
import { createFasServer } from './fas-server.ts';
import { type Ask, FAS_PORT, NAMED, type Seen, WEB } from './portal-lab.ts';

const UDP_PORT = 7000;
const TCP_PORT = 7001;
const BEAT_MS = 20;
/** What the gateway drops is never answered; everything else is, also on a busy machine. */
const PATIENCE_MS = 10_000;

type Kind = 'tcp' | 'udp';
type Order =
  | ({ do: 'ask' } & Ask)
  | { do: 'stream'; kind: Kind }
  /** Sending time of the latest that arrived, by the name of the stream. */
  | { do: 'heard' };

/** By name: kind, and address of the client. */
const heard: Record<string, number> = {};

if (process.argv[2] === 'internet') beInternet();
else beClient();

function say(answer: unknown): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

function beInternet(): void {
  const web = createServer((asked, response) => {
    const bytes = /^\/bytes\/(\d+)$/.exec(asked.url ?? '')?.[1];
    if (asked.url === '/generate_204') response.writeHead(204).end();
    else if (bytes) response.end(Buffer.alloc(Number(bytes)));
    else asked.resume().on('end', () => response.end(`internet ${asked.method} ${asked.headers.host} ${asked.url}\n`));
  });
  const beats = createTcpServer((socket) => keepUp(`tcp ${plain(socket.remoteAddress)}`, socket));
  const udp = createSocket('udp4');
  const known = new Set<number>();
  udp.on('message', (message, { address, port }) => {
    note(`udp ${address}`, message);
    if (known.has(port)) return;
    known.add(port);
    setInterval(() => udp.send(String(Date.now()), port, address, () => {}), BEAT_MS);
  });
  createDns((name) => (name === 'garden.example' ? { addresses: [NAMED], ttl: 60 } : undefined)).bind(53, WEB);
  createFasServer(() => {}).listen(FAS_PORT, WEB, () =>
    web.listen(80, '::', () => beats.listen(TCP_PORT, WEB, () => udp.bind(UDP_PORT, WEB, () => obeyOrders()))),
  );
}

function beClient(): void {
  obeyOrders();
}

function obeyOrders(): void {
  let last: Promise<void> = Promise.resolve();
  createInterface({ input: process.stdin })
    .on('line', (line) => {
      last = last.then(async () => say(await obey(JSON.parse(line) as Order)));
    })
    .on('close', () => process.exit());
  say('ready');
}

async function obey(order: Order): Promise<unknown> {
  switch (order.do) {
    case 'ask':
      return ask(order);
    case 'stream':
      return open(order.kind).then(
        () => 'open',
        (error: NodeJS.ErrnoException) => error.code,
      );
    case 'heard':
      return heard;
  }
}

/** Says the time on it until it breaks, and hears what the other end says. */
function keepUp(name: string, socket: Socket, onHeard = () => {}): void {
  const beat = setInterval(() => socket.write(`${Date.now()}\n`), BEAT_MS);
  socket.on('data', (piece) => {
    note(name, piece);
    onHeard();
  });
  socket.on('error', () => {}).on('close', () => clearInterval(beat));
}

/** A number may be cut in two: what is too short is none. */
function note(name: string, piece: Buffer): void {
  for (const text of piece.toString('latin1').split('\n'))
    if (text.length === 13) heard[name] = Math.max(heard[name] ?? 0, Number(text));
}

function plain(address = ''): string {
  return address.replace('::ffff:', '');
}

function ask({ url, method = 'GET', headers = {}, body = '', at, patienceMs = PATIENCE_MS }: Ask): Promise<Seen> {
  const { hostname, host, port, protocol, pathname, search } = new URL(url);
  const bare = hostname.replace(/^\[|\]$/g, '');
  const target = at ?? (isIP(bare) ? bare : WEB);
  const { promise, resolve } = Promise.withResolvers<Seen>();
  const failed = (error: NodeJS.ErrnoException) =>
    resolve({ status: 0, headers: {}, body: '', error: error.code ?? error.message });
  const isSecure = protocol === 'https:';
  const asked = (isSecure ? secureRequest : request)(
    {
      host: target,
      port: port || 80,
      method,
      path: `${pathname}${search}`,
      headers: { host, ...headers },
      agent: false,
      // Whose certificate it is, the door looks at.
      ...(isSecure && { servername: bare, rejectUnauthorized: false }),
    },
    (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece) => {
        text += piece;
      });
      response.on('error', failed);
      response.on('end', () => {
        const said = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
        resolve({ status: response.statusCode ?? 0, headers: Object.fromEntries(said), body: text });
      });
    },
  );
  // The request's own time-out begins only when it is connected.
  const patience = setTimeout(
    () => asked.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })),
    patienceMs,
  );
  asked.on('close', () => clearTimeout(patience));
  asked.on('error', failed).end(body);
  return promise;
}

function open(kind: Kind): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  if (kind === 'tcp') {
    keepUp('tcp', connect(TCP_PORT, WEB).on('error', reject), resolve);
  } else {
    const socket = createSocket('udp4');
    socket.on('message', (message) => {
      note('udp', message);
      resolve();
    });
    socket.on('error', reject);
    setInterval(() => socket.send(String(Date.now()), UDP_PORT, WEB, () => {}), BEAT_MS);
  }
  return promise;
}
