/**
 * A telephone in a web page: headless Chromium with SIP.js, one browser process for each page. The page is served from here; it tells of
 * its events by POST, and hears commands as server-sent events. No sound card is needed: the microphone is Chromium's own tone.
 */
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join, normalize } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

export interface PageOptions {
  readonly user: string;
  readonly password: string;
  readonly domain: string;
  /** `wss://127.0.0.1:8443`; any certificate is good enough. */
  readonly url: string;
}

export interface Page {
  /** The next of these events, of those not yet asked for: registered, refused, ringing, answered, audio, ended. Rejects after 30 s. */
  next(...events: string[]): Promise<string>;
  dial(uri: string): void;
  hangUp(): void;
}

const LIBRARY = join(import.meta.dirname, '..', '..', 'node_modules', 'sip.js', 'lib');
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--ignore-certificate-errors',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
  '--allow-loopback-in-peer-connection',
  '--disable-features=WebRtcHideLocalIpsWithMdns',
];

const PAGE = `<!doctype html><title>telephone</title><audio id="audio"></audio><script type="module">
import { SimpleUser } from '/sip.js/platform/web/index.js';
const { url, user, password, domain } = Object.fromEntries(new URLSearchParams(location.search));
const tell = (event) => fetch('/event', { method: 'POST', body: event });
const phone = new SimpleUser(url, {
  aor: 'sip:' + user + '@' + domain,
  media: { constraints: { audio: true, video: false }, remote: { audio: document.getElementById('audio') } },
  userAgentOptions: {
    authorizationUsername: user,
    authorizationPassword: password,
    sessionDescriptionHandlerFactoryOptions: { iceGatheringTimeout: 500, peerConnectionConfiguration: { iceServers: [] } },
  },
  delegate: {
    onRegistered: () => tell('registered'),
    onUnregistered: () => tell('refused'),
    onCallReceived: () => { tell('ringing'); phone.answer(); },
    onCallAnswered: () => { tell('answered'); listen(); },
    onCallHangup: () => tell('ended'),
    onServerDisconnect: () => tell('disconnected'),
  },
});
async function listen() {
  for (;;) {
    const connection = phone.session?.sessionDescriptionHandler?.peerConnection;
    if (!connection) return;
    for (const one of (await connection.getStats()).values())
      if (one.type === 'inbound-rtp' && one.packetsReceived > 20) return tell('audio');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
const commands = { dial: (uri) => phone.call(uri), hangUp: () => phone.hangup() };
new EventSource('/commands').onmessage = ({ data }) => {
  const [name, ...words] = data.split(' ');
  commands[name](...words).catch((error) => tell('failed: ' + error));
};
phone.connect().then(() => phone.register()).catch((error) => tell('failed: ' + error));
</script>`;

export async function openPage(t: TestContext, options: PageOptions): Promise<Page> {
  const events = new EventEmitter();
  const unseen: string[] = [];
  const seen: string[] = [];
  let commands: ServerResponse | undefined;
  const server = createServer((request, response) => void serve(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const folder = mkdtempSync(join(tmpdir(), 'chromium-'));
  const query = new URLSearchParams({ ...options });
  const where = `http://127.0.0.1:${port}/?${query}`;
  const browser = spawn('chromium', [...FLAGS, `--user-data-dir=${folder}`, where], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said: string[] = [];
  browser.stderr.on('data', (data) => said.push(String(data)));
  const exited = once(browser, 'exit');
  t.after(async () => {
    browser.kill('SIGTERM');
    if ((await Promise.race([exited, sleep(5_000)])) === undefined) browser.kill('SIGKILL');
    await exited;
    server.closeAllConnections();
    server.close();
    // Chromium's helpers write on for a moment after it has gone.
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });
  return { next, dial: (uri) => command(`dial ${uri}`), hangUp: () => command('hangUp') };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = normalize(new URL(request.url ?? '/', where).pathname);
    if (path === '/event') {
      const pieces = await request.toArray();
      unseen.push(Buffer.concat(pieces).toString());
      seen.push(unseen.at(-1)!);
      events.emit('event');
      response.end();
    } else if (path === '/commands') {
      commands = response.writeHead(200, { 'content-type': 'text/event-stream' });
      commands.flushHeaders();
    } else if (path.startsWith('/sip.js/')) {
      response.writeHead(200, { 'content-type': 'text/javascript' });
      response.end(readFileSync(join(LIBRARY, path.slice('/sip.js/'.length))));
    } else if (path === '/') response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
    else response.writeHead(404).end();
  }

  function command(text: string): void {
    commands?.write(`data: ${text}\n\n`);
  }

  async function next(...wanted: string[]): Promise<string> {
    const deadline = AbortSignal.timeout(30_000);
    for (;;) {
      const at = unseen.findIndex((event) => wanted.includes(event));
      if (at >= 0) return unseen.splice(0, at + 1)[at]!;
      try {
        await once(events, 'event', { signal: deadline });
      } catch {
        const story = `${options.user}: no ${wanted.join(' or ')} within 30 s; seen ${seen.join(', ')}`;
        throw new Error(`${story}; chromium said:\n${said.join('').split('\n').slice(-8).join('\n')}`);
      }
    }
  }
}
