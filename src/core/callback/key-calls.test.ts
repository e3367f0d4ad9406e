/** Calls that ask for a key, behind the whole gate: a telephone that says what the test says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../platform/log.ts';
import type { Knock, Verdict } from '../gate/types.ts';
import { outcome, SEED, tokenLab, VALUES } from '../tokens/lab.ts';
import { type KeyCallRules, KeyCalls } from './key-calls.ts';
import type { Callable, KeyAnswer, Telephone } from './types.ts';

const RULES: KeyCallRules = { telephones: 'proven', at_once: 4, pause: 0, per_hour: 100, per_day: 100 };
const PASSWORD = { kind: 'password', password: 'secret' } as const;

async function callLab(rules: Partial<KeyCallRules> = {}) {
  const rung: string[][] = [];
  const pending: ((answer: KeyAnswer) => void)[] = [];
  const telephones: Telephone[] = [];
  const locked: string[] = [];
  const places = new Map<string, number>();
  const numbers = [{ alias: 'home', number: '2000' }];
  const caller = {
    telephones: () => telephones,
    callsNumbers: true,
    ask(whom: readonly Callable[], _signal: AbortSignal, instead: readonly Callable[] = []): Promise<KeyAnswer> {
      const names = (all: readonly Callable[]) =>
        all.map((one) => ('number' in one ? one.number : one.telephone.contact));
      rung.push([...names(whom), ...names(instead).map((one) => `else ${one}`)]);
      return new Promise((resolve) => pending.push(resolve));
    },
  };
  const codePlaces = {
    provenAt: (user: string, address: string) => places.get(`${user} ${address}`),
    proven: (user: string, address: string, time: number) => void places.set(`${user} ${address}`, time),
  };
  let keyCalls: KeyCalls | undefined;
  const lab = await tokenLab({
    more: (clock, journal) => {
      keyCalls = new KeyCalls({
        ...{ caller: () => caller, codePlaces, journal, clock, log: silentLog },
        rules: () => ({ ...RULES, ...rules }),
        numbers: { list: () => numbers },
        lock: async (login) => void locked.push(login),
      });
      return { codePlaces, keyCalls };
    },
  });
  lab.add('hans');
  lab.add('eve');
  lab.policy(['portal', 'second_step=callback'], ['sip', 'second_step=callback'], ['otp', 'second_step=callback']);
  /** Somebody presses a key, or does not. */
  const presses = async (answer: KeyAnswer) => {
    pending.shift()!(answer);
    // What follows takes no more than some turns of promises.
    await new Promise(setImmediate);
  };
  const started = async (verdict: Promise<Verdict>) => {
    const said = await verdict;
    assert.ok(said.verdict === 'challenge' && said.via === 'callback', outcome(said));
    return { kind: 'answer', transaction: said.transaction, code: '' } as const;
  };
  const lines = async () => {
    await lab.journal.drain();
    return lab.journal.lines.map((one) =>
      [one.event, one.user, one.reason ?? one.result, one.rule].filter(Boolean).join(' '),
    );
  };
  return { ...lab, keyCalls: () => keyCalls!, rung, telephones, numbers, locked, places, presses, started, lines };
}

test('key 1 admits him who waits, there, once; the number is his own', async () => {
  const { portal, started, presses, rung, places, lines } = await callLab();
  assert.equal(outcome(await portal('hans', { kind: 'password', password: 'nix' })), 'wrong-proof');
  assert.deepEqual(rung, []);
  const answer = await started(portal('hans', PASSWORD));
  assert.deepEqual(rung, [['2000']]);
  assert.deepEqual(await started(portal('hans', PASSWORD)), answer, 'the same call');
  assert.equal(rung.length, 1);
  await presses('admitted');
  assert.equal(outcome(await portal('hans', answer, '192.0.2.66')), 'wrong-proof');
  assert.equal(outcome(await portal('eve', answer)), 'wrong-proof');
  const both = await Promise.all([portal('hans', answer), portal('hans', answer)]);
  assert.deepEqual(both.map(outcome).sort(), ['proven', 'wrong-proof']);
  assert.ok(places.has('local:hans 192.0.2.9'));
  assert.deepEqual((await lines()).slice(1, 3), ['challenge hans', 'called-back hans admitted']);
});

test('key 9 refuses and locks; all else refuses, and is a wrong try', async () => {
  const { portal, started, presses, locked, places, lines } = await callLab();
  const answer = await started(portal('hans', PASSWORD));
  await presses('refused');
  assert.equal(outcome(await portal('hans', answer)), 'not-admitted');
  assert.deepEqual(locked, ['hans']);
  for (const said of ['other-key', 'no-key', 'no-answer', 'busy', 'loop', 'failed'] as const) {
    const next = await started(portal('eve', PASSWORD));
    await presses(said);
    assert.equal(outcome(await portal('eve', next)), 'not-admitted', said);
  }
  assert.deepEqual([locked, places.size], [['hans'], 0]);
  assert.ok((await lines()).includes('refused eve not-admitted no-key'));
});

test('while it rings the challenge is told again, and an answer waits for the key a while', async () => {
  const { portal, started, presses } = await callLab();
  const answer = await started(portal('hans', PASSWORD));
  const waiting = portal('hans', answer);
  await presses('admitted');
  assert.equal(outcome(await waiting), 'proven');
  const again = await started(portal('hans', PASSWORD));
  assert.equal(outcome(await portal('hans', again)), 'challenge');
});

test('limits refuse, and are written down; one call at a time', async () => {
  const { portal, started, presses, lines, time } = await callLab({ pause: 30, per_hour: 2 });
  await started(portal('hans', PASSWORD));
  assert.equal(outcome(await portal('hans', PASSWORD, '192.0.2.66')), 'not-sent');
  assert.equal(outcome(await portal('eve', PASSWORD)), 'not-sent', 'she has the same number');
  await presses('busy');
  assert.equal(outcome(await portal('hans', PASSWORD)), 'not-sent');
  time.now += 30_000;
  await started(portal('hans', PASSWORD));
  await presses('busy');
  time.now += 30_000;
  assert.equal(outcome(await portal('hans', PASSWORD)), 'not-sent');
  const why = (await lines()).filter((line) => line.startsWith('refused'));
  assert.deepEqual(why, [
    'refused hans call-pending',
    'refused hans not-sent',
    'refused eve call-pending',
    'refused eve not-sent',
    'refused hans called-lately',
    'refused hans not-sent',
    'refused hans called-often',
    'refused hans not-sent',
  ]);
});

test('telephones ring where he gave a code before, or all, or none; then his number; then nobody is called', async () => {
  for (const [telephones, expected] of [
    ['proven', ['sip:here', 'else 2000']],
    ['any', ['sip:here', 'sip:there', 'else 2000']],
    ['none', ['2000']],
  ] as const) {
    const lab = await callLab({ telephones });
    lab.telephones.push({ contact: 'sip:here', client: '192.0.2.1' }, { contact: 'sip:there', client: '192.0.2.2' });
    lab.places.set('local:hans 192.0.2.1', 1);
    await lab.started(lab.portal('hans', PASSWORD));
    assert.deepEqual(lab.rung, [expected]);
  }
  const lab = await callLab();
  lab.numbers.pop();
  assert.equal(outcome(await lab.portal('hans', PASSWORD)), 'not-sent');
  assert.ok((await lab.lines()).includes('refused hans nothing-to-call'));
});

test('a telephone at a new place is refused, never rung itself, and let in when the user said so elsewhere', async () => {
  const { gate, time, presses, rung, telephones } = await callLab({ telephones: 'any' });
  telephones.push({ contact: 'sip:itself', client: '192.0.2.7' }, { contact: 'sip:home', client: '192.0.2.2' });
  const registers = () => {
    const proof = { kind: 'external', by: 'lab' } as const;
    const knock: Knock = {
      door: 'sip',
      user: 'hans',
      domain: '',
      client: { address: '192.0.2.7', port: 5060 },
      proof,
      time: time.now,
    };
    return gate.prove(knock) as Verdict;
  };
  assert.equal(outcome(registers()), 'new-place');
  assert.equal(outcome(registers()), 'new-place');
  assert.deepEqual(rung, [['sip:home', 'else 2000']]);
  await presses('no-answer');
  assert.equal(outcome(registers()), 'new-place');
  await presses('admitted');
  assert.equal(outcome(registers()), 'proven');
});

test('LinOTP’s interface: the right pass makes a call, check_status tells of it, and the transaction is the verdict', async () => {
  const { check, presses, desk, persons, keyCalls } = await callLab();
  await desk.enrol({ type: 'hmac', serial: 'H1', seed: SEED, pin: 'pin', owner: persons.get('hans')! }, 'test');
  const asked = await check('hans', `pin${VALUES[0]}`);
  assert.ok(asked.verdict === 'challenge' && asked.via === 'callback', outcome(asked));
  const { transaction } = asked;
  assert.equal(outcome(await check('hans', 'pin', { transaction, polls: true })), 'challenge');
  const status = () =>
    keyCalls()
      .status(transaction)
      .map(({ open, receivedTan, validTan }) => [open, receivedTan, validTan]);
  assert.deepEqual(status(), [[true, false, false]]);
  assert.equal(outcome(await check('eve', 'pin', { transaction })), 'wrong-proof');
  await presses('admitted');
  assert.deepEqual(status(), [[false, true, true]]);
  assert.equal(outcome(await check('hans', '', { transaction })), 'proven');
  assert.deepEqual(status(), []);
  assert.equal(outcome(await check('hans', '', { transaction })), 'wrong-proof');
});
