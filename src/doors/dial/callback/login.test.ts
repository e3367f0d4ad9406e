import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Knock, Refused, Verdict } from '../../../core/gate/types.ts';
import type { Account, UserSource } from '../../../core/users/types.ts';
import { type Called, logIn } from './login.ts';
import { Terminal } from './terminal.ts';
import { dialTexts } from './texts.ts';

const ALICE = { id: 'local:1', login: 'alice', name: 'alice' } as Partial<Account> as Account;
const CALLED: Called = { owner: 'local:1', login: 'alice', place: '1001', suffices: false };
const CHALLENGE: Verdict = {
  verdict: 'challenge',
  transaction: '42',
  via: 'sms',
  prompt: 'sent to ***789',
  tokens: [],
};
const refused = (reason: Refused['reason']): Verdict => ({ verdict: 'refused', reason, silent: false });

/** What is typed is there before it is asked for. */
async function lab(typed: string, verdicts: Verdict[], called: Partial<Called> = {}) {
  const said: string[] = [];
  const knocks: Knock[] = [];
  const audited: Record<string, unknown>[] = [];
  const terminal = new Terminal(
    { write: (bytes) => void said.push(String(bytes)), listen: (on) => on?.(Buffer.from(typed)) },
    new AbortController().signal,
  );
  const users: UserSource = {
    ...{ name: 'lab', shared: false, ignoresCase: false },
    find: (name) => (name === 'alice' ? ALICE : name === 'away' ? Promise.reject(new Error('away')) : null),
  };
  const prove = (knock: Knock) => {
    knocks.push(knock);
    return verdicts.shift() ?? proven(knock);
  };
  const ticket = await logIn(
    terminal,
    { ...CALLED, ...called },
    {
      gate: { prove },
      users,
      journal: {
        append: (unit) => unit.forEach((one) => void (one.kind === 'audit' && audited.push(JSON.parse(one.line)))),
        drain: async () => {},
      },
      clock: { now: () => 0, monotonic: () => 0 },
      texts: dialTexts.parse({}),
      timeoutMs: 50,
      tries: 3,
    },
  );
  return { ticket, said: said.join(''), proofs: knocks.map(({ proof }) => proof), knocks, audited };
}

function proven(knock: Knock): Verdict {
  return { verdict: 'proven', ticket: { door: 'dial', account: ALICE, client: knock.client, time: 0 } };
}

test('the password, and the code that was sent where the gate asks for one; the place is the number that was called', async () => {
  const { ticket, said, proofs, knocks } = await lab('alice\rsecret\r123456\r', [CHALLENGE]);
  assert.equal(ticket?.account, ALICE);
  assert.deepEqual(proofs, [
    { kind: 'password', password: 'secret' },
    { kind: 'answer', transaction: '42', code: '123456' },
  ]);
  assert.equal(knocks[0]?.client.address, '1001');
  assert.match(said, /Password: \r\nsent to \*\*\*789\r\nCode: 123456/);
});

test('who is rung as a second step goes on when he has pressed his key', async () => {
  const rung: Verdict = { ...CHALLENGE, via: 'callback', prompt: 'press 1' };
  const { ticket, said, proofs } = await lab('alice\rsecret\r\r\r', [rung, rung]);
  assert.equal(ticket?.account, ALICE);
  assert.deepEqual(proofs.slice(1), Array(2).fill({ kind: 'answer', transaction: '42', code: '' }));
  assert.match(said, /press 1\r\n\r\npress 1\r\n/);
  assert.doesNotMatch(said, /Code/);
});

test('where the number will do no password is asked for, and the code all the same', async () => {
  const { ticket, said, proofs } = await lab('alice\r123456\r', [CHALLENGE], { suffices: true });
  assert.ok(ticket);
  assert.deepEqual(proofs[0], { kind: 'called-back', owner: 'local:1' });
  assert.doesNotMatch(said, /Password/);
});

test('three tries; nobody else’s password is looked at; only who was right hears why not', async () => {
  const wrong = await lab('alice\ra\ralice\rb\ralice\rc\ralice\rsecret\r', Array(3).fill(refused('wrong-proof')));
  assert.deepEqual([wrong.ticket, wrong.proofs.length], [undefined, 3]);
  assert.equal(wrong.said.match(/Login incorrect/g)?.length, 3);
  const others = await lab('bob\rhis\raway\rx\rnobody\rx\r', []);
  assert.deepEqual([others.ticket, others.proofs], [undefined, []]);
  assert.deepEqual(
    others.audited.map(({ user, reason, called }) => `${user} ${reason} ${called}`),
    ['bob not-called alice', 'away not-called alice', 'nobody not-called alice'],
  );
  const locked = await lab('alice\rsecret\ralice\rsecret\r', [refused('locked')]);
  assert.match(locked.said, /This user is locked.\r\n$/);
  const silent = await lab('alice\r', []);
  assert.deepEqual([silent.ticket, silent.proofs], [undefined, []]);
});
