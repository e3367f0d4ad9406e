import assert from 'node:assert/strict';
import { test } from 'node:test';
import { challengeDesk } from './challenge-status.ts';
import type { Rows } from './fake.ts';
import { hotp, timeStepAt } from './hotp.ts';
import { outcome, SEED, tokenLab, VALUES } from './lab.ts';

const PIN = 'geheim';
const [, FIRST] = VALUES;

async function smsLab(rows?: Rows) {
  const lab = await tokenLab({ ...(rows ? { rows } : {}) });
  const owner = lab.add('hans');
  const request = { type: 'sms', serial: 'LSSM1', seed: SEED, pin: PIN, phone: '+491701234567', owner } as const;
  if (!rows) await lab.desk.enrol(request, 'test');
  return lab;
}

async function transactionOf(lab: Awaited<ReturnType<typeof smsLab>>): Promise<string> {
  const verdict = await lab.check('hans', PIN);
  assert.equal(verdict.verdict, 'challenge');
  return verdict.transaction;
}

test('a challenge survives a restart, and what was answered does not come back', async () => {
  const before = await smsLab();
  const transaction = await transactionOf(before);
  const after = await smsLab(before.rows);
  assert.equal(outcome(await after.check('hans', FIRST, { transaction })), 'proven');
  await after.journal.drain();
  const last = await smsLab(after.rows);
  assert.equal(outcome(await last.check('hans', FIRST, { transaction })), 'wrong-proof');
  assert.equal(last.rows.tables.get('gh_challenge')?.size, 0);
});

test('a row that somebody else wrote or changed counts for nothing, and stands in the audit trail', async () => {
  const before = await smsLab();
  const transaction = await transactionOf(before);
  const rows = before.rows.tables.get('gh_challenge')!;
  const [, payload, mac] = rows.get(transaction) as string[];
  rows.set('1', ['1', payload!, mac!]);
  rows.set('2', ['2', payload!, '']);
  rows.set(transaction, [transaction, payload!.replace('LSSM1', 'LSSM2'), mac!]);
  const after = await smsLab(before.rows);
  await after.journal.drain();
  assert.equal(after.challenges.size, 0);
  assert.equal(rows.size, 0);
  const said = after.journal.lines.map(({ reason, transaction }) => `${reason} ${transaction}`);
  const tampered = ['1', '2', transaction].map((one) => `tampered-challenge ${one}`);
  assert.deepEqual(said.sort(), tampered.sort());
});

test('with challenge_response the PIN of a device is a challenge, too: by type, with its own prompt and clock', async () => {
  const lab = await smsLab();
  const owner = lab.persons.get('hans')!;
  await lab.desk.enrol({ type: 'hmac', serial: 'LSHO1', seed: SEED, pin: 'one', owner }, 'test');
  await lab.desk.enrol({ type: 'totp', serial: 'LSTO1', seed: SEED, pin: 'two', owner }, 'test');
  assert.equal(outcome(await lab.check('hans', 'one')), 'wrong-proof');
  lab.policy(['authentication', 'challenge_response=HMAC']);
  assert.equal(outcome(await lab.check('hans', 'two')), 'wrong-proof');
  const asked = await lab.check('hans', 'one');
  assert.equal(asked.verdict, 'challenge');
  const { transaction } = asked;
  assert.deepEqual(asked.tokens, [
    {
      transaction,
      message: 'Please enter your otp value: ',
      serial: 'LSHO1',
      type: 'hmac',
      description: '',
      again: false,
    },
  ]);
  assert.equal(lab.sent.length, 0);
  assert.equal(outcome(await lab.check('hans', VALUES[0], { transaction })), 'proven');
  assert.equal(outcome(await lab.check('hans', VALUES[1], { transaction })), 'wrong-proof');
  lab.policy(['authentication', 'challenge_response=*']);
  await lab.config.set({ TOTP_CHALLENGE_PROMPT: 'now?', TotpChallengeValidityTime: '10' }, 'test');
  const timed = await lab.check('hans', 'two');
  assert.equal(timed.verdict === 'challenge' && timed.prompt, 'now?');
  lab.time.now += 10_000;
  assert.equal(lab.challenges.of((timed as typeof asked).transaction).length, 0);
});

test('several tokens of one PIN are asked at once: those that are sent a code and those that have one', async () => {
  const lab = await smsLab();
  lab.policy(['authentication', 'challenge_response=hmac']);
  const owner = lab.persons.get('hans')!;
  const seed = Buffer.from('another seed of twenty').toString('hex');
  await lab.desk.enrol({ type: 'hmac', serial: 'LSHO1', seed, pin: PIN, owner }, 'test');
  const asked = await lab.check('hans', PIN);
  assert.equal(asked.verdict, 'challenge');
  assert.deepEqual(asked.tokens.map(({ serial, message }) => [serial, message]).sort(), [
    ['LSHO1', 'Please enter your otp value: '],
    ['LSSM1', 'sms submitted'],
  ]);
  const { transaction } = asked;
  const value = hotp(Buffer.from(seed, 'hex'), 0, 6, 'sha1');
  assert.equal(outcome(await lab.check('hans', value, { transaction })), 'proven');
  assert.equal(outcome(await lab.check('hans', FIRST, { transaction })), 'wrong-proof');
});

test('check_status: who knows the PIN sees the challenge; who does not is refused, and no token fails for it', async () => {
  const lab = await smsLab();
  const transaction = await transactionOf(lab);
  const polls = { transaction, polls: true };
  for (const [user, pin] of [
    ['', 'wrong'],
    ['', PIN + FIRST],
    ['nobody', PIN],
  ] as const)
    assert.equal(outcome(await lab.check(user, pin, polls)).replace('unknown-user', 'wrong-proof'), 'wrong-proof');
  for (const user of ['', 'hans']) {
    const seen = await lab.check(user, PIN, polls);
    assert.equal(seen.verdict === 'challenge' && seen.transaction, transaction);
  }
  assert.equal(lab.sent.length, 1);
  await lab.journal.drain();
  assert.equal((await lab.desk.show('LSSM1'))!.failCount, 0);
  lab.policy(['authentication', 'otppin=1']);
  assert.equal(outcome(await lab.check('hans', PIN, polls)), 'wrong-proof');
  assert.equal(outcome(await lab.check('hans', 'secret', polls)), 'challenge');
  assert.equal(outcome(await lab.check('hans', FIRST, { transaction })), 'proven');
  assert.equal(outcome(await lab.check('hans', 'secret', polls)), 'challenge', 'it is closed, and still told of');
});

test('expired ones are swept, from memory and from the database', async () => {
  const lab = await smsLab();
  await transactionOf(lab);
  lab.time.now += 119_999;
  lab.challenges.sweep();
  await lab.journal.drain();
  assert.deepEqual([lab.challenges.size, lab.rows.tables.get('gh_challenge')?.size], [1, 1]);
  lab.time.now += 1;
  lab.challenges.sweep();
  await lab.journal.drain();
  assert.deepEqual([lab.challenges.size, lab.rows.tables.get('gh_challenge')?.size], [0, 0]);
});

test('ten wrong answers close a challenge', async () => {
  const lab = await smsLab();
  await lab.desk.set({ serial: 'LSSM1' }, { maxFailCount: 100 }, 'test');
  const transaction = await transactionOf(lab);
  for (let i = 0; i < 10; i++) assert.equal(outcome(await lab.check('hans', '000000', { transaction })), 'wrong-proof');
  assert.equal(outcome(await lab.check('hans', FIRST, { transaction })), 'wrong-proof');
});

test('what check_status tells', async () => {
  const lab = await smsLab();
  const desk = challengeDesk(lab.challenges, lab.shelf);
  const transaction = await transactionOf(lab);
  const open = { transaction, serial: 'LSSM1', type: 'sms', message: 'sms submitted' };
  assert.deepEqual(desk.status(transaction), [
    { ...open, receivedCount: 0, receivedTan: false, validTan: false, open: true },
  ]);
  await lab.check('hans', '000000', { transaction });
  await lab.check('hans', FIRST, { transaction });
  assert.deepEqual(desk.status(transaction), [
    { ...open, receivedCount: 2, receivedTan: true, validTan: true, open: false },
  ]);
  assert.deepEqual(desk.status('12345'), []);
});

test('a second step at another door: the password leads to a code, good there, for him, from that place, once', async () => {
  const lab = await smsLab();
  lab.add('eve');
  lab.policy(['portal', 'second_step=sms']);
  const password = { kind: 'password', password: 'secret' } as const;
  assert.equal(outcome(await lab.portal('hans', { kind: 'password', password: 'nix' })), 'wrong-proof');
  assert.equal(lab.sent.length, 0);
  const verdict = await lab.portal('hans', password);
  assert.equal(verdict.verdict, 'challenge');
  const answer = { kind: 'answer', transaction: verdict.transaction, code: lab.sent[0]!.text } as const;
  assert.equal(outcome(await lab.portal('hans', answer, '192.0.2.66')), 'wrong-proof');
  assert.equal(outcome(await lab.portal('eve', answer)), 'wrong-proof');
  assert.equal(outcome(await lab.check('hans', answer.code, { transaction: answer.transaction })), 'wrong-proof');
  assert.equal(outcome(await lab.portal('hans', { ...answer, code: VALUES[2] })), 'wrong-proof', 'only what was sent');
  const proven = await lab.portal('hans', answer);
  assert.equal(proven.verdict, 'proven');
  assert.equal(proven.ticket.account.login, 'hans');
  assert.equal(outcome(await lab.portal('hans', answer)), 'wrong-proof');
  assert.equal(outcome(await lab.portal('eve', password)), 'not-sent', 'no token, no way in');
});

test('a second step with the code of a device: nothing is sent, and no other token does', async () => {
  const lab = await smsLab();
  lab.policy(['portal', 'second_step=totp']);
  const password = { kind: 'password', password: 'secret' } as const;
  assert.equal(outcome(await lab.portal('hans', password)), 'not-sent');
  const owner = lab.persons.get('hans')!;
  await lab.desk.enrol({ type: 'totp', serial: 'LSTO1', seed: SEED, owner }, 'test');
  const verdict = await lab.portal('hans', password);
  assert.ok(verdict.verdict === 'challenge');
  const { via, prompt, transaction } = verdict;
  assert.deepEqual([via, prompt, lab.sent.length], ['totp', 'Please enter your otp value: ', 0]);
  const code = hotp(Buffer.from(SEED, 'hex'), timeStepAt(lab.time.now, 30, 0), 6, 'sha1');
  const answer = (one: string) => lab.portal('hans', { kind: 'answer', transaction, code: one });
  assert.equal(outcome(await answer(VALUES[1])), 'wrong-proof');
  assert.equal(outcome(await answer(code)), 'proven');
  assert.equal(outcome(await answer(code)), 'wrong-proof');
});
