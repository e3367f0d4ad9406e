import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashPassword, verifyPassword } from './password.ts';

test('a hash is in PHC form and fits its own password only', async () => {
  const hash = await hashPassword('grüße');
  assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  assert.equal(await verifyPassword('grüße', hash), true);
  assert.equal(await verifyPassword('Grüße', hash), false);
  assert.notEqual(await hashPassword('grüße'), hash);
});

test('a hash made by the reference implementation is understood', async () => {
  // argon2 of phc-winner-argon2's own tests: 64 MiB, 2 passes, salt `somesalt`.
  const hash = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
  assert.equal(await verifyPassword('password', hash), true);
});

test('other texts and absurd costs are refused without work', async () => {
  for (const text of [
    '',
    'plain',
    '$argon2i$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAA',
    '$argon2id$v=19$m=99999999,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAA',
    '$argon2id$v=19$m=8,t=0,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAA',
  ]) {
    assert.equal(await verifyPassword('', text), false, text);
  }
});
