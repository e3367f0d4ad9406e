import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OwnValues } from '../journal/own-table.ts';
import type { Change, Waiter } from '../journal/types.ts';
import { LockedNames, watched } from './locked-names.ts';
import { NameLocks } from './name-locks.ts';
import type { LoginState, UserStore } from './store.ts';

const state = (login: string, locked: boolean): LoginState => {
  const [name = '', domain = ''] = login.split('@');
  return { name, domain, locked };
};

/** A store that holds what the journal wrote. */
function nameLocks() {
  const rows = new Map<string, OwnValues>();
  const state = { broken: false };
  const journal = {
    append(unit: readonly Change[], waiter?: Waiter) {
      if (state.broken) return waiter?.settled(new Error('away') as never);
      for (const change of unit) {
        if (change.kind === 'put-own') rows.set(String(change.values[0]), change.values);
        if (change.kind === 'drop-own') rows.delete(change.key);
      }
      waiter?.settled(undefined);
    },
    drain: async () => {},
  };
  const make = () => new NameLocks({ rows: { read: async () => [...rows.values()] }, journal });
  return { make, state };
}

async function lab(...logins: LoginState[]) {
  const stored = [...logins];
  const byName = nameLocks().make();
  const locks = new LockedNames({ lockedNames: async () => [...stored] }, byName);
  await locks.load();
  const holds = (name: string, domain = '', id = 'radius:x') => locks.holds({ id, name, domain });
  return { stored, locks, holds };
}

test('a locked name is locked under any domain, as long as nobody else has it', async () => {
  const { stored, locks, holds } = await lab(state('alice', true), state('bob@hotel.example', true));
  assert.deepEqual([holds('alice'), holds('alice', 'staff'), holds('ALICE', 'staff')], [true, true, true]);
  assert.deepEqual([holds('bob'), holds('bob', 'Hotel.Example'), holds('bob', 'other')], [true, true, true]);
  assert.deepEqual([holds('carol'), holds('')], [false, false]);
  assert.equal(holds('alice@staff', 'ldap'), true);
  assert.equal(holds('alice', '', 'local:1'), false, 'an account of our own knows for itself');
  stored.push(state('bob@other', false));
  await locks.load();
  assert.deepEqual(
    [holds('bob'), holds('bob', 'hotel.example'), holds('bob', 'other'), holds('bob', 'third')],
    [false, true, false, false],
  );
});

test('a change counts as done when it is known here', async () => {
  const { stored, locks, holds } = await lab();
  const store = watched(
    {
      update: async () => void stored.push(state('alice', true)),
      remove: async () => void stored.splice(0),
    } as Partial<UserStore> as UserStore,
    locks,
  );
  await store.update(1, { locked: true });
  assert.equal(holds('alice', 'staff'), true);
  await store.remove(1);
  assert.equal(holds('alice', 'staff'), false);
});

test('a name that nobody of our own has is locked by itself, in all domains or in one', async () => {
  const { locks, holds } = await lab(state('carol', true));
  const by = { since: 7, by: 'test' };
  await locks.byName.add({ name: 'Alice', domain: '' }, by, []);
  await locks.byName.add({ name: 'bob', domain: 'Hotel.example' }, by, []);
  assert.deepEqual([holds('alice'), holds('ALICE', 'staff'), holds('alice@staff', 'ldap')], [true, true, true]);
  assert.deepEqual([holds('bob', 'hotel.example'), holds('bob'), holds('bob', 'other')], [true, true, false]);
  const own = (name: string, domain: string) => holds(name, domain, 'local:1');
  assert.deepEqual([own('alice', 'x'), own('bob', 'hotel.example')], [true, true], 'made later than the lock');
  assert.deepEqual([own('bob', ''), own('carol', '')], [false, false]);
  assert.deepEqual(locks.users(), [state('carol', true)]);
  await locks.byName.remove(locks.byName.of({ name: 'alice', domain: '' }), []);
  assert.equal(holds('alice'), false);
  assert.deepEqual(
    locks.byName.list().map(({ name }) => name),
    ['bob'],
  );
});

test('locks of names are read again as they were written; one that could not be written is none', async () => {
  const { make, state } = nameLocks();
  const locks = make();
  await locks.add({ name: 'alice', domain: '' }, { since: 7, by: 'first' }, []);
  await locks.add({ name: 'ALICE', domain: '' }, { since: 8, by: 'second' }, []);
  state.broken = true;
  await assert.rejects(locks.add({ name: 'bob', domain: '' }, { since: 9, by: 'x' }, []), /away/);
  await assert.rejects(locks.remove(locks.list(), []), /away/);
  const again = make();
  await again.load();
  for (const one of [locks, again])
    assert.deepEqual(one.list(), [{ name: 'alice', domain: '', since: 7, by: 'first' }], 'the first who locked it');
});
