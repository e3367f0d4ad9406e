// peers: python3
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { AccountBook, type AccountInput, type ModemInput } from '../account/book.ts';
import { type Exchange, startExchange } from '../exchange/exchange.ts';
import { openSerialLine } from '../line/serial.ts';
import { openModem } from '../modem/modem.ts';
import { DEFAULT_STRINGS } from '../modem/strings.ts';
import type { Call, Modem } from '../modem/types.ts';
import { type CallWorld, makeCall } from './call.ts';
import { planCall } from './plan.ts';

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
  s0(): Promise<readonly string[]>;
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
    systemDirectory: join(folder, 'etc'),
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
    async s0() {
      const modem = await openModem(exchange.lines[0]!.path, { ...DEFAULT_STRINGS, ...QUICK });
      const { lines } = await modem.command('ATS0?');
      await modem.close();
      return lines;
    },
  };
}

/** In pppd's place: says what it was given, hears a line, ends as it is told. */
const STAND_IN = `#!/bin/sh
stty raw -echo
printf 'tty:%s args:%s\\r' "$(ps -o tty= -p $$)" "$*"
read -r word <&0 || exit 16
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
  const [log] = await readdir(join(lab.folder, 'dial/log'));
  const lines = (await readFile(join(lab.folder, 'dial/log', log!), 'utf8')).trim().split('\n');
  assert.equal(lines.length, 2);
  for (const line of lines) assert.match(line, /^\d{10}:office::\d{10}:0\.0000e\+00:0\.0000e\+00:0:0$/);
});

async function endPppd(talk: Talk): Promise<string> {
  const said = await talk.expect('\r');
  talk.say('16\n');
  return said;
}

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
