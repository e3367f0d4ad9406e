/**
 * An exchange with real programs on its lines: mgetty with its callback, chat, wvdial, each in a mount namespace of its own files.
 *
 * The lines lie below /dev/shm, because mgetty looks for devices below /dev. Lock files, pid files and all configuration are private; the
 * machine's /etc and /run are not touched. Processes are found by their namespace when all ends: what mgetty leaves behind is no child of ours.
 * Needs root.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type Exchange, type ExchangeOptions, startExchange } from '../../src/doors/dial/exchange/exchange.ts';
import { endWith } from './children.ts';
import type { Cleanup } from './cleanup.ts';

export interface DialLab {
  readonly exchange: Exchange;
  /**
   * mgetty answers on this line, and is started again when it ends. User `userxyz`, password `secret`, prompt `> `; who says `callbackName` on a call
   * that he made, `cback-userxyz` unless told otherwise, is hung up on, and `callbackNumber` is called four seconds later.
   */
  mgetty(
    line: number,
    callbackNumber: string,
    options?: { readonly modemLines?: boolean; readonly callbackName?: string },
  ): Mgetty;
  /** chat with a script, one word or quoted text an item; the number replaces \T. */
  chat(line: number, script: readonly string[], number: string): Promise<Ended>;
  /** With a carrier that it sees. `settings`: more lines of its configuration; `until`: ended as soon as it shows this. */
  wvdial(
    line: number,
    number: string,
    options?: { readonly settings?: readonly string[]; readonly until?: string },
  ): Promise<Ended>;
  /** `gatehouse dial office` with this modem and account, among the lock files of mgetty. */
  dial(
    line: number,
    modem: Readonly<Record<string, unknown>>,
    account: Readonly<Record<string, unknown>>,
  ): Promise<Ended>;
}

export interface Mgetty {
  /** What mgetty has written to its log so far. */
  log(): string;
  /** The same of the program that calls back. */
  callbackLog(): string;
  /** When the log holds this text, behind so many characters. */
  said(text: string, from?: number): Promise<void>;
}

export interface Ended {
  readonly exitCode: number | null;
  readonly said: string;
}

/** A loaded machine is slow, and mgetty waits by itself. */
const SAID_MS = 60_000;
const MOST_TRIES = 10;
const GATEHOUSE = join(import.meta.dirname, '../../bin/gatehouse');

export async function startDialLab(t: Cleanup, options: Omit<ExchangeOptions, 'directory'>): Promise<DialLab> {
  const directory = mkdtempSync('/dev/shm/gatehouse-dial-');
  chmodSync(directory, 0o755);
  const lines = join(directory, 'lines');
  const run = join(directory, 'run');
  mkdirSync(join(run, 'lock'), { recursive: true });
  const exchange = await startExchange({ ...options, directory: lines });
  const namespaces = new Set<string>();
  t.after(async () => {
    await endAll(namespaces);
    await exchange.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return { exchange, mgetty, chat, wvdial, dial };

  function mgetty(
    line: number,
    callbackNumber: string,
    { modemLines = false, callbackName = 'cback-userxyz' } = {},
  ): Mgetty {
    const { name, carrierFile } = exchange.lines[line]!;
    const device = `${lines.slice('/dev/'.length)}/${name}`;
    const home = makeHome(
      join(directory, `mgetty-${name}`),
      device,
      `${callbackName} N - - /usr/sbin/callback`,
      callbackNumber,
    );
    const mounts = ['etc:/etc/mgetty', 'log:/var/log/mgetty', 'passwd:/etc/passwd', 'shadow:/etc/shadow'];
    const script = [
      'set -e; mkdir -p /etc/mgetty /var/log/mgetty',
      ...mounts.map((mount) => `mount --bind ${home}/${mount.replace(':', ' ')}`),
      `mount --bind ${run} /run`,
      // The shell would tell of each mgetty that was hung up.
      'exec 2> /dev/null',
      // As init does: again and again, each in a session of its own.
      `while kill -0 ${process.pid}; do setsid -w /sbin/mgetty -D -x 9 -s 38400 ${device} < /dev/null > /dev/null 2>&1 || :; sleep 0.2; done`,
    ];
    inNamespace(script.join('\n'), modemLines ? shimEnvironment(carrierFile) : {});
    const logFolder = join(home, 'log');
    const read = (start: string) => {
      const files = readdirSync(logFolder).filter((file) => file.startsWith(start));
      return files.map((file) => readFileSync(join(logFolder, file), 'latin1')).join('');
    };
    const log = () => read(`mg_${device.replaceAll('/', '-')}`);
    return {
      log,
      callbackLog: () => read('mg_callback'),
      async said(text, from = 0) {
        const end = performance.now() + SAID_MS;
        while (!log().includes(text, from)) {
          if (performance.now() > end) throw new Error(`mgetty never said ${text}:\n${log().slice(-2000)}`);
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      },
    };
  }

  function chat(line: number, script: readonly string[], number: string): Promise<Ended> {
    const { path, name } = exchange.lines[line]!;
    const file = join(directory, `${name}.chat`);
    writeFileSync(file, `${script.join('\n')}\n`);
    const modes = 'stty raw -echo 115200 hupcl clocal';
    const command = `{ ${modes}; exec chat -v -s -S -T ${number} -f ${file}; } < ${path} > ${path}`;
    return finished(spawn('bash', ['-c', command]));
  }

  async function wvdial(
    line: number,
    number: string,
    { settings = [], until }: { settings?: readonly string[]; until?: string } = {},
  ): Promise<Ended> {
    const { path, name, carrierFile } = exchange.lines[line]!;
    const file = join(directory, `${name}.wvdial`);
    const config = [
      ...['[Dialer Defaults]', `Modem = ${path}`, 'Baud = 115200', 'Init1 = ATZ', 'Init2 = ATQ0 V1 E1 S0=0 &C1 &D2'],
      ...[`Phone = ${number}`, 'Username = userxyz', 'Password = secret', 'Carrier Check = yes'],
      ...['Auto Reconnect = off', 'Dial Attempts = 1', ...settings, ''],
    ];
    writeFileSync(file, config.join('\n'));
    // Many starts of wvdial 1.61 end on an assertion of its own, by where its stacks come to lie: these lie differently from try to try, and the
    // same for each try.
    const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...shimEnvironment(carrierFile) };
    const steady = spawnSync('setarch', ['-R', 'true']).status === 0 ? ['setarch', '-R'] : [];
    const [program, ...args] = [...steady, 'wvdial', '--config', file];
    for (let tries = 1; ; tries++) {
      const child = spawn(program!, args, { env: { ...env, BEHIND_THE_STACK: 'x'.repeat(400 * tries) } });
      const ended = await finished(child, until);
      if (tries === MOST_TRIES || !ended.said.includes('stack_magic')) return ended;
    }
  }

  function dial(
    line: number,
    modem: Readonly<Record<string, unknown>>,
    account: Readonly<Record<string, unknown>>,
  ): Promise<Ended> {
    const { path, name } = exchange.lines[line]!;
    const data = join(directory, `data-${name}`);
    mkdirSync(join(data, 'dial'), { recursive: true });
    const book = { modems: { m: { device: path, flow_control: 'none', ...modem } }, accounts: { office: account } };
    writeFileSync(join(data, 'dial/accounts.yaml'), JSON.stringify(book), { mode: 0o600 });
    const words = [process.execPath, GATEHOUSE, 'dial', 'office', '--data', data];
    const script = `mount --bind ${run} /run && exec "$0" "$@"`;
    const args = ['-m', '--propagation', 'private', 'bash', '-c', script, ...words];
    return finished(endWith(t, spawn('unshare', args, { stdio: ['ignore', 'pipe', 'pipe'] })));
  }

  function inNamespace(script: string, env: Record<string, string>): void {
    // The preloaded library is for mgetty and what it starts; the shell and mount do not mind it.
    const child = spawn('unshare', ['-m', '--propagation', 'private', 'bash', '-c', script], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const own = readlinkSync('/proc/self/ns/mnt');
    const look = setInterval(() => {
      try {
        const namespace = readlinkSync(`/proc/${child.pid}/ns/mnt`);
        if (namespace === own) return;
        namespaces.add(namespace);
      } catch {
        // It has ended.
      }
      clearInterval(look);
    }, 5);
  }

  function shimEnvironment(carrierFile: string): Record<string, string> {
    const library = join(directory, 'modem-lines.so');
    if (!existsSync(library)) {
      const source = join(import.meta.dirname, 'modem-lines.c');
      execFileSync('gcc', ['-shared', '-fPIC', '-O2', '-Wall', '-Werror', '-o', library, source, '-ldl']);
    }
    return { LD_PRELOAD: library, MODEM_DCD: carrierFile };
  }
}

/** Configuration, accounts and home of the user, for one mgetty. */
function makeHome(home: string, device: string, callback: string, callbackNumber: string): string {
  for (const folder of ['etc', 'log', 'user/bin']) mkdirSync(join(home, folder), { recursive: true });
  const write = (file: string, lines: readonly string[], mode = 0o644) => {
    writeFileSync(join(home, file), `${lines.join('\n')}\n`, { mode });
  };
  write('etc/mgetty.config', ['debug 9', 'data-only yes', 'speed 38400', `issue-file ${home}/etc/issue`]);
  write('etc/issue', ['peer line @']);
  const rule = `${callback} -l ${device} ${callbackNumber}`;
  write('etc/login.config', ['!version 2', rule, '* - - - /bin/login @'], 0o600);
  const times = ['delay 4', 'delay-randomize 1', 'retry-time 5', 'max-time 60'];
  write('etc/callback.config', [...times, 'speed 38400', 'dial-prefix ATDT', 'debug 9']);
  const others = readFileSync('/etc/passwd', 'utf8')
    .trimEnd()
    .split('\n')
    .filter((line) => !line.startsWith('userxyz:'));
  write('passwd', [...others, `userxyz:x:4242:4242::${home}/user:/bin/sh`]);
  // No password hash of the machine is copied: all others are locked.
  const locked = others.map((line) => `${line.split(':')[0]}:*:19000:0:99999:7:::`);
  const hash = execFileSync('openssl', ['passwd', '-6', 'secret'], { encoding: 'utf8' }).trim();
  write('shadow', [...locked, `userxyz:${hash}:19000:0:99999:7:::`], 0o600);
  write('user/.profile', ["PS1='> '", 'PATH=$HOME/bin:$PATH']);
  write('user/.hushlogin', []);
  write('user/bin/start_ppp', ['#!/bin/sh', 'stty -echo', 'exec /usr/sbin/pppd -detach silent modem'], 0o755);
  return home;
}

async function finished(child: ChildProcess, until?: string): Promise<Ended> {
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('latin1').on('data', (text: string) => {
      said += text;
      if (until !== undefined && said.includes(until)) child.kill();
    });
  }
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { exitCode, said };
}

/** Every process of these namespaces, until there is none. */
async function endAll(namespaces: ReadonlySet<string>): Promise<void> {
  for (;;) {
    const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry) && namespaces.has(namespaceOf(entry)));
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It has just ended.
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function namespaceOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`);
  } catch {
    return '';
  }
}
