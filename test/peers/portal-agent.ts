/**
 * Runs inside a namespace of the portal's lab: as `internet` it is the web server for every name and a source of endless streams; as
 * `client` it does what lines of JSON on standard input tell it, one after the other, and answers with a line each.
 */
import { createSocket } from 'node:dgram';
import { createServer, request } from 'node:http';
import { connect, isIP } from 'node:net';
import { createInterface } from 'node:readline';
import type { Ask, Seen } from './portal-lab.ts';

const WEB = '203.0.113.80';
const UDP_PORT = 7000;
const TCP_PORT = 7001;
const BEAT_MS = 20;
/** What the gateway drops is never answered; everything else is, also on a busy machine. */
const PATIENCE_MS = 10_000;

type Order = ({ do: 'ask' } & Ask) | { do: 'stream'; kind: 'tcp' | 'udp' } | { do: 'heard'; id: number };

if (process.argv[2] === 'internet') beInternet();
else beClient();

function say(answer: unknown): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

function beInternet(): void {
  const web = createServer((asked, response) => {
    if (asked.url === '/generate_204') response.writeHead(204).end();
    else response.end(`internet ${asked.method} ${asked.headers.host} ${asked.url}\n`);
  });
  const beats = createServer().on('connection', (socket) => {
    const beat = setInterval(() => socket.write('beat\n'), BEAT_MS);
    socket.on('error', () => {}).on('close', () => clearInterval(beat));
  });
  const udp = createSocket('udp4');
  udp.on('message', (_message, { address, port }) => {
    setInterval(() => udp.send('beat', port, address, () => {}), BEAT_MS);
  });
  web.listen(80, '::', () => beats.listen(TCP_PORT, WEB, () => udp.bind(UDP_PORT, WEB, () => say('ready'))));
  process.stdin.resume().on('end', () => process.exit());
}

function beClient(): void {
  const heard: number[] = [];
  let last: Promise<void> = Promise.resolve();
  createInterface({ input: process.stdin })
    .on('line', (line) => {
      last = last.then(async () => say(await obey(JSON.parse(line) as Order, heard)));
    })
    .on('close', () => process.exit());
  say('ready');
}

async function obey(order: Order, heard: number[]): Promise<unknown> {
  switch (order.do) {
    case 'ask':
      return ask(order);
    case 'stream': {
      const id = heard.length;
      heard.push(Date.now());
      await open(order.kind, () => {
        heard[id] = Date.now();
      });
      return { id };
    }
    case 'heard':
      return { ago: Date.now() - heard[order.id]! };
  }
}

function ask({ url, method = 'GET', headers = {}, body = '', at, patienceMs = PATIENCE_MS }: Ask): Promise<Seen> {
  const { hostname, host, port, pathname, search } = new URL(url);
  const bare = hostname.replace(/^\[|\]$/g, '');
  const target = at ?? (isIP(bare) ? bare : WEB);
  const { promise, resolve } = Promise.withResolvers<Seen>();
  const failed = (error: NodeJS.ErrnoException) =>
    resolve({ status: 0, headers: {}, body: '', error: error.code ?? error.message });
  const asked = request(
    {
      host: target,
      port: port || 80,
      method,
      path: `${pathname}${search}`,
      headers: { host, ...headers },
      agent: false,
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

function open(kind: 'tcp' | 'udp', onBeat: () => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const beat = () => {
    onBeat();
    resolve();
  };
  if (kind === 'tcp') {
    connect(TCP_PORT, WEB).on('data', beat).on('error', reject);
  } else {
    const socket = createSocket('udp4');
    socket.on('message', beat).on('error', reject);
    socket.send('go', UDP_PORT, WEB);
  }
  return promise;
}
