/** Kamailio as a peer: a process of its own on loopback, UDP and TCP on the port given, with a configuration given as text. */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cleanup } from './cleanup.ts';

const OPTIONS = [
  'OPTIONS sip:127.0.0.1 SIP/2.0',
  'Via: SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bKready',
  'From: <sip:test@127.0.0.1>;tag=1',
  'To: <sip:127.0.0.1>',
  'Call-ID: ready',
  'CSeq: 1 OPTIONS',
  'Content-Length: 0',
  '',
  '',
].join('\r\n');

/** `route`: the body of its request_route, behind what answers OPTIONS; `modules` besides sl, tm, rr and pv. */
export async function startKamailio(
  t: Cleanup,
  port: number,
  route: string,
  modules: readonly string[] = [],
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kamailio-'));
  const lines = [
    '#!KAMAILIO',
    'debug=0 log_stderror=yes fork=yes children=1 tcp_children=1 dns=no rev_dns=no',
    `listen=udp:127.0.0.1:${port}`,
    `listen=tcp:127.0.0.1:${port}`,
    ...['sl', 'tm', 'rr', 'pv', ...modules].map((name) => `loadmodule "${name}.so"`),
    'request_route {',
    '  if (method == "OPTIONS") { sl_send_reply("200", "OK"); exit; }',
    route,
    '}',
  ];
  const file = join(folder, 'kamailio.cfg');
  writeFileSync(file, `${lines.join('\n')}\n`);
  const child = spawn(
    'kamailio',
    ['-DD', '-E', '-f', file, '-m', '64', '-M', '8', '-P', join(folder, 'pid'), '-Y', folder],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const exited = once(child, 'exit');
  let said = '';
  child.stderr.on('data', (data) => {
    said = (said + data).slice(-4000);
  });
  t.after(async () => {
    child.kill();
    await exited;
    rmSync(folder, { recursive: true, force: true });
  });
  const socket = createSocket('udp4');
  try {
    const answered = once(socket, 'message').then(() => true);
    for (let tries = 0; tries < 200; tries++) {
      if (child.exitCode !== null) break;
      socket.send(OPTIONS, port, '127.0.0.1');
      const pause = new Promise<false>((resolve) => setTimeout(resolve, 100, false));
      if (await Promise.race([answered, pause])) return;
    }
    throw new Error(`Kamailio does not start:\n${said}`);
  } finally {
    socket.close();
  }
}
