import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Switch, type SwitchOptions } from './switch.ts';
import { VirtualModem } from './virtual-modem.ts';

const SECOND = 30;

/** Modems 1001 and so on, each with a program that types and sees what comes. */
function bank(t: TestContext, lines: number, options: Partial<SwitchOptions> = {}) {
  const exchange = new Switch({ secondMs: SECOND, releaseMs: 0, ringMs: SECOND, random: Math.random, ...options });
  const all = Array.from({ length: lines }, (_, index) => {
    let seen = '';
    let carrier = false;
    const cable = {
      send(bytes: Uint8Array) {
        seen += Buffer.from(bytes).toString('latin1');
      },
      clearToSend() {},
      carrier(up: boolean, text: Uint8Array = new Uint8Array(0)) {
        carrier = up;
        cable.send(text);
      },
    };
    const modem = new VirtualModem(String(1001 + index), exchange, cable, { secondMs: SECOND, speed: 57_600 });
    t.after(() => modem.close());
    modem.setDtr(true);
    const type = (text: string) => modem.fromProgram(Buffer.from(text, 'latin1'));
    return {
      modem,
      line: modem.subscriber,
      type,
      /** What came since the last look, when it holds `text`. */
      async sees(text: string): Promise<string> {
        const end = performance.now() + 30_000;
        while (!seen.includes(text)) {
          assert.ok(performance.now() < end, `no ${JSON.stringify(text)} in ${JSON.stringify(seen)}`);
          await delay(2);
        }
        const all = seen;
        seen = '';
        return all;
      },
      /** What a command gives at once. */
      asks(text: string): string {
        seen = '';
        type(`${text}\r`);
        const given = seen;
        seen = '';
        return given;
      },
      get carrier() {
        return carrier;
      },
    };
  });
  t.after(() => exchange.close());
  return { exchange, all, a: all[0]!, b: all[1]!, c: all[2]! };
}

type Bank = ReturnType<typeof bank>;

async function connect({ a, b }: Bank): Promise<void> {
  a.type('ATD1002\r');
  await b.sees('RING');
  b.type('ATA\r');
  await Promise.all([a.sees('CONNECT'), b.sees('CONNECT')]);
}

test('echo, words and numbers, quiet, errors, repeats and corrections', (t) => {
  const { a } = bank(t, 1);
  assert.equal(a.asks('AT'), 'AT\r\r\nOK\r\n');
  assert.equal(a.asks('ate0'), 'ate0\r\r\nOK\r\n');
  assert.equal(a.asks('AT+FCLASS=0'), '\r\nERROR\r\n');
  assert.equal(a.asks('AT V0'), '0\r');
  assert.equal(a.asks('ATY9'), '4\r');
  assert.equal(a.asks('ATS7?'), '050\r\n0\r');
  assert.equal(a.asks('ATV1S7=30S7?'), '\r\n030\r\n\r\nOK\r\n');
  assert.equal(a.asks('A/'), '\r\n030\r\n\r\nOK\r\n');
  assert.equal(a.asks('junk +++ATS0=1\b2S0?'), '\r\n002\r\n\r\nOK\r\n');
  assert.equal(a.asks('ATQ1'), '');
  assert.equal(a.asks('ATQ0'), '\r\nOK\r\n');
  assert.equal(a.asks(`AT${'M1'.repeat(200)}`), '\r\nERROR\r\n');
  assert.equal(a.asks('ATS99=1'), '\r\nERROR\r\n');
  assert.equal(a.asks('ATS0=256'), '\r\nERROR\r\n');
});

test('Z brings back what &W stored, &F what the factory set', (t) => {
  const { a } = bank(t, 1);
  a.asks('ATE0S0=3&W');
  a.asks('ATS0=5');
  assert.equal(a.asks('ATZS0?'), '\r\n003\r\n\r\nOK\r\n');
  a.asks('AT&FE0');
  assert.equal(a.asks('ATS0?'), '\r\n000\r\n\r\nOK\r\n');
});

test('what each X level says of a busy line, no answer, no dial tone, nobody there', async (t) => {
  const { exchange, a, b, c } = bank(t, 3);
  a.asks('ATE0S7=3');
  for (const [level, busy, unanswered, cut] of [
    [0, 'NO CARRIER', 'NO CARRIER', 'NO CARRIER'],
    [2, 'NO CARRIER', 'NO CARRIER', 'NO DIALTONE'],
    [3, 'BUSY', 'NO ANSWER', 'NO CARRIER'],
    [4, 'BUSY', 'NO ANSWER', 'NO DIALTONE'],
  ] as const) {
    a.asks(`ATX${level}`);
    exchange.hook(b.line, 'telephone', true);
    a.type('ATDT1002\r');
    assert.equal(await a.sees('\r\n'), `\r\n${busy}\r\n`);
    exchange.hook(b.line, 'telephone', false);
    a.type('ATDT1003\r');
    assert.equal(await a.sees('\r\n'), `\r\n${unanswered}\r\n`);
    assert.match(await c.sees('RING'), /NMBR = 1001/);
    a.type('ATDT555\r');
    assert.equal(await a.sees('\r\n'), '\r\nNO CARRIER\r\n');
    a.line.dead = true;
    a.type('ATDT1002\r');
    assert.equal(await a.sees('\r\n'), `\r\n${cut}\r\n`);
    a.line.dead = false;
  }
});

test('CONNECT with its speed and number; a key while it dials gives up', async (t) => {
  const both = bank(t, 2);
  const { a, b } = both;
  a.asks('ATE0V0');
  a.type('ATD1002\r\n');
  await b.sees('RING');
  b.asks('ATE0X0');
  b.type('ATA\r');
  assert.equal(await a.sees('\r'), '18\r');
  assert.equal(await b.sees('CONNECT\r\n'), '\r\nCONNECT\r\n');
  a.modem.setDtr(false);
  assert.equal(await b.sees('NO CARRIER'), '\r\nNO CARRIER\r\n');
  a.modem.setDtr(true);
  a.asks('ATV1');
  a.type('ATD1002\r');
  await b.sees('RING');
  a.type(' ');
  assert.match(await a.sees('\r\n'), /NO CARRIER/);
  assert.equal(b.modem.state, 'command');
});

test('+++ needs silence before and after; O goes back, H ends the call', async (t) => {
  const both = bank(t, 2);
  const { a, b } = both;
  await connect(both);
  a.type('x+++');
  a.type('ATH\r');
  assert.equal(await b.sees('ATH'), 'x+++ATH\r');
  await delay(SECOND * 1.5);
  a.type('+');
  a.type('++');
  await a.sees('OK');
  assert.equal(a.carrier, true);
  a.type('ATO\r');
  await a.sees('CONNECT 57600');
  a.type('again');
  await b.sees('again');
  await delay(SECOND * 1.5);
  a.type('+++');
  await a.sees('OK');
  assert.match(a.asks('ATH'), /OK/);
  await b.sees('NO CARRIER');
  assert.deepEqual([a.carrier, b.carrier], [false, false]);
});

test('DTR: ignored, escape, hang-up, hang-up and reset', async (t) => {
  const both = bank(t, 2);
  const { a, b } = both;
  a.asks('AT&W');
  for (const [level, state] of [
    [0, 'data'],
    [1, 'escaped'],
    [2, 'command'],
    [3, 'command'],
  ] as const) {
    a.asks(`ATS8=9&D${level}`);
    await connect(both);
    a.modem.setDtr(false);
    a.modem.setDtr(true);
    assert.equal(a.modem.state, state);
    assert.equal(b.modem.state, level < 2 ? 'data' : 'command');
    if (level < 2) both.exchange.cut(a.line);
    assert.match(a.asks('ATS8?'), level === 3 ? /002/ : /009/);
  }
});

test("the document's dial string: the modem answers by itself afterwards, until it is told not to", async (t) => {
  const both = bank(t, 2);
  const { a, b } = both;
  a.type('AT&C0S0=1DT1002\r');
  await b.sees('RING');
  b.type('ATA\r');
  await a.sees('CONNECT');
  await b.sees('CONNECT');
  b.modem.setDtr(false);
  b.modem.setDtr(true);
  await a.sees('NO CARRIER');
  assert.equal(a.carrier, true);
  b.type('ATD1001\r');
  await Promise.all([a.sees('CONNECT'), b.sees('CONNECT')]);
  b.modem.setDtr(false);
  b.modem.setDtr(true);
  a.asks('ATS0=0&C1');
  b.type('ATD1001\r');
  await a.sees('RING');
  assert.equal(a.modem.state, 'ringing');
});

test('a caller who keeps the line: no dial tone for who asks for it, the same caller for who dials blindly', async (t) => {
  const both = bank(t, 2, { releaseMs: Number.POSITIVE_INFINITY });
  const { exchange, a, b } = both;
  await connect(both);
  exchange.hook(a.line, 'telephone', true);
  b.modem.setDtr(false);
  b.modem.setDtr(true);
  await a.sees('NO CARRIER');
  b.type('ATX4DT1003\r');
  await b.sees('NO DIALTONE');
  a.type('ATA\r');
  b.type('ATX3DT1003\r');
  await Promise.all([a.sees('CONNECT'), b.sees('CONNECT')]);
  exchange.hook(a.line, 'telephone', false);
});

test('noise spoils bytes on their way, both ways', async (t) => {
  const both = bank(t, 2, { random: () => 0 });
  const { a, b } = both;
  await connect(both);
  a.line.noise = 1000;
  a.type('hello');
  await b.sees('\0\0\0\0\0');
  b.type('hello');
  await a.sees('\0\0\0\0\0');
});
