// peers: python3
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openModem } from '../modem/modem.ts';
import { DEFAULT_STRINGS } from '../modem/strings.ts';
import type { Call, DialResult, ModemStrings } from '../modem/types.ts';
import { startExchange } from './exchange.ts';

const SECOND = 40;
const STRINGS: ModemStrings = { ...DEFAULT_STRINGS, preInitDelayMs: 1, initDelayMs: 1, escapeGuardMs: SECOND * 1.5 };
const TIMEOUT = { timeoutMs: 20_000 };

async function exchangeFor(t: TestContext, lines: number) {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-exchange-'));
  const exchange = await startExchange({ directory, lines, secondMs: SECOND });
  const modems = await Promise.all(exchange.lines.map(({ path }) => openModem(path, STRINGS)));
  t.after(async () => {
    await Promise.all(modems.map((modem) => modem.close()));
    await exchange.close();
    await rm(directory, { recursive: true });
  });
  await Promise.all(modems.map((modem) => modem.init()));
  return { exchange, modems };
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
  const [a, b] = modems as [(typeof modems)[0], (typeof modems)[0]];
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
