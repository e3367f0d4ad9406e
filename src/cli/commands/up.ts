/**
 * `gatehouse up`: starts the server, says what it opened and what to type next, and stays until a signal.
 *
 * SIGTERM and SIGINT stop it in order, and end it within five seconds whatever hangs, also while it starts; a second one ends
 * it at once. A launcher or a supervisor may hand on
 * the signal that the terminal or the system sent as well, so what comes within half a second counts as the same.
 * SIGHUP without a terminal does what `gatehouse reload` does.
 */
import { flushCompileCache } from 'node:module';
import { networkInterfaces } from 'node:os';
import type { Server } from '../../main.ts';
import { isLoopback, listenText } from '../../platform/listen-address.ts';
import { version } from '../../platform/version.ts';
import type { Context } from '../context.ts';
import { startOptions } from '../context.ts';
import type { ExitCode } from '../exit-codes.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { reportError } from '../report.ts';
import { NOTHING_CHANGED, reloadText } from './reload.ts';

const STOP_WITHIN_MS = 4_000;
/** Then it ends as it stands: what was acknowledged is kept all the same. */
const END_AFTER_MS = 4_500;
const SAME_SIGNAL_MS = 500;

export async function run(context: Context): Promise<ExitCode> {
  const { io, options } = context;
  // Whoever read the start message or the log may go (`gatehouse up | head`): the server stays.
  for (const stream of [process.stdout, process.stderr]) stream.removeAllListeners('error').on('error', () => {});
  // From the first moment: a signal during the start stops the server as soon as it stands.
  let server: Server | undefined;
  const signal = signalled(io, () => void reload(io, server));
  const { startServer } = await context.parts();
  server = await startServer(startOptions(context));
  if (options.json) io.out(JSON.stringify({ version: 1, ...startDocument(server) }));
  else io.out(startMessage(server, io, lanAddress()));
  // A server ends by a signal as a rule, and may end by kill -9: keep now what the next start wants.
  setTimeout(flushCompileCache, 1000).unref();

  io.err(`${await signal}: stopping`);
  await server.stop(STOP_WITHIN_MS);
  return server.hasFailed() ? EXIT.failed : EXIT.ok;
}

/** A server that still starts reads everything anyway. */
async function reload(io: Io, server: Server | undefined): Promise<void> {
  try {
    if (server) io.err(`SIGHUP: ${reloadText(await server.reload('SIGHUP'), io)}`);
  } catch (error) {
    reportError(io, error, false);
    io.err(`SIGHUP: ${NOTHING_CHANGED}`);
  }
}

/** Resolves with the first signal; from then on another one ends the process at once. `reload`: asked for by SIGHUP. */
function signalled(io: Io, reload: () => void): Promise<string> {
  process.on('uncaughtException', (error) => {
    reportError(io, error, false);
    process.exit(EXIT.failed);
  });
  return new Promise((resolve) => {
    let first = 0;
    const stop = (signal: string) => {
      const now = performance.now();
      if (first === 0) {
        first = now;
        setTimeout(() => {
          io.err(`${signal}: something does not answer (a database?), ending without it`);
          process.exit(EXIT.failed);
        }, END_AFTER_MS);
        resolve(signal);
      } else if (now - first > SAME_SIGNAL_MS) {
        io.err(`${signal} again: ending at once`);
        process.exit(EXIT.failed);
      }
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
    // With a terminal it means that the terminal has gone; without one people expect it to reload.
    process.on('SIGHUP', (signal) => (io.terminal.input ? stop(signal) : reload()));
  });
}

function startDocument(server: Server): Record<string, unknown> {
  const { dataDir, serCfg, database, notes, firstAdmin } = server;
  // A password that came from the environment is known already.
  return {
    gatehouse: version,
    pid: process.pid,
    dataDir,
    serCfg,
    database,
    listeners: server.listeners(),
    notes,
    firstAdmin: firstAdmin ?? null,
  };
}

export function startMessage(server: Server, io: Io, lan: string): string {
  const listeners = server.listeners();
  const title = (text: string) => io.paint('bold', text);
  const width = Math.max(0, ...listeners.map(({ what }) => what.length));
  const lines = [
    title(`Gatehouse ${version}`),
    `  users   ${server.database}`,
    `  script  ${server.serCfg}`,
    `  data    ${server.dataDir}`,
    '',
    title('Listening'),
    ...listeners.map((one) => `  ${one.what.padEnd(width)}  ${listenText(one)}`),
  ];
  const http = listeners.find(({ what }) => what === 'http');
  if (http) lines.push(`  health: http://${listenText(http)}/healthz   metrics: http://${listenText(http)}/metrics`);
  if (server.notes.length > 0) lines.push('', title('Good to know'), ...server.notes.map((note) => `  ${note}`));

  // WebSockets come over the HTTP port as well, which is opened by itself.
  const sip = listeners.filter(({ door, what }) => door === 'sip' && what !== 'sip ws');
  if (sip.length > 0 && sip.every(({ address }) => isLoopback(address))) {
    // Without a protocol an entry means UDP and TCP.
    const ports = [...new Set(sip.map(({ port }) => port))];
    const open = ports.map((port) => `"${listenText({ address: lan, port })}"`);
    lines.push(
      '',
      title('Only this machine can reach it.'),
      '  For the LAN put this line into gatehouse.yaml and start again:',
    );
    lines.push(`  ${io.paint('cyan', `sip: { listen: [${open.join(', ')}] }`)}`);
  }
  if (server.firstAdmin) lines.push('', adminBlock(server.firstAdmin, io));
  lines.push('', ...nextSteps(sip[0], title));
  return lines.join('\n');
}

function adminBlock(admin: { name: string; password: string | undefined }, io: Io): string {
  if (admin.password === undefined) return `Administrator ${admin.name}, with the password from the environment`;
  const text = [
    `administrator  ${admin.name}`,
    `password       ${admin.password}`,
    '',
    'Shown only this once. Keep it.',
    'Lost: gatehouse admin passwd',
  ];
  const width = Math.max(...text.map((line) => line.length));
  const box = [
    `┌─${'─'.repeat(width)}─┐`,
    ...text.map((line) => `│ ${line.padEnd(width)} │`),
    `└─${'─'.repeat(width)}─┘`,
  ];
  return box.map((line) => io.paint('yellow', line)).join('\n');
}

function nextSteps(sip: { address: string; port: number } | undefined, title: (text: string) => string): string[] {
  const lines = [title('Next'), '  gatehouse user add 1000', '  gatehouse user add 1001'];
  if (sip) lines.push(`  register a phone: server ${listenText(sip)}, user 1000, the password you gave; then`);
  return [...lines, '  gatehouse who', '', 'Ctrl-C stops it.'];
}

/** The address under which the LAN sees this machine: the first that is neither loopback nor link-local. */
function lanAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const outside = all.filter(({ internal, address }) => !internal && !/^(169\.254\.|fe80:)/i.test(address));
  return (outside.find(({ family }) => family === 'IPv4') ?? outside[0])?.address ?? '0.0.0.0';
}
