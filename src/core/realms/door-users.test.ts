import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { GatehouseError } from '../../platform/errors.ts';
import { silentLog } from '../../platform/log.ts';
import { TimerWheel } from '../../platform/timer-wheel.ts';
import { createGate } from '../gate/gate.ts';
import { noHooks } from '../hooks/hooks.ts';
import { Limits } from '../limits/limits.ts';
import { PolicyRules } from '../policy/rules.ts';
import { NonceCounts } from '../proofs/nonce-counts.ts';
import { SessionDirectory } from '../sessions/directory.ts';
import { RefreshCounts } from '../sessions/refresh-counts.ts';
import { StoredAccount } from '../users/stored-account.ts';
import type { UserSource } from '../users/types.ts';
import { DoorUsers } from './door-users.ts';
import type { Person } from './types.ts';

/** A realm `staff` with alice and bob, whom a directory knows, and carl, who is a local user; the door portal looks there. */
function lab() {
  const clock = { now: () => 1_700_000_000_000, monotonic: () => 0 };
  const away = { is: false };
  const persons = new Map<string, Person>();
  for (const [login, source] of [
    ['alice', 'people'],
    ['bob@x', 'people'],
    ['carl', 'local'],
  ] as const)
    persons.set(login, { source, id: `${login}-id`, login, realm: 'staff', locked: false, attributes: {} });
  const asked: string[] = [];
  const tried: string[] = [];
  const local = new StoredAccount(
    { id: 'local:7', name: 'carl', domain: '', locked: false, values: [] },
    { password: () => 'own', ha1: () => undefined },
  );
  const kept = { source: { name: 'local', shared: false, ignoresCase: false, find: onlyCarl } as UserSource };
  const users = new DoorUsers({
    realms: {
      find: async (login, realm) => {
        asked.push(`${login} in ${realm}`);
        return persons.get(login) ?? null;
      },
      checkPassword: async ({ login }, password) => {
        tried.push(password);
        if (away.is) throw new GatehouseError('RESOLVER_UNAVAILABLE', 'away');
        return password === `${login}-password`;
      },
      list: () => [{ name: 'staff', resolvers: ['people'], isDefault: true }],
    },
    local: kept.source,
    kept: () => kept.source,
    maps: { portal: { '*': 'staff', 'guests.example': 'guests' }, radius: { 'staff.example': 'staff' } },
  });
  const journal = { append: () => {}, drain: async () => {} };
  const gate = createGate({
    clock,
    log: silentLog,
    journal,
    limits: new Limits(new TimerWheel({ clock, onError: (error) => assert.fail(String(error)) }), clock),
    nonceCounts: new NonceCounts({ clock, lifetimeMs: 300_000 }),
    policy: new PolicyRules(),
    hooks: noHooks,
    sessions: new SessionDirectory(() => []),
    refreshes: new RefreshCounts(journal, clock),
    source: (door) => users.of(door),
  });
  const knock = async (door: 'portal' | 'radius' | 'sip', user: string, password: string, domain = '') => {
    const client = { address: '192.0.2.1', port: 0 };
    const proof = { kind: 'password', password } as const;
    const verdict = await gate.prove({ door, user, domain, client, proof, time: 0 });
    return verdict.verdict === 'refused' ? verdict.reason : verdict.verdict === 'proven' && verdict.ticket.account.id;
  };
  return { users, asked, tried, away, knock, kept };

  function onlyCarl(name: string): StoredAccount | null {
    return name === 'carl' ? local : null;
  }
}

test('whom only a directory knows comes in by password, at the doors that look there', async () => {
  const { knock, asked } = lab();
  assert.equal(await knock('portal', 'alice', 'alice-password'), 'people:alice-id');
  assert.equal(await knock('portal', 'bob@x', 'bob@x-password'), 'people:bob@x-id');
  assert.equal(await knock('portal', 'alice', 'wrong'), 'wrong-proof');
  assert.equal(await knock('radius', 'alice', 'alice-password', 'staff.example'), 'people:alice-id');
  assert.equal(await knock('radius', 'alice', 'alice-password'), 'unknown-user');
  assert.equal(await knock('sip', 'alice', 'alice-password'), 'unknown-user');
  assert.deepEqual(asked, ['alice in staff', 'bob@x in staff', 'alice in staff', 'alice in staff']);
  assert.equal(await knock('portal', 'alice@Guests.Example', 'x'), 'wrong-proof');
  assert.equal(asked.at(-1), 'alice in guests');
});

test('a local user in a realm proves himself as everywhere', async () => {
  const { knock, users } = lab();
  assert.equal(await knock('portal', 'carl', 'own'), 'local:7');
  assert.equal(await knock('portal', 'carl', 'carl-password'), 'wrong-proof');
  assert.equal(await knock('radius', 'carl', 'own'), 'local:7');
  assert.deepEqual(
    users.health().map(({ text }) => text),
    ['users.realms.portal names the realm guests, which nobody set up'],
  );
});

test('who is in no realm is looked for where users are kept at the moment', async () => {
  const { knock, kept, users } = lab();
  const dave = { id: 'subscriber:dave@x', name: 'dave', domain: 'x', locked: false, values: [] };
  const found = new StoredAccount(dave, { password: () => 'row', ha1: () => undefined });
  const atStart = users.of('sip');
  kept.source = {
    name: 'subscriber',
    shared: true,
    ignoresCase: true,
    find: (name) => (name === 'dave' ? found : null),
  };
  assert.equal(atStart.find('dave', ''), found);
  assert.deepEqual([atStart.name, atStart.shared, atStart.ignoresCase], ['subscriber', true, true]);
  assert.equal(await knock('sip', 'dave', 'row'), 'subscriber:dave@x');
  assert.equal(await knock('radius', 'dave', 'row'), 'subscriber:dave@x');
  assert.equal(await knock('sip', 'carl', 'own'), 'unknown-user');
  // The resolver `local` has its users still.
  assert.equal(await knock('portal', 'carl', 'own'), 'local:7');
});

test('a source that is away refuses nobody for good; wrong tries are slowed as anywhere', async () => {
  const { knock, away, tried } = lab();
  away.is = true;
  for (let i = 0; i < 20; i++) assert.equal(await knock('portal', 'alice', 'alice-password'), 'unavailable');
  away.is = false;
  // Those over the limit are answered by a timer, which does not run here.
  for (let i = 0; i < 20; i++) void knock('portal', 'alice', `guess${i}`);
  for (let turn = 0; turn < 20; turn++) await setImmediate();
  assert.equal(tried.filter((one) => one.startsWith('guess')).length, 5);
});
