import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AskPolicy, Credential } from './credential.ts';
import { type FakeLeg, fakeLeg } from './fake-leg.ts';
import { parseScript } from './lines.ts';
import { type Question, runScript, type ScriptEnd, type ScriptOptions } from './run.ts';

interface Rig {
  readonly leg: FakeLeg;
  readonly asked: Question[];
  readonly shown: string[];
  readonly saved: string[];
  readonly cancel: AbortController;
  readonly end: Promise<ScriptEnd>;
}

interface RigOptions extends Partial<ScriptOptions> {
  readonly name?: string;
  readonly secret?: string;
  readonly policy?: AskPolicy;
  readonly answers?: string[];
}

function start(script: string, options: RigOptions = {}): Rig {
  const { name = 'userxyz', secret = 'geheim', policy = 'ask on retry', answers = [], ...more } = options;
  const { lines, problems } = parseScript(script.split('\n'), { file: 'test' });
  assert.deepEqual(
    problems.filter(({ severity }) => severity === 'error'),
    [],
  );
  const leg = fakeLeg();
  const asked: Question[] = [];
  const shown: string[] = [];
  const saved: string[] = [];
  const cancel = new AbortController();
  const end = runScript(leg, {
    lines,
    user: new Credential(name, policy),
    password: new Credential(secret, policy),
    lineEnd: '\r',
    sevenBit: true,
    timeoutMs: 60_000,
    promptMs: 60_000,
    signal: cancel.signal,
    hangUp: async () => leg.drop(),
    nextLeg: async () => undefined,
    ask: async (question) => {
      asked.push(question);
      return answers.shift();
    },
    save: (password) => saved.push(password),
    show: (what, text) => shown.push(`${what} ${text}`),
    ...more,
  });
  leg.watch(end);
  return { leg, asked, shown, saved, cancel, end };
}

test('Expect finds its text anywhere, in pieces, in what came before, and uses up what stands before it', async () => {
  const { leg, end } = start('Expect ogin:\nID\nExpect two\nExpect three\nSend ok');
  leg.say('Welcome\r\nLast lo', 'gin: never\r\nlo', 'gin: ');
  await leg.until('userxyz\r');
  leg.say('one two ');
  leg.say('three and the rest');
  assert.equal((await end).rest, ' and the rest');
  assert.equal(leg.heard, 'userxyz\rok\r');
});

test('an echo of what was sent can satisfy an Expect, case matters, the eighth bit does not', async () => {
  const first = start('Expect ogin:\nSend xyz\nExpect xyz\nSend done');
  first.leg.say(Buffer.from([...'login:'].map((char) => char.charCodeAt(0) | 0x80)));
  await first.leg.until('xyz\r');
  first.leg.say('XYZ xyz');
  await first.end;
  assert.equal(first.leg.heard, 'xyz\rdone\r');
  const eight = start('Expect für\nSend é', { sevenBit: false, lineEnd: '\r\n' });
  eight.leg.say(Buffer.from('fü'), Buffer.from('r'));
  await eight.end;
  assert.equal(eight.leg.heard, Buffer.from('é\r\n').toString('latin1'));
});

test('noise, and a host that never stops talking: the text is found, memory stays bounded', async () => {
  const { leg, end } = start('Expect ogin:\nSend x', { sevenBit: false });
  for (let i = 0; i < 50; i++) leg.say(Buffer.alloc(10_000, 0xfe));
  leg.say(Buffer.from([0, 255, 13]), 'login:');
  await end;
  assert.equal(leg.heard, 'x\r');
});

test('Expect gives up after the time of the command, and says what came last', async () => {
  const { leg, end } = start('Timeout 0\nExpect ogin:');
  leg.say('user\x1b[6nname:');
  await assert.rejects(end, {
    code: 'DIAL_SCRIPT_TIMEOUT',
    message: 'line 2: Expect ogin:: not within 0 s; the last that came is `user [6nname:`',
  });
  await assert.rejects(start('Scan x', { timeoutMs: 5 }).end, { code: 'DIAL_SCRIPT_TIMEOUT', message: /nothing came/ });
});

test('each command has its own time', async () => {
  const { leg, end } = start('Expect a\nExpect b\nExpect c', { timeoutMs: 30_000 });
  for (const text of ['a', 'b', 'c']) leg.say(text);
  await end;
});

test('Send and SendNoEcho put name and password in; nothing shown has the password', async () => {
  const { leg, end, shown } = start('Send %USERNAME% %PASSWORD%\nSendNoEcho %PASSWORD%\nExpect >');
  leg.say('you sent: geheim\r\n>');
  await end;
  assert.equal(leg.heard, 'userxyz geheim\rgeheim\r');
  assert.deepEqual(shown, [
    'command 1: Send %USERNAME% %PASSWORD%',
    'received you sent: ***\r\n>',
    'command 2: SendNoEcho ***',
    'command 3: Expect >',
  ]);
});

test('a password that stands in the script itself is not shown either', async () => {
  const { leg, end, shown } = start('Expect assword:\nSend topsecret\nExpect >');
  leg.say('Password:');
  await leg.until('topsecret\r');
  leg.say('topsecret\r\n>');
  await end;
  assert.doesNotMatch(shown.join('\n'), /topsecret/);
});

test('Pause waits, and can be broken off', async () => {
  await start('Pause 0').end;
  const { cancel, end } = start('Pause 3600');
  cancel.abort();
  await assert.rejects(end, { code: 'DIAL_CANCELLED', message: 'line 1: Pause 3600: broken off' });
});

test('ID and Password: stored values go out without a question, a retry on the same line asks', async () => {
  const { leg, asked, end } = start('ID\nPassword\nID Name?\nPassword', { answers: ['other', 'better'] });
  await end;
  assert.equal(leg.heard, 'userxyz\rgeheim\rother\rbetter\r');
  assert.deepEqual(asked, [
    { label: 'Name?', hidden: false },
    { label: 'Password:', hidden: true },
  ]);
});

test('ID and Password: nothing stored is asked for; `stored` never asks', async () => {
  const nothing = start('ID\nPassword', { name: '', secret: '', answers: ['me', 'mine'] });
  await nothing.end;
  assert.equal(nothing.leg.heard, 'me\rmine\r');
  const stored = start('ID\nID', { policy: 'stored' });
  await stored.end;
  assert.deepEqual([stored.leg.heard, stored.asked], ['userxyz\ruserxyz\r', []]);
});

test('Prompt takes what was scanned, PWPrompt hides; nobody there, nobody in time, the line gone meanwhile', async () => {
  const { leg, asked, end } = start('Scan challenge\nPrompt Reply to ## (##)\nPWPrompt ##', { answers: ['7', '8'] });
  leg.say('your chal', 'lenge  42 ');
  leg.say('\r\n');
  await end;
  assert.deepEqual(asked, [
    { label: 'Reply to 42 (##)', hidden: false },
    { label: '##', hidden: true },
  ]);
  await assert.rejects(start('Prompt Where?').end, { code: 'DIAL_PROMPT', message: /no terminal/ });
  const never = () => new Promise<string>(() => {});
  await assert.rejects(start('Prompt Where?', { ask: never, promptMs: 5 }).end, {
    code: 'DIAL_PROMPT',
    message: 'line 1: Prompt Where?: nobody answered within 0.005 s',
  });
  const gone = start('Prompt Where?', { ask: never });
  gone.leg.drop();
  await assert.rejects(gone.end, { code: 'DIAL_CARRIER_LOST' });
  const cancelled = start('Prompt Where?', { ask: never });
  cancelled.cancel.abort();
  await assert.rejects(cancelled.end, { code: 'DIAL_CANCELLED' });
});

test('Scan and Save: the password that a host gives out is the one that Password sends', async () => {
  const { leg, saved, shown, end } = start('Password\nScan is now\nSave password\nPassword\nExpect new\nSend x');
  leg.say('your password is now: ', 'new ');
  leg.say('one \n');
  await end;
  assert.deepEqual(saved, [': new one']);
  assert.equal(leg.heard, 'geheim\r: new one\rx\r');
  assert.match(shown.join('\n'), /received your password is now\*\*\*/);
  assert.doesNotMatch(shown.join('\n'), /new one/);
});

test('a second Scan reads on where the first one ended', async () => {
  const { leg, asked, end } = start('Scan code\nPrompt ##\nScan code\nPrompt ##', { answers: ['', ''] });
  leg.say('code 1\r\ncode 2\r\n');
  await end;
  assert.deepEqual(
    asked.map(({ label }) => label),
    ['1', '2'],
  );
});

test('LoopStart and LoopEnd: a host that asks again gets the loop again, within bounds', async () => {
  const script = 'LoopStart ogin:\nID\nExpect word:\nPassword\nLoopEnd >\nSend go';
  const { leg, end } = start(script, { policy: 'stored' });
  leg.say('login:');
  await leg.until('userxyz\r');
  leg.say('password:');
  await leg.until('geheim\r');
  leg.say('\r\nincorrect\r\nlogin: ');
  await leg.until('userxyz\r');
  leg.say('password:');
  await leg.until('geheim\r');
  leg.say('\r\n> ');
  await end;
  assert.ok(leg.heard.endsWith('go\r'));
  const endless = start('LoopStart a\nLoopEnd b', { rounds: 3 });
  for (let i = 0; i < 5; i++) {
    endless.leg.say('a');
    await new Promise(setImmediate);
  }
  await assert.rejects(endless.end, { code: 'DIAL_SCRIPT_LOOPS', message: 'line 2: LoopEnd b: `a` came 3 times' });
});

test('loops within loops; whichever text ends first decides', async () => {
  const { leg, end } = start('LoopStart A\nLoopStart B\nSend 1\nLoopEnd b\nSend 2\nLoopEnd a\nSend 3');
  leg.say('AB');
  await leg.until('1\r');
  leg.say('B b');
  await leg.until('1\r');
  leg.say('b');
  await leg.until('2\r');
  leg.say('a A');
  await end;
  assert.equal(leg.heard, '1\r1\r2\r3\r');
});

test('a lost line ends the script where no call back is awaited', async () => {
  const waiting = start('Expect ogin:');
  waiting.leg.say('Goodbye.\r\n');
  waiting.leg.drop();
  await assert.rejects(waiting.end, {
    code: 'DIAL_CARRIER_LOST',
    message: 'line 1: Expect ogin:: the line was lost; the last that came is `Goodbye.`',
  });
  const sending = start('Hangup\nPause 0\nSend x');
  await assert.rejects(sending.end, { code: 'DIAL_CARRIER_LOST' });
  assert.equal(sending.leg.heard, '');
});

/** The script of KPPP's handbook with the Password line that it lacks. */
const HANDBOOK =
  'Expect ogin:\nID\nExpect for userxyz:\nSend userxyz-home\nExpect ogin:\nID\nExpect assword:\nPassword\nExpect >\nSend start_ppp';

async function handbook(script: string, policy: AskPolicy) {
  const second = fakeLeg();
  const why: string[] = [];
  const answers = ['asked'];
  const nextLeg = async (reason: string) => {
    why.push(reason);
    return second;
  };
  const rig = start(script, { policy, answers, nextLeg });
  second.watch(rig.end);
  rig.leg.say('\r\nWelcome to office\r\nlogin: ');
  await rig.leg.until('userxyz\r');
  rig.leg.say('userxyz\r\nNumbers for userxyz:\r\n');
  await rig.leg.until('userxyz-home\r');
  // A left-over of the first call is no prompt of the second.
  rig.leg.say('userxyz-home\r\nbye, have your login ready\r\nNO CARR');
  rig.leg.drop();
  return { ...rig, second, why };
}

test('the call back: fresh buffer, name and password go out again, nobody is asked', async () => {
  const script = HANDBOOK.replace('Send userxyz-home\n', 'Send userxyz-home\nExpect bye\n');
  for (const text of [script, script.replace('Expect bye\n', 'Expect bye\nAnswer\n')]) {
    const { second, why, asked, end } = await handbook(text, 'ask on retry');
    second.say('\r\nlogin: ');
    await second.until('userxyz\r');
    second.say('userxyz\r\nPassword: ');
    await second.until('geheim\r');
    second.say('\r\n> ');
    await end;
    assert.equal(second.heard, 'userxyz\rgeheim\rstart_ppp\r');
    assert.deepEqual([why, asked], [[text === script ? 'lost' : 'answer'], []]);
  }
});

test('the call back as KPPP does it: `once` asks the person again', async () => {
  const { second, asked, end } = await handbook(HANDBOOK, 'once');
  second.say('login: ');
  await second.until('asked\r');
  second.say('assword: ');
  await second.until('geheim\r');
  second.say('>');
  await end;
  assert.deepEqual(asked, [{ label: 'Login name:', hidden: false }]);
});
