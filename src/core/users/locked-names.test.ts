import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LockedNames, watched } from './locked-names.ts';
import type { LoginState, UserStore } from './store.ts';

const state = (login: string, locked: boolean): LoginState => {
  const [name = '', domain = ''] = login.split('@');
  return { name, domain, locked };
};

async function lab(...logins: LoginState[]) {
  const stored = [...logins];
  const locks = new LockedNames({ lockedNames: async () => [...stored] });
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
