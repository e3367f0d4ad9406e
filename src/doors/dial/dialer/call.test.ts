// peers: python3
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { AccountBook, type AccountInput, type ModemInput } from '../account/book.ts';
import { type Exchange, startExchange } from '../exchange/exchange.ts';
import { lockNames } from '../line/lock-names.ts';
import { openSerialLine } from '../line/serial.ts';
import { openModem } from '../modem/modem.ts';
import { DEFAULT_STRINGS } from '../modem/strings.ts';
import type { Call, Modem } from '../modem/types.ts';
import { type CallWorld, makeCall } from './call.ts';
import { CallNotes } from './left-over.ts';
import { planCall } from './plan.ts';
import { putLines } from './tagged-lines.ts';

/** Milliseconds of a second of the exchange. */
const SECOND = 40;
const QUICK = { preInitDelayMs: 1, initDelayMs: 1, escapeGuardMs: SECOND * 1.5 };
const TIMEOUT = { timeoutMs: 30_000 };

/** The script of KPPP's handbook with the Password line that it lacks. */
const HANDBOOK = [
  ...['Expect ogin:', 'ID', 'Expect for userxyz:', 'Send userxyz-home', 'Expect ogin:', 'ID'],
  ...['Expect assword:', 'Password', 'Expect >', 'Send start_ppp'],
];

interface Lab {
  readonly folder: string;
  readonly exchange: Exchange;
  /** On line 2. */
  readonly host: Modem;
  readonly progress: string[];
  /** Each progress is an event. */
  readonly said: EventEmitter;
  readonly cancel: AbortController;
  readonly asked: string[];
  call(account: AccountInput, modem?: ModemInput, world?: Partial<CallWorld>): Promise<void>;
  /** What the caller's modem says of S0 when nobody has the line. */
  s0(line?: number): Promise<readonly string[]>;
}

async function labFor(t: TestContext, lines = 2): Promise<Lab> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-call-'));
  const lockDirectory = join(folder, 'lock');
  await mkdir(lockDirectory);
  await mkdir(join(folder, 'etc/ppp'), { recursive: true });
  await writeFile(join(folder, 'pppd'), STAND_IN);
  await chmod(join(folder, 'pppd'), 0o755);
  const exchange = await startExchange({ directory: join(folder, 'lines'), lines, secondMs: SECOND });
  const host = await openModem(exchange.lines[1]!.path, { ...DEFAULT_STRINGS, ...QUICK });
  await host.init();
  t.after(async () => {
    await host.close();
    await exchange.close();
    await rm(folder, { recursive: true });
  });
  const progress: string[] = [];
  const said = new EventEmitter();
  const asked: string[] = [];
  const cancel = new AbortController();
  const world: CallWorld = {
    folder: join(folder, 'dial'),
    signal: cancel.signal,
    async ask({ label }) {
      asked.push(label);
      return undefined;
    },
    terminal: async () => {},
    save: () => {},
    progress(text) {
      progress.push(text);
      said.emit(text);
    },
    detail: () => {},
    strings: QUICK,
    lockDirectory,
    systemRoot: folder,
  };
  return {
    ...{ folder, exchange, host, progress, said, cancel, asked },
    async call(account, modem = {}, more = {}) {
      const book = new AccountBook(join(folder, 'none'));
      book.add('modems', 'm', { device: exchange.lines[0]!.path, flow_control: 'none', timeout_seconds: 30, ...modem });
      book.add('accounts', 'office', {
        user: 'userxyz',
        password: 'geheim',
        pppd_program: join(folder, 'pppd'),
        ...account,
      });
      await makeCall(planCall(book, 'office', {}), { ...world, ...more });
      assert.deepEqual(await readdir(lockDirectory), []);
      assert.deepEqual(await readdir(join(folder, 'dial/calls')), []);
    },
    async s0(at = 0) {
      const modem = await openModem(exchange.lines[at]!.path, { ...DEFAULT_STRINGS, ...QUICK });
      const { lines } = await modem.command('ATS0?');
      await modem.close();
      return lines;
    },
  };
}

/** In pppd's place: makes an interface, says what it was given, hears a line, ends as it is told. */
const STAND_IN = `#!/bin/sh
stty raw -echo
net="$(dirname "$0")/sys/class/net/ppp0"
mkdir -p "$net/statistics"
echo 1234 > "$net/statistics/rx_bytes"
echo 567 > "$net/statistics/tx_bytes"
printf 'tty:%s args:%s\\r' "$(ps -o tty= -p $$)" "$*"
read -r word <&0 || exit 16
rm -r "$net"
exit "\${word%%[!0-9]*}"
`;

class Talk {
  readonly call: Call;
  #heard = '';
  #wake = () => {};

  constructor(call: Call) {
    this.call = call;
    call.listen((bytes) => {
      this.#heard += bytes.toString('latin1');
      this.#wake();
    });
    call.ended.addEventListener('abort', () => this.#wake());
  }

  say(text: string): void {
    this.call.write(Buffer.from(text, 'latin1'));
  }

  async expect(text: string): Promise<string> {
    for (;;) {
      const at = this.#heard.indexOf(text);
      if (at >= 0) {
        const before = this.#heard.slice(0, at);
        this.#heard = this.#heard.slice(at + text.length);
        return before;
      }
      assert.ok(!this.call.ended.aborted, `${text} was not said, but ${JSON.stringify(this.#heard)}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async ended(): Promise<void> {
    const { ended } = this.call;
    if (!ended.aborted) await new Promise((resolve) => ended.addEventListener('abort', resolve));
  }
}

async function answered(host: Modem): Promise<Talk> {
  assert.ok(await host.waitForRing(TIMEOUT));
  const result = await host.answer(TIMEOUT);
  assert.equal(result.kind, 'connected');
  return new Talk((result as { call: Call }).call);
}

/** As the handbook describes a server: name, alias, hang-up, and a call back. */
async function callBackServer({ host, said }: Lab): Promise<Talk> {
  const first = await answered(host);
  first.say('\r\nWelcome\r\nlogin: ');
  assert.equal(await first.expect('\r'), 'userxyz');
  first.say('userxyz\r\nNumbers for userxyz:\r\n userxyz-home\r\n');
  assert.equal(await first.expect('\r'), 'userxyz-home');
  first.say('you are called back\r\n');
  await Promise.all([once(said, 'the other side hung up; waiting for the call back'), host.hangUp()]);
  const result = await host.dial('1001', TIMEOUT);
  assert.equal(result.kind, 'connected');
  const second = new Talk((result as { call: Call }).call);
  second.say('\r\nlogin: ');
  assert.equal(await second.expect('\r'), 'userxyz');
  second.say('userxyz\r\nPassword: ');
  assert.equal(await second.expect('\r'), 'geheim');
  second.say('\r\nhost> ');
  assert.equal(await second.expect('\r'), 'start_ppp');
  return second;
}

test('the call back, answered, and as the handbook has it by S0=1: pppd gets the line, nobody is asked, S0 is 000 afterwards', async (t) => {
  const lab = await labFor(t);
  for (const [account, modem] of [
    [{ callback: 'wait' }, {}],
    [{}, { dial: 'AT&C0S0=1DT' }],
  ] as [AccountInput, ModemInput][]) {
    const called = lab.call(
      { numbers: ['1002'], script: HANDBOOK, pppd: ['lcp-echo-interval', '30'], ...account },
      modem,
    );
    const [second] = await Promise.all([callBackServer(lab).then(endPppd), called]);
    assert.match(second, /^tty:pts\/\d+ args:57600 -detach defaultroute usepeerdns lcp-echo-interval 30$/);
    await lab.host.hangUp();
    assert.deepEqual(lab.asked, []);
    assert.deepEqual(await lab.s0(), ['000']);
  }
  assert.ok(lab.progress.includes('the other side hung up; waiting for the call back'));
  assert.doesNotMatch(lab.progress.join('\n'), /geheim/);
  const lines = (await logOf(lab)).trim().split('\n');
  assert.equal(lines.length, 2);
  for (const line of lines) assert.match(line, /^\d{10}:office::\d{10}:0\.0000e\+00:0\.0000e\+00:(?:0:0|1234:567)$/);
});

async function logOf({ folder }: Lab): Promise<string> {
  const [log] = await readdir(join(folder, 'dial/log'));
  return readFile(join(folder, 'dial/log', log!), 'utf8');
}

async function endPppd(talk: Talk): Promise<string> {
  const said = await talk.expect('\r');
  talk.say('16\n');
  return said;
}

test('PAP, name servers, and commands around a call: in the files of the system as long as it lasts, and no longer', async (t) => {
  const lab = await labFor(t);
  const at = (name: string) => join(lab.folder, name);
  const before = { 'etc/ppp/pap-secrets': 'other * word\n', 'etc/resolv.conf': 'nameserver 192.0.2.1\n' };
  for (const [file, text] of Object.entries(before)) await writeFile(at(file), text);
  await chmod(at('etc/resolv.conf'), 0o644);
  const noted = (word: string) => ['/bin/sh', '-c', `echo ${word} >> ${at('commands')}`];
  const called = lab.call({
    ...{ numbers: ['1002'], authentication: 'pap', user: 'user "x"', password: 'ge\\heim' },
    ...{ dns: ['192.0.2.7', '192.0.2.8'], domain: 'example.com', before_connect: noted('before') },
    ...{ on_connect: noted('up'), before_disconnect: noted('down'), after_disconnect: noted('after') },
  });
  const talk = await answered(lab.host);
  assert.match(await talk.expect('\r'), / refuse-chap refuse-mschap refuse-mschap-v2 user user "x"$/);
  const done = async () => readFile(at('commands'), 'utf8');
  for (const end = Date.now() + TIMEOUT.timeoutMs; !(await done()).includes('up'); await delay(20))
    assert.ok(Date.now() < end, lab.progress.join('\n'));
  const secrets = await readFile(at('etc/ppp/pap-secrets'), 'utf8');
  assert.match(secrets, /^# begin .*\n"user \\"x\\"" \* "ge\\\\heim"\n# end .*\nother \* word\n$/);
  assert.equal((await stat(at('etc/resolv.conf'))).mode & 0o777, 0o644);
  const servers = await readFile(at('etc/resolv.conf'), 'utf8');
  assert.match(
    servers,
    /^#.*\nsearch example.com\nnameserver 192.0.2.7\nnameserver 192.0.2.8\n#.*\nnameserver 192.0.2.1\n$/,
  );
  lab.cancel.abort();
  await called;
  await lab.host.hangUp();
  for (const [file, text] of Object.entries(before)) assert.equal(await readFile(at(file), 'utf8'), text);
  assert.equal(await done(), 'before\nup\ndown\nafter\n');
  assert.match(await logOf(lab), /:1234:567\n$/);

  const prevented = lab.call({ before_connect: ['/bin/false'] }, {}, { signal: new AbortController().signal });
  await assert.rejects(prevented, { code: 'DIAL_COMMAND' });
});

test('CHAP, and a call back that pppd asks for: it ends with 14, the call back has a second pppd, without asking again', async (t) => {
  const lab = await labFor(t);
  const called = lab.call({
    ...{ numbers: ['1002'], authentication: 'chap', callback: 'user', callback_number: '5551234' },
  });
  const first = await answered(lab.host);
  assert.match(await first.expect('\r'), / callback 5551234 refuse-pap user userxyz$/);
  const awaited = once(lab.said, 'the other side hung up; waiting for the call back');
  first.say('14\n');
  await first.ended();
  await lab.host.hangUp();
  await awaited;
  assert.match(await readFile(join(lab.folder, 'etc/ppp/chap-secrets'), 'utf8'), /\n"userxyz" \* "geheim"\n/);
  const result = await lab.host.dial('1001', TIMEOUT);
  const second = new Talk((result as { call: Call }).call);
  assert.match(await endPppd(second), /usepeerdns refuse-pap user userxyz$/);
  await called;
  await lab.host.hangUp();
  assert.equal(await readFile(join(lab.folder, 'etc/ppp/chap-secrets'), 'utf8'), '');

  // What pppd says of itself when it fails.
  const failed = assert.rejects(lab.call({ numbers: ['1002'], authentication: 'chap' }), {
    code: 'DIAL_PPPD',
    message: /ended with 19: the other side did not accept name and password/,
  });
  const third = await answered(lab.host);
  await third.expect('\r');
  third.say('19\n');
  await failed;
  await lab.host.hangUp();
});

test('a login by hand: the terminal has the line first, then pppd', async (t) => {
  const lab = await labFor(t);
  const called = lab.call(
    { numbers: ['1002'], authentication: 'terminal', script: ['Expect never'] },
    {},
    {
      async terminal(call) {
        const talk = new Talk(call);
        await talk.expect('login: ');
        talk.say('by hand\r');
        await talk.expect('welcome\n');
      },
    },
  );
  const talk = await answered(lab.host);
  talk.say('login: ');
  assert.equal(await talk.expect('\r'), 'by hand');
  talk.say('welcome\n');
  assert.match(await endPppd(talk), /^tty:pts/);
  await called;
  await lab.host.hangUp();
});

test('what a killed call left is put back by the next one, at another modem: its pppd, its lines in files, S0', async (t) => {
  const lab = await labFor(t, 3);
  const [mine, , other] = lab.exchange.lines.map(({ path }) => path) as [string, string, string];
  const line = await openSerialLine(other, DEFAULT_STRINGS);
  const ok = new Promise<void>((resolve) => line.listen((bytes) => bytes.includes('OK') && resolve()));
  line.write(Buffer.from('AT&C0S0=1\r'));
  await ok;
  await line.close();
  const file = join(lab.folder, 'etc/resolv.conf');
  putLines(file, ['nameserver 192.0.2.7'], 0o644);
  const program = spawn('sleep', ['1000']);
  const ended = once(program, 'exit');
  const notes = new CallNotes(join(lab.folder, 'dial'));
  const pid = spawnSync('true').pid;
  const strings = { ...DEFAULT_STRINGS, ...QUICK };
  const left = { pid, device: other, account: 'office', strings, started: Date.now(), files: [file] };
  notes.write({ ...left, program: { pid: program.pid!, name: 'sleep' } });
  const called = lab.call({ numbers: ['1002'] }, { device: mine });
  await endPppd(await answered(lab.host));
  await called;
  await lab.host.hangUp();
  assert.deepEqual(await ended, [null, 'SIGTERM']);
  assert.equal(await readFile(file, 'utf8'), '');
  assert.deepEqual(await lab.s0(2), ['000']);
});

test('a line that cannot be had: held by a program, which is named, or missing; no lock is left behind', async (t) => {
  const lab = await labFor(t);
  const device = lab.exchange.lines[0]!.path;
  const holder = spawn('sleep', ['1000']);
  t.after(() => void holder.kill());
  const file = join(lab.folder, 'lock', `LCK..${lockNames(device)[0]}`);
  await writeFile(file, `${String(holder.pid).padStart(10)}\n`);
  await assert.rejects(lab.call({ numbers: ['1002'] }, { lock_wait_seconds: 0 }), {
    code: 'LINE_LOCKED',
    message: `the line is locked by ${holder.pid} sleep 1000`,
  });
  await rm(file);
  await assert.rejects(lab.call({ numbers: ['1002'] }, { device: '/nowhere/modem' }), { code: 'LINE_MISSING' });
  assert.deepEqual(await readdir(join(lab.folder, 'lock')), []);
});

test('busy numbers are tried one after the other, and not for ever', async (t) => {
  const lab = await labFor(t, 3);
  const other = await openModem(lab.exchange.lines[2]!.path, { ...DEFAULT_STRINGS, ...QUICK });
  await other.init();
  // Line 3 is in a call with line 2.
  const [, talk] = await Promise.all([other.dial('1002', TIMEOUT), answered(lab.host)]);
  await assert.rejects(lab.call({ numbers: ['1002', '1003'], redials: 2 }), {
    code: 'DIAL_BUSY',
    message: '1002: busy, after 3 tries',
  });
  assert.deepEqual(
    lab.progress.filter((text) => text.startsWith('dialling')),
    ['dialling 1002', 'dialling 1003', 'dialling 1002'],
  );
  await other.close();
  await talk.ended();
});

test('S0 is 000 after every way a call can end: a time-out, a lost line, a call back that never comes, Ctrl-C', async (t) => {
  const lab = await labFor(t);
  const modem: ModemInput = { dial: 'ATS0=1DT' };
  const ways: [AccountInput, string, (talk: Talk) => Promise<void>][] = [
    [{ script: ['Timeout 0', 'Expect never'] }, 'DIAL_SCRIPT_TIMEOUT', (talk) => talk.ended()],
    [{ script: ['Expect bye'], callback_seconds: 1 }, 'DIAL_NO_CALLBACK', () => lab.host.hangUp()],
    [{ script: ['Prompt Where?'] }, 'DIAL_PROMPT', (talk) => talk.ended()],
    [{ script: [], pppd_program: '/nowhere/pppd' }, 'DIAL_PPPD', (talk) => talk.ended()],
    [
      { script: ['Expect never'] },
      'DIAL_CANCELLED',
      async (talk) => {
        lab.cancel.abort();
        await talk.ended();
      },
    ],
  ];
  for (const [account, code, other] of ways) {
    const called = assert.rejects(lab.call({ numbers: ['1002'], ...account }, modem), { code });
    await answered(lab.host).then(other);
    await called;
    await lab.host.hangUp();
    assert.deepEqual(await lab.s0(), ['000'], code);
    assert.deepEqual(await readdir(join(lab.folder, 'dial/calls')), [], code);
  }
  // What makes the difference: closing the line, as KPPP does, leaves it as it was.
  const line = await openSerialLine(lab.exchange.lines[0]!.path, DEFAULT_STRINGS);
  const ok = new Promise<void>((resolve) => line.listen((bytes) => bytes.includes('OK') && resolve()));
  line.write(Buffer.from('ATS0=1\r'));
  await ok;
  await line.close();
  assert.deepEqual(await lab.s0(), ['001']);
});
