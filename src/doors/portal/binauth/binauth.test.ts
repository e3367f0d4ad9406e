import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProgramResult, ProgramRun } from '../../../platform/helper/types.ts';
import { silentLog } from '../../../platform/log.ts';
import { readAnswer } from './answer.ts';
import { createBinAuth } from './binauth.ts';
import { noticeArguments, questionArguments } from './question.ts';

const ended = (stdout: string, changes: Partial<ProgramResult> = {}): ProgramResult => ({
  exitCode: 0,
  signal: null,
  timedOut: false,
  stderr: Buffer.alloc(0),
  stdout: Buffer.from(stdout),
  ...changes,
});
const yes = (seconds: number, sent = 0, received = 0, rate = { sent: 0, received: 0 }) => ({
  ...{ is: 'yes', seconds, most: { sent, received }, rate },
});

for (const [printed, expected] of [
  ['600 0 0\n', yes(600)],
  ['  600\t100  200 and more\nsecond line', yes(600, 100, 200)],
  ['600 100 200 x 5', yes(600, 100, 200)],
  ['600 64 512 100 200 more', yes(600, 100_000, 200_000, { sent: 8_000, received: 64_000 })],
  ['600 64 512 100 -1', 'no'],
  ['0 0 0', yes(0)],
  ['600 100', yes(600, 100)],
  ['600', yes(600)],
  ['', 'no'],
  ['\n600 0 0', 'no'],
  ['hello', 'no'],
  ['warning\n600 0 0', 'no'],
  ['5.5 0 0', 'no'],
  ['-5 0 0', 'no'],
  ['600 -1 0', 'no'],
  ['600 x 0', 'no'],
  ['99999999999 0 0', 'no'],
  ['+600', 'no'],
  ['0x10', 'no'],
] as const) {
  test(`a program prints ${JSON.stringify(printed)}`, () => {
    const answer = readAnswer(ended(printed));
    if (expected === 'no') assert.equal(answer.is, 'no');
    else assert.deepEqual(answer, expected);
  });
}

test('how a program ends counts before what it prints', () => {
  for (const bad of [{ exitCode: 1 }, { exitCode: null, signal: 'SIGKILL' }, { timedOut: true }] as const)
    assert.equal(readAnswer(ended('600 0 0', bad)).is, 'no');
});

const question = { mac: 'm', user: '', password: '', redir: '', userAgent: '', address: 'a' };

test('the arguments of a question and of a notice', () => {
  const full = { ...question, user: 'Z a/ž', password: 'a-_.~&', redir: 'http://h/?a=b', userAgent: 'x\n' };
  const words = ['auth_client', 'm', 'Z%20a%2f%c5%be', 'a-_.~%26', 'http%3a%2f%2fh%2f%3fa%3db', 'x%0a', 'a'];
  assert.deepEqual(questionArguments(full), words);
  assert.deepEqual(questionArguments(question), ['auth_client', 'm', 'na', 'na', '', '', 'a']);
  const notice = {
    event: 'idle_deauth',
    mac: 'm',
    bytes: { sent: 5, received: 70 },
    started: 1_700_000_000_999,
    ends: 0,
  };
  assert.deepEqual(noticeArguments(notice), ['idle_deauth', 'm', '70', '5', '1700000000', '0']);
});

function lab() {
  const runs: ProgramRun[] = [];
  const finish: ((result: ProgramResult) => void)[] = [];
  const run = (request: ProgramRun) => {
    runs.push(request);
    return new Promise<ProgramResult>((resolve) => finish.push(resolve));
  };
  const turn = () => new Promise(setImmediate);
  const clock = { now: 0 };
  return { binauth: createBinAuth(['/p'], { run }, silentLog, () => clock.now), runs, finish, turn, clock };
}

test('questions run side by side up to a number, and too many are refused at once', async () => {
  const { binauth, runs, finish } = lab();
  const asked = Array.from({ length: 24 + 1_000 }, () => binauth.ask(question));
  await assert.rejects(binauth.ask(question), { code: 'PORTAL_PROGRAM' });
  assert.equal(runs.length, 24);
  for (let i = 0; i < asked.length; i++) {
    finish[i]!(ended('5'));
    assert.deepEqual(await asked[i], yes(5));
    await new Promise(setImmediate);
  }
  assert.equal(runs.length, asked.length);
});

test('who has waited for too long is refused, and the program not run for it', async () => {
  const { binauth, runs, finish, clock } = lab();
  const asked = Array.from({ length: 24 + 2 }, () => binauth.ask(question));
  clock.now = 30_001;
  const late = asked.slice(24).map((one) => assert.rejects(one, { code: 'PORTAL_PROGRAM' }));
  finish[0]!(ended('5'));
  await Promise.all(late);
  assert.equal(runs.length, 24);
});

test('notices of one client keep their order, those of others do not wait; settle waits for all, for a while', async () => {
  const { binauth, runs, finish, turn } = lab();
  const tell = (mac: string, event: string) =>
    binauth.tell({ event, mac, bytes: { sent: 0, received: 0 }, started: 0, ends: 0 });
  tell('a', 'one');
  tell('a', 'two');
  tell('b', 'one');
  await turn();
  assert.deepEqual(
    runs.map(({ args }) => args.slice(0, 2)),
    [
      ['one', 'a'],
      ['one', 'b'],
    ],
  );
  await binauth.settle(1);
  finish[0]!(ended(''));
  finish[1]!(ended(''));
  await turn();
  assert.deepEqual(runs[2]?.args.slice(0, 2), ['two', 'a']);
  const settled = binauth.settle(60_000);
  finish[2]!(ended(''));
  await settled;
});

test('what was written stands in the environment, save what none can hold, and nothing of ours beside it', async () => {
  const { binauth, runs } = lab();
  void binauth.ask({ ...question, user: '$(id)', password: 'a\0b' });
  const { env } = runs[0]!;
  assert.equal(env.GATEHOUSE_USERNAME, '$(id)');
  assert.deepEqual(
    Object.keys(env).filter((name) => !['TZ', 'LANG'].includes(name)),
    ['PATH', 'GATEHOUSE_USERNAME', 'GATEHOUSE_REDIR', 'GATEHOUSE_USER_AGENT'],
  );
});
