import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { memoryExchange } from '../exchange/lab.ts';
import type { Line } from '../line/types.ts';
import { type ModemOptions, openModem } from './modem.ts';
import { DEFAULT_STRINGS } from './strings.ts';
import type { Call, DialResult, Modem, ModemStrings } from './types.ts';

const SECOND = 20;
const STRINGS: ModemStrings = { ...DEFAULT_STRINGS, preInitDelayMs: 1, initDelayMs: 1, escapeGuardMs: SECOND * 1.5 };
const TIMES = { commandMs: 1500, carrierPollMs: 5, lossQuietMs: 40, dtrMs: 1, reopenMs: 1000 };
const LONG = { timeoutMs: 30_000 };

function labFor(t: TestContext, lines: number) {
  const bank = memoryExchange(lines, { secondMs: SECOND });
  t.after(() => bank.close());
  const open = (line: number, strings: Partial<ModemStrings> = {}, options: ModemOptions = {}) =>
    openModem(`modem${line}`, { ...STRINGS, ...strings }, { openLine: bank.openLine, times: TIMES, ...options });
  return { ...bank, bank, open };
}

function callOf(result: DialResult): Call {
  assert.equal(result.kind, 'connected');
  return (result as { call: Call }).call;
}

/** Everything this call hears, as it grows. */
function listenTo(call: Call) {
  const heard = { text: '' };
  call.listen((bytes) => {
    heard.text += bytes.toString('latin1');
  });
  return heard;
}

async function until(what: () => boolean): Promise<void> {
  const end = performance.now() + 30_000;
  while (!what()) {
    assert.ok(performance.now() < end, `in vain: ${what}`);
    await delay(2);
  }
}

async function connect(caller: Modem, callee: Modem, number: string): Promise<[Call, Call]> {
  const dialled = caller.dial(number, LONG);
  assert.ok(await callee.waitForRing(LONG));
  const [there, here] = await Promise.all([dialled, callee.answer(LONG)]);
  return [callOf(there), callOf(here)];
}

/** A line on which a modem answers as `reply` says. */
function scripted(reply: (written: string) => string): Line {
  let onBytes: ((bytes: Buffer) => void) | undefined;
  return {
    path: 'scripted',
    write(bytes) {
      const text = reply(Buffer.from(bytes).toString('latin1'));
      setImmediate(() => onBytes?.(Buffer.from(text, 'latin1')));
    },
    listen(listener) {
      onBytes = listener;
    },
    onGone() {},
    carrier: async () => undefined,
    dropDtr: async () => {},
    close: async () => {},
  };
}

test('what a call can come to', async (t) => {
  const { bank, open } = labFor(t, 2);
  const modem = await open(1);
  await modem.init();
  await modem.command('ATS7=3');
  assert.deepEqual(await modem.dial('1002', LONG), { kind: 'no answer' });
  bank.exchange.hook(bank.modems[1]!.subscriber, 'telephone', true);
  assert.deepEqual(await modem.dial('1002', LONG), { kind: 'busy' });
  bank.modems[0]!.subscriber.dead = true;
  assert.deepEqual(await modem.dial('1002', LONG), { kind: 'no dialtone' });
  bank.modems[0]!.subscriber.dead = false;
  assert.deepEqual(await modem.dial('555', LONG), { kind: 'no carrier' });
  assert.deepEqual(await modem.dial('!bad number?', LONG), { kind: 'error' });
  await modem.command('ATS7=255');
  assert.deepEqual(await modem.dial('555', { timeoutMs: 30 }), { kind: 'timed out' });
  const signal = AbortSignal.timeout(30);
  assert.deepEqual(await modem.dial('555', { ...LONG, signal }), { kind: 'cancelled' });
  assert.equal(await modem.waitForRing({ timeoutMs: 10 }), undefined);
  assert.equal((await modem.command('AT')).result, 'OK');
  await modem.close();
});

test('a line that rings is not dialled out on: glare', async (t) => {
  const { open } = labFor(t, 2);
  const [a, b] = [await open(1), await open(2)];
  const caller = b.dial('1001', LONG);
  await a.waitForRing(LONG);
  assert.deepEqual(await a.dial('1002', LONG), { kind: 'glare' });
  callOf(await a.answer(LONG));
  callOf(await caller);
  await Promise.all([a.close(), b.close()]);
});

test('NO CARRIER of the host is text; of the modem it is the end, and no text', async (t) => {
  const { open, exchange, modems } = labFor(t, 2);
  const [a, b] = [await open(1), await open(2)];
  const [there, here] = await connect(a, b, '1002');
  const heard = listenTo(there);
  here.write(Buffer.from('it said NO CARRIER\r\n'));
  here.write(Buffer.from('\r\nNO CARRIER\r\nand more\r\n'));
  await until(() => heard.text.endsWith('and more\r\n'));
  assert.equal(there.ended.aborted, false);
  here.write(Buffer.from('last'));
  await until(() => heard.text.endsWith('last'));
  exchange.cut(modems[0]!.subscriber);
  await until(() => there.ended.aborted && here.ended.aborted === false);
  assert.equal(heard.text, 'it said NO CARRIER\r\n\r\nNO CARRIER\r\nand more\r\nlast');
  await Promise.all([a.close(), b.close()]);
});

test('where the carrier line shows, it alone decides', async (t) => {
  const { bank, open, exchange, modems } = labFor(t, 2);
  bank.carrierShown = true;
  const [a, b] = [await open(1), await open(2)];
  const [there, here] = await connect(a, b, '1002');
  const heard = listenTo(there);
  here.write(Buffer.from('\r\nNO CARRIER\r\n'));
  await until(() => heard.text === '\r\nNO CARRIER\r\n');
  assert.equal(there.ended.aborted, false);
  // Nobody listens on this end.
  exchange.cut(modems[0]!.subscriber);
  await until(() => here.ended.aborted && there.ended.aborted);
  await Promise.all([a.close(), b.close()]);
});

test('a line that is hung up ends the call, is opened again, and the modem is put back', async (t) => {
  const { open, hangUpLine, modems } = labFor(t, 2);
  const [a, b] = [await open(1, { dial: 'AT&C0S0=1DT' }), await open(2)];
  const [there] = await connect(a, b, '1002');
  hangUpLine('modem1');
  assert.equal(there.ended.aborted, true);
  await a.close();
  await b.close();
  const probe = await open(1);
  assert.deepEqual((await probe.command('ATS0?')).lines, ['000']);
  assert.match((await probe.command('AT&V')).lines.join(), /&C1/);
  await probe.close();
  assert.equal(modems[0]!.state, 'command');
});

test('whoever calls back at once does not keep the loss from being noticed: a telephone rings only where nobody speaks', async (t) => {
  const { open } = labFor(t, 2);
  const modem = await open(1, {}, { times: { ...TIMES, lossQuietMs: 60_000 } });
  const peer = await open(2);
  const [there] = await connect(modem, peer, '1002');
  const heard = listenTo(there);
  await peer.hangUp();
  const back = peer.dial('1001', LONG);
  await until(() => there.ended.aborted);
  assert.doesNotMatch(heard.text, /CARRIER|RING/);
  await modem.hangUp();
  assert.ok(await modem.waitForRing(LONG));
  const [again] = await Promise.all([modem.answer(LONG), back]);
  callOf(again);
  await Promise.all([modem.close(), peer.close()]);
});

test('who is hung up on is off the line by DTR alone, without waiting for guard times', async (t) => {
  const { open } = labFor(t, 2);
  const modem = await open(1, { init: ['AT&D2'], escapeGuardMs: 600_000 });
  await modem.init();
  const peer = await open(2);
  const [, here] = await connect(modem, peer, '1002');
  const heard = listenTo(here);
  await modem.hangUp();
  await until(() => here.ended.aborted);
  assert.equal(heard.text, '');
  assert.equal((await modem.command('AT')).result, 'OK');
  await Promise.all([modem.close(), peer.close()]);
});

test('without escape sequence, what a program writes is no command; S2 is put back', async (t) => {
  const { open } = labFor(t, 2);
  const peer = await open(2);
  for (const withoutEscape of [false, true]) {
    const modem = await open(1, { init: ['ATZ', 'AT&D2S2=64'] }, { withoutEscape });
    await modem.init();
    const [there, here] = await connect(modem, peer, '1002');
    const heard = { here: listenTo(here), there: listenTo(there) };
    await delay(3 * SECOND);
    there.write(Buffer.from('@@@'));
    await until(() => heard.here.text === '@@@');
    await delay(3 * SECOND);
    there.write(Buffer.from('ATI0\r'));
    // One of the two says it.
    await until(() => (withoutEscape ? heard.here.text.endsWith('ATI0\r') : heard.there.text.includes('960')));
    assert.equal(heard.there.text.includes('960'), !withoutEscape);
    await modem.hangUp();
    await until(() => here.ended.aborted);
    await peer.hangUp();
    await modem.close();
    const probe = await open(1);
    assert.deepEqual((await probe.command('ATS2?')).lines, ['064']);
    await probe.close();
  }
});

test('S0 reads 000 after every way a call with S0=1 can end', async (t) => {
  const ends: Readonly<Record<string, (modem: Modem, peer: Modem) => Promise<void>>> = {
    async normally(modem, peer) {
      await connect(modem, peer, '1002');
    },
    async cancelled(modem) {
      assert.deepEqual(await modem.dial('555', { ...LONG, signal: AbortSignal.timeout(20) }), { kind: 'cancelled' });
    },
    async 'timed out'(modem) {
      assert.deepEqual(await modem.dial('555', { timeoutMs: 20 }), { kind: 'timed out' });
    },
    async 'lost, then answered by itself'(modem, peer) {
      const [there] = await connect(modem, peer, '1002');
      listenTo(there);
      await peer.hangUp();
      await until(() => there.ended.aborted);
      await modem.hangUp();
      const back = peer.dial('1001', LONG);
      const second = callOf(await modem.waitForConnect(LONG));
      const heard = listenTo(second);
      callOf(await back).write(Buffer.from('login: '));
      await until(() => heard.text === 'login: ');
    },
    async 'answered with nobody waiting'(modem, peer) {
      const [there] = await connect(modem, peer, '1002');
      listenTo(there);
      await peer.hangUp();
      await until(() => there.ended.aborted);
      await modem.hangUp();
      callOf(await peer.dial('1001', LONG));
    },
  };
  for (const [how, end] of Object.entries(ends)) {
    const { open } = labFor(t, 2);
    const modem = await open(1, { dial: 'AT&C0S0=1DT' });
    const peer = await open(2);
    await end(modem, peer);
    await modem.close();
    await peer.close();
    const probe = await open(1);
    assert.deepEqual((await probe.command('ATS0?')).lines, ['000'], how);
    assert.match((await probe.command('AT&V')).lines.join(), /&C1/, how);
    await probe.close();
  }
});

test('a modem that gives no answer, or another: which command, and what came back in printable form', async () => {
  const times = { ...TIMES, commandMs: 30 };
  const with_ = (reply: (written: string) => string) =>
    openModem('scripted', { ...STRINGS, preInitDelayMs: 0 }, { times, openLine: async () => scripted(reply) });
  const silent = await with_(() => '');
  await assert.rejects(silent.init(), { code: 'MODEM_SILENT', message: /did not answer to ATZ; it sent: nothing$/ });
  await assert.rejects(silent.close(), { code: 'MODEM_RESTORE' });
  const garbage = await with_((written) => `${written}\xff\x00\x1b[K`);
  await assert.rejects(garbage.init(), { message: /to ATZ; it sent: ATZ\\r\\xff\\x00\\x1b\[K$/ });
  const refuses = await with_((written) => `${written}\r\nERROR\r\n`);
  await assert.rejects(refuses.init(), { message: /answered ERROR to ATZ/ });
  const stubborn = await with_((written) => (written.includes('?') ? '\r\n001\r\n\r\nOK\r\n' : '\r\nOK\r\n'));
  await stubborn.init();
  await assert.rejects(stubborn.close(), { code: 'MODEM_RESTORE', message: /ATS0\? 001/ });
});

test('results in any pieces, with echo and a greeting in the same breath', async () => {
  const greeting = 'ATDT1\r\r\nCONNECT 9600/ARQ\r\n\nlogin: ';
  for (let cut = 1; cut < greeting.length; cut += 1) {
    const line = scripted(() => '');
    const end: { hear: ((bytes: Buffer) => void) | undefined } = { hear: undefined };
    line.listen = (listener) => {
      end.hear = listener;
    };
    const modem = await openModem('scripted', STRINGS, { times: TIMES, openLine: async () => line });
    const dialled = modem.dial('1', LONG);
    await delay(0);
    end.hear!(Buffer.from(greeting.slice(0, cut)));
    // Nobody listens once CONNECT was there: what comes later waits for the one who does.
    const late = end.hear;
    late?.(Buffer.from(greeting.slice(cut)));
    const call = callOf(await dialled);
    assert.equal(call.speed, 9600);
    const heard = listenTo(call);
    if (late === undefined) end.hear!(Buffer.from(greeting.slice(cut)));
    assert.equal(heard.text, '\nlogin: ', `cut at ${cut}`);
  }
});

test('an OK that comes late is no answer to a call that is taken or made', async () => {
  for (const [command, result] of [
    ['ATA', 'CONNECT 57600'],
    ['ATDT1', 'BUSY'],
  ] as const) {
    const line = scripted((written) => (written.startsWith(command) ? `\r\nOK\r\n\r\n${result}\r\n` : ''));
    const modem = await openModem('scripted', STRINGS, { times: TIMES, openLine: async () => line });
    const { kind } = command === 'ATA' ? await modem.answer(LONG) : await modem.dial('1', LONG);
    assert.equal(kind, command === 'ATA' ? 'connected' : 'busy');
  }
});
