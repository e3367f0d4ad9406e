import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Verdict } from '../gate/types.ts';
import { hotp } from './hotp.ts';
import { type Lab, outcome, SEED, tokenLab, VALUES } from './lab.ts';
import type { EnrolRequest } from './types.ts';

const PIN = 'geheim';
const BY = 'test';
const [, FIRST, , SECOND] = VALUES;

async function enrolled(lab: Lab, request: Partial<EnrolRequest> & { serial: string }, name = 'hans'): Promise<string> {
  const owner = lab.persons.get(name) ?? lab.add(name);
  const phone = request.type === 'sms' ? { phone: '+491701234567' } : {};
  await lab.desk.enrol({ type: 'hmac', seed: SEED, pin: PIN, owner, ...phone, ...request }, BY);
  return request.serial;
}

async function smsLab(changes: Partial<EnrolRequest> = {}) {
  const lab = await tokenLab();
  await enrolled(lab, { type: 'sms', serial: 'LSSM1', ...changes });
  return lab;
}

async function tokenOf(lab: Lab, serial: string) {
  await lab.journal.drain();
  return (await lab.desk.show(serial))!;
}

function challenged(verdict: Verdict) {
  assert.equal(verdict.verdict, 'challenge');
  return verdict;
}

test('PIN and value of an HOTP token: accepted once, and the counter goes past it', async () => {
  const lab = await tokenLab();
  await enrolled(lab, { serial: 'LSHO1' });
  const verdict = await lab.check('hans', `${PIN}${VALUES[3]}`);
  assert.equal(verdict.verdict, 'proven');
  assert.deepEqual(verdict.token, { serial: 'LSHO1', type: 'hmac', description: '', failCount: 0 });
  assert.equal(verdict.ticket.account.id, 'local:hans');
  const token = await tokenOf(lab, 'LSHO1');
  assert.deepEqual([token.counter, token.lastSuccess], [4, lab.time.now]);
  for (const used of VALUES.slice(0, 4)) assert.equal(outcome(await lab.check('hans', PIN + used)), 'wrong-proof');
  assert.equal(outcome(await lab.check('hans', PIN + VALUES[4])), 'proven');
});

test('the window is countWindow values from the counter on', async () => {
  const lab = await tokenLab();
  await enrolled(lab, { serial: 'LSHO1' });
  const seed = Buffer.from(SEED, 'hex');
  assert.equal(outcome(await lab.check('hans', PIN + hotp(seed, 10, 6, 'sha1'))), 'wrong-proof');
  assert.equal(outcome(await lab.check('hans', PIN + hotp(seed, 9, 6, 'sha1'))), 'proven');
});

test('TOTP: within its window of time, once, and never one before', async () => {
  const lab = await tokenLab();
  await enrolled(lab, { serial: 'LSTO1', type: 'totp', hash: 'sha256', otpLength: 8 });
  const seed = Buffer.from(SEED, 'hex');
  const step = Math.floor(lab.time.now / 30_000);
  const at = (offset: number) => PIN + hotp(seed, step + offset, 8, 'sha256');
  assert.equal(outcome(await lab.check('hans', at(7))), 'wrong-proof');
  assert.equal(outcome(await lab.check('hans', at(-7))), 'wrong-proof');
  assert.equal(outcome(await lab.check('hans', at(-6))), 'proven');
  assert.equal(outcome(await lab.check('hans', at(0))), 'proven');
  for (const used of [0, -1, -6]) assert.equal(outcome(await lab.check('hans', at(used))), 'wrong-proof');
  lab.time.now += 30_000;
  assert.equal(outcome(await lab.check('hans', at(1))), 'proven');
});

test('what a check does to the failures of each token', async () => {
  const lab = await tokenLab();
  await enrolled(lab, { serial: 'A', pin: 'one' });
  await enrolled(lab, { serial: 'B', pin: 'two' });
  const fails = async () => [(await tokenOf(lab, 'A')).failCount, (await tokenOf(lab, 'B')).failCount];
  const wrong = await lab.check('hans', 'one000000');
  assert.deepEqual(wrong.verdict === 'refused' && wrong.otp, {
    detail: 'wrong otp value',
    serial: 'A',
    type: 'hmac',
    failCount: 1,
  });
  assert.deepEqual(await fails(), [1, 0], 'PIN right, value wrong: only the tokens of that PIN');
  const neither = await lab.check('hans', 'nix000000');
  assert.equal(neither.verdict === 'refused' && neither.otp?.detail, 'wrong otp pin -1');
  assert.deepEqual(await fails(), [2, 1], 'no PIN right: every token');
  assert.equal(outcome(await lab.check('hans', `two${VALUES[0]}`)), 'proven');
  assert.deepEqual(await fails(), [0, 0], 'a success resets all that were looked at');
  await lab.config.set({ DefaultResetFailCount: 'False' }, BY);
  await lab.check('hans', 'nix000000');
  await lab.check('hans', `two${VALUES[1]}`);
  assert.deepEqual(await fails(), [1, 0], 'where that is off, only its own');
});

test('a token locked by failures is passed over, counts on, and needs a reset', async () => {
  const lab = await tokenLab();
  await enrolled(lab, { serial: 'LSHO1' });
  for (let i = 0; i < 11; i++) await lab.check('hans', `${PIN}000000`);
  assert.equal((await tokenOf(lab, 'LSHO1')).failCount, 11);
  const locked = await lab.check('hans', PIN + VALUES[0]);
  assert.equal(locked.verdict === 'refused' && locked.otp?.detail, 'Failcounter exceeded');
  assert.equal((await tokenOf(lab, 'LSHO1')).failCount, 12);
  assert.equal(await lab.desk.reset({ serial: 'LSHO1' }, BY), 1);
  assert.equal(outcome(await lab.check('hans', PIN + VALUES[0])), 'proven');
});

test('a locked token is let go after the time of the configuration, whatever was tried meanwhile', async () => {
  const lab = await tokenLab();
  await lab.config.set({ FailCountReleaseTime: '600' }, BY);
  await enrolled(lab, { serial: 'LSHO1' });
  for (let i = 0; i < 10; i++) await lab.check('hans', `${PIN}000000`);
  lab.time.now += 599_000;
  assert.equal(outcome(await lab.check('hans', PIN + VALUES[0])), 'wrong-proof');
  lab.time.now += 1_000;
  assert.equal(outcome(await lab.check('hans', PIN + VALUES[0])), 'proven');
});

test('a pass that two tokens know is refused, and used up in both', async () => {
  const lab = await tokenLab();
  await enrolled(lab, { serial: 'A' });
  await enrolled(lab, { serial: 'B' });
  const both = await lab.check('hans', PIN + VALUES[2]);
  assert.equal(both.verdict === 'refused' && both.otp?.detail, 'multiple token match error');
  assert.deepEqual([(await tokenOf(lab, 'A')).counter, (await tokenOf(lab, 'B')).counter], [3, 3]);
});

for (const [why, change] of [
  ['is off', { off: true }],
  ['is not valid yet', { validFrom: 1_700_000_000_001 }],
  ['is no longer valid', { validUntil: 1_700_000_000_000 }],
  ['was used as often as it may be', { countAuth: 3, countAuthMax: 3 }],
  ['has opened as often as it may', { countAuthSuccess: 3, countAuthSuccessMax: 3 }],
] as const) {
  test(`a token that ${why} proves nothing and sends nothing`, async () => {
    const lab = await smsLab();
    await enrolled(lab, { serial: 'LSHO1' }, 'hans');
    for (const serial of ['LSHO1', 'LSSM1']) {
      if ('off' in change) await lab.desk.disable({ serial }, BY);
      else await lab.desk.set({ serial }, change, BY);
    }
    assert.equal(outcome(await lab.check('hans', PIN + VALUES[0])), 'wrong-proof');
    assert.equal(outcome(await lab.check('hans', PIN)), 'wrong-proof');
    assert.equal(lab.sent.length, 0);
    if ('off' in change) assert.equal((await tokenOf(lab, 'LSHO1')).failCount, 0);
  });
}

test('PrependPin off: the PIN stands after the value', async () => {
  const lab = await tokenLab();
  await lab.config.set({ PrependPin: 'False' }, BY);
  await enrolled(lab, { serial: 'LSHO1' });
  assert.equal(outcome(await lab.check('hans', PIN + VALUES[0])), 'wrong-proof');
  assert.equal(outcome(await lab.check('hans', VALUES[0] + PIN)), 'proven');
});

test('the PIN makes an sms token send the value after its counter; PIN and value then open', async () => {
  const lab = await smsLab();
  const { transaction, prompt, tokens } = challenged(await lab.check('hans', PIN));
  assert.match(transaction, /^[1-9]\d{16}$/);
  assert.equal(prompt, 'sms submitted');
  assert.deepEqual(tokens, [
    { transaction, message: 'sms submitted', serial: 'LSSM1', type: 'sms', description: '', again: false },
  ]);
  const asked = { user: 'hans', realm: '', client: '192.0.2.1', resolver: 'local', attributes: {} };
  assert.deepEqual(lab.sent, [{ number: '+491701234567', text: FIRST, ...asked }]);
  assert.equal((await tokenOf(lab, 'LSSM1')).counter, 1);
  assert.equal(outcome(await lab.check('hans', PIN + FIRST)), 'proven');
  assert.equal((await tokenOf(lab, 'LSSM1')).counter, 2);
  assert.equal(outcome(await lab.check('hans', FIRST, { transaction })), 'wrong-proof', 'its challenge is closed');
  assert.equal((await tokenOf(lab, 'LSSM1')).failCount, 0);
  await lab.check('hans', PIN);
  assert.equal(lab.sent[1]?.text, SECOND);
});

test('the transaction and the value alone open, once', async () => {
  const lab = await smsLab();
  const { transaction } = challenged(await lab.check('hans', PIN));
  assert.equal(outcome(await lab.check('hans', '000000', { transaction })), 'wrong-proof');
  assert.equal((await tokenOf(lab, 'LSSM1')).failCount, 1);
  assert.equal(outcome(await lab.check('hans', FIRST, { transaction })), 'proven');
  const replay = await lab.check('hans', FIRST, { transaction });
  assert.equal(replay.verdict === 'refused' && replay.otp?.noTransaction, true);
});

test('three clocks: of the transaction, of the value, of the next message', async () => {
  const lab = await smsLab();
  await lab.config.set({ SMSProviderTimeout: '300', DefaultChallengeValidityTime: '60' }, BY);
  const { transaction } = challenged(await lab.check('hans', PIN));
  lab.time.now += 29_000;
  const again = challenged(await lab.check('hans', PIN));
  assert.deepEqual(
    [again.transaction, again.prompt, again.tokens[0]?.again],
    [transaction, 'sms with otp already submitted', true],
  );
  assert.equal(lab.sent.length, 1);
  lab.time.now += 31_000;
  assert.equal(outcome(await lab.check('hans', FIRST, { transaction })), 'wrong-proof', 'the transaction is over');
  lab.time.now += 240_000;
  assert.equal(outcome(await lab.check('hans', PIN + FIRST)), 'proven', 'the value is good until its own time');
  const other = challenged(await lab.check('hans', PIN));
  assert.notEqual(other.transaction, transaction);
  lab.time.now += 300_001;
  assert.equal(outcome(await lab.check('hans', PIN + SECOND)), 'wrong-proof');
});

test('a provider that names a time for its codes is heard', async () => {
  const lab = await smsLab();
  lab.gateway.timeout = 20;
  await lab.check('hans', PIN);
  lab.time.now += 20_001;
  assert.equal(outcome(await lab.check('hans', PIN + FIRST)), 'wrong-proof');
});

test('before anything was sent no value of an sms token is good', async () => {
  const lab = await smsLab();
  assert.equal(outcome(await lab.check('hans', PIN + FIRST)), 'wrong-proof');
});

test('the window holds values that were never sent; strictly only the one that was', async () => {
  const lab = await smsLab();
  await lab.check('hans', PIN);
  await lab.config.set({ SMSStrict: 'True' }, BY);
  assert.equal(outcome(await lab.check('hans', PIN + VALUES[5])), 'wrong-proof');
  lab.policy(['authentication', 'only_sent_otp=false']);
  assert.equal(outcome(await lab.check('hans', PIN + VALUES[5])), 'proven');
});

test('sha256 and eight digits: what is sent is what is accepted', async () => {
  const lab = await smsLab({ hash: 'sha256', otpLength: 8 });
  await lab.check('hans', PIN);
  const text = lab.sent[0]!.text;
  assert.equal(text, hotp(Buffer.from(SEED, 'hex'), 1, 8, 'sha256'));
  assert.equal(outcome(await lab.check('hans', PIN + text)), 'proven');
});

for (const [mode, trigger, before] of [
  ['0', PIN, PIN],
  ['token_pin', PIN, PIN],
  ['1', 'secret', 'secret'],
  ['password', 'secret', 'secret'],
  ['2', '', ''],
  ['only_otp', '', ''],
  ['3', 'anything', 'whatever'],
  ['ignore_pin', '', ''],
] as const) {
  test(`otppin=${mode}: what triggers, and what stands before the value`, async () => {
    const lab = await smsLab();
    lab.policy(['authentication', `otppin=${mode}`]);
    challenged(await lab.check('hans', trigger));
    assert.equal(outcome(await lab.check('hans', before + FIRST)), 'proven');
    if (mode === '3' || mode === 'ignore_pin') return;
    const other = mode === '0' || mode === 'token_pin' ? 'secret' : PIN;
    assert.equal(outcome(await lab.check('hans', other)), 'wrong-proof');
    assert.equal(outcome(await lab.check('hans', other + SECOND)), 'wrong-proof');
  });
}

test('an empty PIN is a PIN: nothing triggers, and the bare value opens', async () => {
  const lab = await smsLab({ pin: '' });
  challenged(await lab.check('hans', ''));
  assert.equal(outcome(await lab.check('hans', FIRST)), 'proven');
});

test('several tokens: a sub-transaction each, and the answer may name the one of all', async () => {
  const lab = await smsLab();
  await enrolled(lab, {
    type: 'sms',
    serial: 'LSSM2',
    seed: '31323334353637383930313233343536373839ff',
    description: 'spare',
  });
  const both = challenged(await lab.check('hans', PIN));
  assert.match(both.transaction, /^[1-9]\d{13}$/);
  assert.equal(both.prompt, 'Multiple challenges submitted.');
  assert.deepEqual(
    both.tokens.map(({ serial, transaction, description }) => [serial, transaction, description]),
    [
      ['LSSM1', `${both.transaction}.01`, ''],
      ['LSSM2', `${both.transaction}.02`, 'spare'],
    ],
  );
  assert.equal(lab.sent.length, 2);
  const again = challenged(await lab.check('hans', PIN));
  assert.equal(again.transaction, both.transaction);
  assert.equal(lab.sent.length, 2);
  assert.equal(outcome(await lab.check('hans', lab.sent[1]!.text, { transaction: both.transaction })), 'proven');
  assert.equal(
    outcome(await lab.check('hans', lab.sent[0]!.text, { transaction: `${both.transaction}.01` })),
    'wrong-proof',
  );
});

test('the transaction says whose it is; by serial a token is looked at alone', async () => {
  const lab = await smsLab();
  await enrolled(lab, { serial: 'LSHO1', pin: 'other' });
  const { transaction } = challenged(await lab.check('', PIN, { serial: 'LSSM1' }));
  assert.equal(outcome(await lab.check('', FIRST, { transaction })), 'proven');
  assert.equal(outcome(await lab.check('', `other${VALUES[0]}`, { serial: 'LSSM1' })), 'wrong-proof');
  assert.equal(outcome(await lab.check('hans', `other${VALUES[0]}`, { tokenType: 'sms' })), 'wrong-proof');
  assert.equal(outcome(await lab.check('', `other${VALUES[0]}`, { serial: 'LSHO1' })), 'proven');
});

test('check_s with `challenge` triggers without a PIN where a policy says so', async () => {
  const lab = await smsLab();
  const ask = { serial: 'LSSM1', bySerial: true, challenge: 'Code: <otp>' };
  assert.equal(outcome(await lab.check('', '', ask)), 'wrong-proof');
  lab.policy(['authentication', 'trigger_sms']);
  challenged(await lab.check('', '', ask));
  assert.equal(lab.sent[0]?.text, `Code: ${FIRST}`);
  assert.equal(outcome(await lab.check('hans', '', { challenge: 'x' })), 'wrong-proof', 'only there');
});

test("a transaction is its owner's alone", async () => {
  const lab = await smsLab();
  await enrolled(lab, { type: 'sms', serial: 'LSSM2' }, 'eve');
  const { transaction } = challenged(await lab.check('hans', PIN));
  const theft = await lab.check('eve', FIRST, { transaction });
  assert.equal(theft.verdict === 'refused' && theft.otp?.noTransaction, true);
  assert.equal((await tokenOf(lab, 'LSSM1')).failCount, 0);
});

test('a code that cannot be sent: no challenge is left, and the counter stays ahead', async () => {
  const lab = await smsLab();
  lab.gateway.refuses = true;
  const verdict = await lab.check('hans', PIN);
  assert.equal(outcome(verdict), 'not-sent');
  assert.deepEqual(verdict.verdict === 'refused' && verdict.otp, { detail: 'sending sms failed' });
  assert.equal((await tokenOf(lab, 'LSSM1')).counter, 1);
  lab.gateway.refuses = false;
  challenged(await lab.check('hans', PIN));
  assert.equal(lab.sent[0]?.text, VALUES[2]);
});

test('autosms: one check, one more message, and the answer is yes', async () => {
  const lab = await smsLab();
  lab.policy(['authentication', 'autosms']);
  await lab.check('hans', PIN);
  assert.equal(outcome(await lab.check('hans', PIN + FIRST)), 'proven');
  while (lab.sent.length < 2) await lab.journal.drain();
  assert.equal(lab.sent[1]?.text, SECOND);
  assert.equal(outcome(await lab.check('hans', PIN + SECOND)), 'proven');
});

test('autosms=false is off', async () => {
  const lab = await smsLab();
  lab.policy(['authentication', 'autosms=false']);
  await lab.check('hans', PIN);
  await lab.check('hans', PIN + FIRST);
  for (let turn = 0; turn < 5; turn++) await lab.journal.drain();
  assert.equal(lab.sent.length, 1);
});

test('the number comes from the person where a policy says so, else from the token', async () => {
  const lab = await smsLab();
  lab.add('hans', 'secret', { attributes: { mobile: '+4930' } });
  lab.policy(['authentication', 'sms_dynamic_mobile_number']);
  await lab.check('hans', PIN);
  assert.equal(lab.sent[0]?.number, '+4930');
});

test('a realm that is not among those of the token neither sends nor opens', async () => {
  const lab = await tokenLab();
  const owner = lab.add('hans', 'secret', { realm: 'staff' });
  await lab.desk.enrol({ type: 'hmac', serial: 'LSHO1', seed: SEED, pin: PIN, owner }, BY);
  await lab.desk.set({ serial: 'LSHO1' }, { realms: ['sales'] }, BY);
  assert.equal(outcome(await lab.check('hans', PIN + VALUES[0])), 'wrong-proof');
  await lab.desk.set({ serial: 'LSHO1' }, { realms: ['sales', 'staff'] }, BY);
  assert.equal(outcome(await lab.check('hans', PIN + VALUES[0])), 'proven');
});

test('automatic resync: two values in a row far ahead, the second opens', async () => {
  const lab = await tokenLab();
  await enrolled(lab, { serial: 'LSHO1' });
  const at = (counter: number) => PIN + hotp(Buffer.from(SEED, 'hex'), counter, 6, 'sha1');
  assert.equal(outcome(await lab.check('hans', at(50))), 'wrong-proof');
  assert.equal(outcome(await lab.check('hans', at(51))), 'wrong-proof', 'off by default');
  await lab.config.set({ AutoResync: 'True' }, BY);
  for (const counter of [50, 52, 60]) assert.equal(outcome(await lab.check('hans', at(counter))), 'wrong-proof');
  assert.equal(outcome(await lab.check('hans', at(61))), 'proven');
  assert.equal((await tokenOf(lab, 'LSHO1')).counter, 62);
  assert.equal(outcome(await lab.check('hans', at(100))), 'wrong-proof');
  lab.time.now += 301_000;
  assert.equal(outcome(await lab.check('hans', at(101))), 'wrong-proof', 'too late');
});

for (const [what, set, pass, result] of [
  ['nobody', {}, 'secret', 'unknown-user'],
  ['nobody, PassOnUserNotFound', { config: { PassOnUserNotFound: 'True' } }, 'x', 'proven'],
  ['no token', { user: true }, 'secret', 'wrong-proof'],
  ['no token, PassOnUserNoToken', { user: true, config: { PassOnUserNoToken: 'True' } }, 'x', 'proven'],
  ['no token, passOnNoToken', { user: true, policy: ['authentication', 'passOnNoToken'] }, 'x', 'proven'],
  ['no token, passthru, right password', { user: true, policy: ['authentication', 'passthru'] }, 'secret', 'proven'],
  ['no token, passthru, wrong password', { user: true, policy: ['authentication', 'passthru'] }, 'x', 'wrong-proof'],
  [
    'no token, autoenrollment, wrong password',
    { user: true, policy: ['enrollment', 'autoenrollment=sms'] },
    'x',
    'wrong-proof',
  ],
  [
    'no token, autoenrollment, right password',
    { user: true, policy: ['enrollment', 'autoenrollment=sms'] },
    'secret',
    'challenge',
  ],
] as [string, { user?: true; config?: Record<string, string>; policy?: [string, string] }, string, string][]) {
  test(`${what}: ${result}`, async () => {
    const lab = await tokenLab();
    if (set.user) lab.add('hans', 'secret', { attributes: { mobile: '+4930' } });
    if (set.config) await lab.config.set(set.config, BY);
    if (set.policy) lab.policy(set.policy);
    assert.equal(outcome(await lab.check('hans', pass)), result);
    assert.equal(lab.sent.length, result === 'challenge' ? 1 : 0);
  });
}

test('a locked person is not sent a code, and hears of it only after the right PIN', async () => {
  const lab = await smsLab();
  lab.add('hans', 'secret', { locked: true });
  assert.equal(outcome(await lab.check('hans', 'nix')), 'wrong-proof');
  assert.equal(outcome(await lab.check('hans', PIN)), 'locked');
  assert.equal(lab.sent.length, 0);
});

test('neither PIN, value, seed nor number stands in the audit trail', async () => {
  const lab = await smsLab();
  await lab.check('hans', PIN);
  await lab.check('hans', `${PIN}000000`);
  await lab.check('hans', PIN + FIRST);
  await lab.journal.drain();
  const trail = JSON.stringify(lab.journal.lines);
  for (const secret of [PIN, FIRST, '000000', SEED, '+4917']) assert.ok(!trail.includes(secret), secret);
  const events = lab.journal.lines.map(({ event, reason, serial }) => [event, reason, serial]);
  assert.deepEqual(events.slice(1), [
    ['challenge', undefined, 'LSSM1'],
    ['refused', 'wrong-proof', undefined],
    ['code-accepted', undefined, 'LSSM1'],
  ]);
});
