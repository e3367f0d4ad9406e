/**
 * A real telephone: one baresip process without sound card or display, driven over its control port.
 *
 * Facts about baresip 1.0 that cost time: `ausine` wants 48 kHz stereo; the control port opens after the first registration is
 * often over, so registrations are read from its output; stdin must stay an open pipe.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './ports.ts';

export interface PhoneOptions {
  readonly user: string;
  readonly password: string;
  readonly domain: string;
  /** `127.0.0.1:5060`. */
  readonly server: string;
  readonly transport?: 'udp' | 'tcp' | 'tls';
  /** Answers calls by itself. */
  readonly answers?: boolean;
}

interface PhoneEvent {
  /** REGISTERED, REGISTER_FAILED, CALL_INCOMING, CALL_RINGING, CALL_ESTABLISHED, CALL_CLOSED, EXIT. */
  readonly type: string;
  readonly detail: string;
}

export interface Phone {
  /** The next event of one of these types, from those not yet asked for. Rejects after 10 s. */
  next(...types: string[]): Promise<PhoneEvent>;
  dial(uri: string): Promise<void>;
  hangUp(): Promise<void>;
  accept(): Promise<void>;
  /** Presses a key in the call, as telephone events. */
  press(key: string): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the phone; it registers by itself. Stopped with the test. A port that was free a moment ago may be taken when baresip
 * wants it, which then ends: that is tried again with other ports.
 */
export async function startPhone(t: TestContext, options: PhoneOptions): Promise<Phone> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryPhone(t, options);
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
}

async function tryPhone(t: TestContext, options: PhoneOptions): Promise<Phone> {
  const folder = mkdtempSync(join(tmpdir(), 'baresip-'));
  const [sip, control, rtp] = [await freePort(), await freePort(), await freePort()];
  writeFileSync(join(folder, 'config'), configuration(sip, control, rtp - (rtp % 2)));
  writeFileSync(join(folder, 'accounts'), account(options));
  const program = spawn('baresip', ['-f', folder, '-n', '127.0.0.1'], { stdio: ['pipe', 'pipe', 'pipe'] });
  const events = new EventEmitter();
  const unseen: PhoneEvent[] = [];
  const output: string[] = [];
  const seen: string[] = [];
  const put = (type: string, detail: string) => {
    unseen.push({ type, detail });
    seen.push(type);
    events.emit('event');
  };
  for (const stream of [program.stdout, program.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      if (line.trim()) output.push(line);
      const registration = registrationIn(line);
      if (registration) put(registration.type, registration.detail);
    });
  }
  program.on('exit', (code, signal) => put('EXIT', String(code ?? signal)));
  const exited = once(program, 'exit');
  let socket: Socket | undefined;
  const phone: Phone = {
    next,
    dial: (uri) => command('dial', uri),
    hangUp: () => command('hangup', ''),
    accept: () => command('accept', ''),
    press,
    stop,
  };
  t.after(stop);
  socket = await connect(control, program);
  listen(socket, put);
  return phone;

  async function next(...types: string[]): Promise<PhoneEvent> {
    const deadline = AbortSignal.timeout(10_000);
    for (;;) {
      const at = unseen.findIndex((event) => types.includes(event.type));
      if (at >= 0) return unseen.splice(0, at + 1)[at]!;
      try {
        await once(events, 'event', { signal: deadline });
      } catch {
        throw new Error(
          `${options.user}: no ${types.join(' or ')} within 10 s; seen ${seen.join(' ')}; baresip said:\n${output.slice(-15).join('\n')}`,
        );
      }
    }
  }

  function press(key: string): Promise<void> {
    return command('sndcode', key);
  }

  async function command(name: string, params: string): Promise<void> {
    const text = JSON.stringify({ command: name, params, token: name });
    socket?.write(`${Buffer.byteLength(text)}:${text},`);
  }

  async function stop(): Promise<void> {
    if (program.exitCode === null && program.signalCode === null) {
      program.kill('SIGTERM');
      const ended = await Promise.race([exited, sleep(3000)]);
      if (ended === undefined) program.kill('SIGKILL');
      await exited;
    }
    socket?.destroy();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `1000@example.com: {0/UDP/v4} 200 OK (...)`, or a line that tells of a refusal. */
function registrationIn(line: string): { type: string; detail: string } | undefined {
  const plain = line.replace(/\x1b\[[0-9;]*m/g, '');
  const match = /^(?:reg: )?(?:sip:)?\S+@[^\s:]+(?::\d+)?: (?:\{\S+\} )?(?:([1-6]\d\d) (.*)|Register: (.*))$/.exec(
    plain,
  );
  if (!match) return undefined;
  const detail = match[3] ?? `${match[1]} ${match[2]}`;
  return { type: match[1]?.startsWith('2') ? 'REGISTERED' : 'REGISTER_FAILED', detail };
}

async function connect(port: number, program: ChildProcess): Promise<Socket> {
  for (let attempt = 0; attempt < 100 && program.exitCode === null; attempt++) {
    const socket = createConnection(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return socket;
    } catch {
      await sleep(50);
    }
  }
  throw new Error('baresip does not open its control port');
}

/** Netstrings with JSON inside: `LENGTH:{...},`. */
function listen(socket: Socket, put: (type: string, detail: string) => void): void {
  let held = Buffer.alloc(0);
  socket.on('error', () => {});
  socket.on('data', (data) => {
    held = Buffer.concat([held, data]);
    for (;;) {
      const colon = held.indexOf(':');
      if (colon < 0) return;
      const end = colon + 1 + Number(held.subarray(0, colon));
      if (held.length <= end) return;
      const event = JSON.parse(held.subarray(colon + 1, end).toString()) as { type?: string; param?: string };
      held = held.subarray(end + 1);
      if (event.type) put(event.type, event.param ?? '');
    }
  });
}

function account(options: PhoneOptions): string {
  const transport = options.transport === undefined ? '' : `;transport=${options.transport}`;
  return (
    `<sip:${options.user}@${options.domain}${transport}>;auth_user=${options.user};auth_pass=${options.password}` +
    `;outbound="sip:${options.server}${transport}";regint=60;answermode=${options.answers ? 'auto' : 'manual'}\n`
  );
}

function configuration(sip: number, control: number, rtp: number): string {
  return `poll_method epoll
sip_listen 127.0.0.1:${sip}
call_local_timeout 120
call_max_calls 4
audio_source ausine,440
audio_player aubridge,sink
audio_alert aubridge,none
ausrc_srate 48000
ausrc_channels 2
ausrc_format s16
auplay_format s16
auenc_format s16
audec_format s16
audio_buffer 20-160
rtp_ports ${rtp}-${rtp + 20}
jitter_buffer_delay 5-10
module_path /usr/lib/baresip/modules
module g711.so
module ausine.so
module aubridge.so
module_tmp uuid.so
module_tmp account.so
module_app menu.so
module_app debug_cmd.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:${control}
ringback_disabled yes
redial_attempts 0
menu_bell no
`;
}
