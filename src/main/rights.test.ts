import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSystemUsers } from '../platform/system-users.ts';
import { chooseRights } from './rights.ts';

const USERS = parseSystemUsers(
  'root:x:0:0:root:/root:/bin/sh\n+nis\ntoor::0:0::/:\ngatehouse:x:991:990::/:/bin/false\nradius:x:120:121:::\nodd:x:-1:3::\n',
);
const inAll = (name: string) => USERS.find((one) => one.name === name);
const inNone = () => undefined;

test('only root becomes somebody else: whom run_as names, else gatehouse where there is such a user', () => {
  const gatehouse = { name: 'gatehouse', uid: 991, gid: 990 };
  assert.deepEqual(chooseRights(undefined, undefined, 0, inAll), { become: gatehouse, notes: [] });
  assert.equal(chooseRights('radius', undefined, 0, inAll).become?.gid, 121);
  for (const name of [undefined, 'radius', 'nobody-has-it'])
    assert.deepEqual(chooseRights(name, undefined, 1000, inAll), { notes: [] });
});

test('root keeps its rights where that is written down, and says so where nothing is and there is no gatehouse', () => {
  for (const name of ['root', 'toor']) assert.deepEqual(chooseRights(name, undefined, 0, inAll), { notes: [] });
  const { become, notes } = chooseRights(undefined, undefined, 0, inNone);
  assert.equal(become, undefined);
  assert.match(notes.join('\n'), /^it runs with all rights of root: [^\n]+$/);
});

test('a user that is written down and does not exist is an error, with its place', () => {
  const where = 'gatehouse.yaml:3';
  for (const [name, find] of [['gatehouse', inNone] as const, ['odd', inAll] as const])
    assert.throws(() => chooseRights(name, where, 0, find), { code: 'RUN_AS_UNKNOWN', where });
});
