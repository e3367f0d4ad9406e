import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitPersonName } from './person-name.ts';

const RULES = { splitAtSign: true, defaultRealm: 'house' };

test('a name is split at its last @, else at its last backslash', () => {
  assert.deepEqual(splitPersonName('alice@Staff', undefined, RULES), { login: 'alice', realm: 'staff' });
  assert.deepEqual(splitPersonName('a@b@staff', undefined, RULES), { login: 'a@b', realm: 'staff' });
  assert.deepEqual(splitPersonName('STAFF\\alice', undefined, RULES), { login: 'alice', realm: 'staff' });
  assert.deepEqual(splitPersonName(' alice ', undefined, RULES), { login: 'alice', realm: 'house' });
  assert.deepEqual(splitPersonName('alice@', undefined, RULES), { login: 'alice', realm: 'house' });
});

test('a realm that is given apart goes before the one in the name', () => {
  assert.deepEqual(splitPersonName('alice@staff', 'Guests', RULES), { login: 'alice', realm: 'guests' });
  assert.deepEqual(splitPersonName('alice@staff', '', RULES), { login: 'alice', realm: 'staff' });
});

test('with splitAtSign off the name stays whole', () => {
  const rules = { splitAtSign: false, defaultRealm: undefined };
  assert.deepEqual(splitPersonName('alice@staff', undefined, rules), { login: 'alice@staff', realm: '' });
  assert.deepEqual(splitPersonName('STAFF\\alice', undefined, rules), { login: 'STAFF\\alice', realm: '' });
});
