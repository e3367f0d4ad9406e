/**
 * Runs inside the crowd's namespace and is all of its clients, each by its own address: lines of JSON on standard input say what to
 * do, a line each answers. Plain sockets and no HTTP client, since what it costs is taken from the server on the same processors.
 */
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

const GATEWAY = '10.77.0.1';
const PORTAL_PORT = 2050;
const WEB = '203.0.113.80';
const PROBE = `GET /generate_204 HTTP/1.1\r\nHost: connectivitycheck.gstatic.com\r\nConnection: close\r\n\r\n`;

export type CrowdOrder =
  /** Strangers' probes, each on a connection of its own. */
  | { readonly do: 'redirects'; readonly clients: readonly string[]; readonly seconds: number; readonly atOnce: number }
  /** From the probe to the first answer of the internet. */
  | { readonly do: 'storm'; readonly clients: readonly string[]; readonly user: string }
  | { readonly do: 'leave'; readonly clients: readonly string[] }
  /** Submits the form and waits for no answer. */
  | { readonly do: 'submit'; readonly clients: readonly string[]; readonly user: string }
  | { readonly do: 'pages'; readonly client: string; readonly count: number };

if (import.meta.main) {
  createInterface({ input: process.stdin })
    .on(
      'line',
      (line) => void obey(JSON.parse(line) as CrowdOrder).then((answer) => console.log(JSON.stringify(answer))),
    )
    .on('close', () => process.exit());
  console.log('"ready"');
}

function obey(order: CrowdOrder): Promise<unknown> {
  switch (order.do) {
    case 'redirects':
      return redirects(order.clients, order.seconds, order.atOnce);
    case 'storm':
      return storm(order.clients, order.user);
    case 'leave':
      return Promise.all(order.clients.map(leave));
    case 'submit':
      return submit(order.clients, order.user);
    case 'pages':
      return pages(order.client, order.count);
  }
}

async function redirects(clients: readonly string[], seconds: number, atOnce: number) {
  const end = performance.now() + 1000 * seconds;
  let done = 0;
  const one = async (i: number) => {
    for (let n = i; performance.now() < end; n += atOnce) {
      const answer = await ask(clients[n % clients.length]!, WEB, 80, PROBE);
      if (!answer.startsWith('HTTP/1.1 307 ')) throw new Error(`no redirect: ${answer.slice(0, 200)}`);
      done++;
    }
  };
  const begun = performance.now();
  await Promise.all(Array.from({ length: atOnce }, (_, i) => one(i)));
  return { done, seconds: (performance.now() - begun) / 1000 };
}

async function storm(clients: readonly string[], user: string) {
  const begun = performance.now();
  let last = begun;
  const times = await Promise.all(
    clients.map(async (client) => {
      const text = await form(client, user);
      const asked = performance.now();
      const answer = await ask(client, GATEWAY, PORTAL_PORT, text);
      const entered = performance.now();
      if (!/^HTTP\/1\.1 30[37] [\s\S]*\r\nLocation: http:\/\/connectivity/.test(answer))
        throw new Error(`not in: ${answer.slice(0, 300)}`);
      last = Math.max(last, entered);
      const through = await ask(client, WEB, 80, PROBE);
      if (!through.startsWith('HTTP/1.1 204 ')) throw new Error(`not through: ${through.slice(0, 200)}`);
      return { login: entered - asked, traffic: performance.now() - entered };
    }),
  );
  return {
    seconds: (last - begun) / 1000,
    login: times.map(({ login }) => login),
    traffic: times.map(({ traffic }) => traffic),
  };
}

/** What the browser sends after the probe and the page. */
async function form(client: string, user: string): Promise<string> {
  const redirect = await ask(client, WEB, 80, PROBE);
  const path = /\r\nLocation: http:\/\/[^/]+(\/[^\r]*)/.exec(redirect)?.[1];
  const page = await ask(client, GATEWAY, PORTAL_PORT, request('GET', path ?? '/'));
  const body = new URLSearchParams({
    tok: field(page, 'tok'),
    redir: field(page, 'redir'),
    username: user,
    password: 'x',
  });
  return request('POST', '/nodogsplash_auth/', String(body));
}

async function submit(clients: readonly string[], user: string): Promise<'submitted'> {
  const forms = await Promise.all(clients.map((client) => form(client, user)));
  for (const [i, text] of forms.entries()) ask(clients[i]!, GATEWAY, PORTAL_PORT, text).catch(() => {});
  return 'submitted';
}

async function leave(client: string): Promise<void> {
  const page = await ask(client, GATEWAY, PORTAL_PORT, request('GET', '/nodogsplash_deny/'));
  await ask(client, GATEWAY, PORTAL_PORT, request('POST', '/nodogsplash_deny/', `tok=${field(page, 'tok')}`));
}

async function pages(client: string, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const begun = performance.now();
    const page = await ask(client, GATEWAY, PORTAL_PORT, request('GET', '/splash.html'));
    times.push(performance.now() - begun);
    if (!page.startsWith('HTTP/1.1 200 ')) throw new Error(`no page: ${page.slice(0, 200)}`);
  }
  return times;
}

function request(method: string, path: string, body = ''): string {
  const type =
    body === '' ? '' : `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n`;
  return `${method} ${path} HTTP/1.1\r\nHost: ${GATEWAY}:${PORTAL_PORT}\r\n${type}Connection: close\r\n\r\n${body}`;
}

function field(page: string, name: string): string {
  const value = new RegExp(`name="${name}" value="([^"]*)"`).exec(page)?.[1];
  if (value === undefined) throw new Error(`no field ${name} in ${page.slice(0, 400)}`);
  return value.replaceAll('&amp;', '&');
}

/** Until the server closes. */
function ask(from: string, host: string, port: number, text: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const pieces: Buffer[] = [];
  const socket = connect({ host, port, localAddress: from }, () => socket.write(text));
  socket.on('data', (piece: Buffer) => pieces.push(piece));
  socket.on('end', () => resolve(Buffer.concat(pieces).toString('latin1')));
  socket.on('error', reject);
  return promise;
}
