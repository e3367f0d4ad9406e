// peers: python3
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openModem } from '../modem/modem.ts';
import { DEFAULT_STRINGS } from '../modem/strings.ts';
import type { Call, DialResult, Modem, ModemStrings } from '../modem/types.ts';
import { startExchange } from './exchange.ts';

const SECOND = 40;
const STRINGS: ModemStrings = { ...DEFAULT_STRINGS, preInitDelayMs: 1, initDelayMs: 1, escapeGuardMs: SECOND * 1.5 };
const TIMEOUT = { timeoutMs: 20_000 };

/** `opened`: so many of them with a modem driver on them. */
async function exchangeFor(t: TestContext, lines: number, opened = lines) {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-exchange-'));
  const exchange = await startExchange({ directory, lines, secondMs: SECOND });
  const modems = await Promise.all(exchange.lines.slice(0, opened).map(({ path }) => openModem(path, STRINGS)));
  t.after(async () => {
    const closings = await Promise.allSettled(modems.map((modem) => modem.close()));
    await exchange.close();
    for (const closing of closings) assert.equal(closing.status, 'fulfilled');
    await rm(directory, { recursive: true, force: true });
  });
  await Promise.all(modems.map((modem) => modem.init()));
  return { exchange, modems, directory };
}

function callOf(result: DialResult): Call {
  assert.equal(result.kind, 'connected');
  return (result as { call: Call }).call;
}

function heard(call: Call, text: string): Promise<void> {
  let all = '';
  return new Promise((resolve) => {
    call.listen((bytes) => {
      all += bytes.toString('latin1');
      if (all.includes(text)) resolve();
    });
  });
}

async function ended({ ended }: Call): Promise<void> {
  if (!ended.aborted) await new Promise((resolve) => ended.addEventListener('abort', resolve));
}

test('one modem calls the other: ring with caller id, words both ways, hang-up, and back the other way', async (t) => {
  const { modems } = await exchangeFor(t, 2);
  const [a, b] = modems as [Modem, Modem];
  for (const [caller, callee, number, from] of [
    [a, b, '1002', '1001'],
    [b, a, '1001', '1002'],
  ] as const) {
    const dialled = caller.dial(number, TIMEOUT);
    assert.deepEqual(await callee.waitForRing({ ...TIMEOUT, rings: 2 }), { callerId: from });
    const [there, here] = (await Promise.all([dialled, callee.answer(TIMEOUT)])).map(callOf) as [Call, Call];
    assert.deepEqual([there.speed, here.speed], [57_600, 57_600]);
    const greeted = heard(there, 'login: ');
    here.write(Buffer.from('login: '));
    await greeted;
    const answered = heard(here, 'userxyz\r');
    there.write(Buffer.from('userxyz\r'));
    await answered;
    await caller.hangUp();
    await ended(here);
    await callee.hangUp();
  }
  assert.deepEqual((await a.command('ATS0?')).lines, ['000']);
});

test('a program that wants the carrier is hung up with it: its terminal is gone, and a new one stands in its place', async (t) => {
  const { exchange, modems, directory } = await exchangeFor(t, 2, 1);
  const [a] = modems as [Modem];
  const other = exchange.lines[1]!;
  const before = readlinkSync(other.path);
  const script = `exec 3<>${other.path}; stty raw -echo -clocal <&3; printf 'ATE0S0=1\\r' >&3; cat <&3`;
  const program = spawn('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  t.after(() => void program.kill('SIGKILL'));
  let seen = '';
  program.stdout.on('data', (bytes) => {
    seen += bytes;
  });
  await until(() => seen.includes('OK'));
  const call = callOf(await a.dial('1002', TIMEOUT));
  await until(() => seen.includes('CONNECT'));
  assert.deepEqual(readdirSync(directory).sort(), ['dcd.modem1', 'dcd.modem2', 'modem1', 'modem2']);
  const gone = once(program, 'close');
  await a.hangUp();
  assert.equal(call.ended.aborted, true);
  await gone;
  assert.doesNotMatch(seen, /NO CARRIER/);
  assert.notEqual(readlinkSync(other.path), before);
  assert.deepEqual(readdirSync(directory).sort(), ['modem1', 'modem2']);
  const next = await openModem(other.path, STRINGS);
  assert.equal((await next.command('AT')).result, 'OK');
  await next.close();
});

test('two hundred thousand bytes both ways at once arrives as it was, although one end reads late', async (t) => {
  const { modems } = await exchangeFor(t, 2);
  const [a, b] = modems as [Modem, Modem];
  const dialled = a.dial('1002', TIMEOUT);
  await b.waitForRing(TIMEOUT);
  const [there, here] = (await Promise.all([dialled, b.answer(TIMEOUT)])).map(callOf) as [Call, Call];
  const sent = randomBytes(200_000);
  there.write(sent);
  here.write(sent);
  const digests = await Promise.all([there, here].map((call) => received(call, sent.length)));
  assert.deepEqual(
    digests.map((all) => all.equals(sent)),
    [true, true],
  );
});

function received(call: Call, length: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let left = length;
  return new Promise((resolve) => {
    call.listen((bytes) => {
      parts.push(bytes);
      left -= bytes.length;
      if (left <= 0) resolve(Buffer.concat(parts));
    });
  });
}

async function until(what: () => boolean): Promise<void> {
  const end = performance.now() + 30_000;
  while (!what()) {
    assert.ok(performance.now() < end, `in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
