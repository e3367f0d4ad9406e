/** A value counts once: whatever comes at the same moment, is written late, or is not written at all. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Verdict } from '../gate/types.ts';
import { hotp } from './hotp.ts';
import { type Lab, outcome, SEED, tokenLab, VALUES } from './lab.ts';

const PIN = 'geheim';

async function hotpLab(rows?: Lab['rows']): Promise<Lab> {
  const lab = await tokenLab(rows ? { rows } : {});
  const owner = lab.add('hans');
  if (!rows) await lab.desk.enrol({ type: 'hmac', serial: 'LSHO1', seed: SEED, pin: PIN, owner }, 'test');
  return lab;
}

function proven(verdicts: readonly Verdict[]): number {
  return verdicts.filter(({ verdict }) => verdict === 'proven').length;
}

test('of two hundred at once with one value, one is let in', async () => {
  const lab = await hotpLab();
  const all = await Promise.all(Array.from({ length: 200 }, () => lab.check('hans', PIN + VALUES[3])));
  assert.equal(proven(all), 1);
});

test('of two hundred answers to one challenge, one is let in', async () => {
  const lab = await tokenLab();
  const phone = '+491701234567';
  await lab.desk.enrol({ type: 'sms', serial: 'S1', seed: SEED, pin: PIN, phone, owner: lab.add('hans') }, 'test');
  const challenge = await lab.check('hans', PIN);
  assert.equal(challenge.verdict, 'challenge');
  const { transaction } = challenge;
  const answers = Array.from({ length: 200 }, (_, i) =>
    i % 2 === 0 ? lab.check('hans', VALUES[1], { transaction }) : lab.check('hans', PIN + VALUES[1]),
  );
  assert.equal(proven(await Promise.all(answers)), 1);
});

test('a yes is said after the journal has it, not before', async () => {
  const lab = await hotpLab();
  lab.journal.hold();
  let said = false;
  const verdict = lab.check('hans', PIN + VALUES[0]).then((one) => {
    said = true;
    return one;
  });
  for (let turn = 0; turn < 20; turn++) await lab.journal.drain();
  assert.equal(said, false);
  // A server that is killed now starts with what is in the tables: nobody was told yes.
  const other = await hotpLab(lab.rows);
  assert.equal(outcome(await other.check('hans', PIN + VALUES[0])), 'proven');
  lab.journal.release();
  assert.equal(outcome(await verdict), 'proven');
});

test('after a yes a server that is killed and starts again says no', async () => {
  const lab = await hotpLab();
  assert.equal(outcome(await lab.check('hans', PIN + VALUES[0])), 'proven');
  const after = await hotpLab(lab.rows);
  assert.equal(outcome(await after.check('hans', PIN + VALUES[0])), 'wrong-proof');
});

test('what cannot be written does not count, and stays used', async () => {
  const lab = await hotpLab();
  lab.journal.isAway = true;
  assert.equal(outcome(await lab.check('hans', PIN + VALUES[0])), 'unavailable');
  lab.journal.isAway = false;
  assert.equal(outcome(await lab.check('hans', PIN + VALUES[0])), 'wrong-proof');
  assert.equal(outcome(await lab.check('hans', PIN + VALUES[1])), 'proven');
});

test('no message leaves before its counter is durable', async () => {
  const lab = await tokenLab();
  const phone = '+491701234567';
  await lab.desk.enrol({ type: 'sms', serial: 'S1', seed: SEED, pin: PIN, phone, owner: lab.add('hans') }, 'test');
  lab.journal.hold();
  const verdict = lab.check('hans', PIN);
  for (let turn = 0; turn < 20; turn++) await lab.journal.drain();
  assert.equal(lab.sent.length, 0);
  lab.journal.release();
  assert.equal(outcome(await verdict), 'challenge');
  lab.journal.isAway = true;
  lab.time.now += 60_000;
  assert.equal(outcome(await lab.check('hans', PIN)), 'unavailable');
  assert.equal(lab.sent.length, 1);
});

type Step =
  | { readonly do: 'check'; readonly counter: number }
  | { readonly do: 'hold' | 'release' | 'away' | 'back' | 'wait' | 'crowd' };

test('under any interleaving, with a small memory, no value is accepted twice', async () => {
  const steps = fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant('check' as const), counter: fc.nat(6) }) },
      fc.record({ do: fc.constantFrom('hold', 'release', 'away', 'back', 'wait', 'crowd') }),
    ),
    { maxLength: 40 },
  );
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      // One owner in memory: whoever else comes takes his place.
      const lab = await tokenLab({ capacity: 1 });
      for (const name of ['hans', 'eve', 'karl']) {
        await lab.desk.enrol({ type: 'hmac', serial: name, seed: SEED, pin: PIN, owner: lab.add(name) }, 'test');
      }
      const seed = Buffer.from(SEED, 'hex');
      const answers: Promise<[number, Verdict]>[] = [];
      for (const step of all as Step[]) await take(step);
      lab.journal.release();
      const seen = new Set<number>();
      for (const [counter, verdict] of await Promise.all(answers)) {
        if (verdict.verdict !== 'proven') continue;
        assert.ok(!seen.has(counter), `the value of counter ${counter} was accepted twice`);
        seen.add(counter);
      }

      async function take(step: Step): Promise<void> {
        switch (step.do) {
          case 'check': {
            const verdict = lab.check('hans', PIN + hotp(seed, step.counter, 6, 'sha1'));
            answers.push(verdict.then((one) => [step.counter, one]));
            return;
          }
          case 'hold':
            return lab.journal.hold();
          case 'release':
            return lab.journal.release();
          case 'away':
          case 'back':
            lab.journal.isAway = step.do === 'away';
            return;
          case 'wait':
            for (let turn = 0; turn < 3; turn++) await lab.journal.drain();
            return;
          case 'crowd':
            for (const name of ['eve', 'karl', 'eve']) void lab.check(name, 'nix');
            await lab.journal.drain();
        }
      }
    }),
    { numRuns: 300 },
  );
});
