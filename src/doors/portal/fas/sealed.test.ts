/** Against what the programs `sha256sum`, `openssl enc` and `base64` make of the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashedId, returnedId, seal } from './sealed.ts';

const TOKEN = '00112233445566778899aabbccddeeff';
const KEY = 'a_key_of_16_chrs';

test('the hash of a token, and what a FAS makes of it with the key', () => {
  assert.equal(hashedId(TOKEN), '5947d7c33d783f94b3b4c1a96ebc8991ed28f1b069b71e03376cba8caa98a720');
  assert.equal(returnedId(TOKEN, KEY), '2553e8f0f71a2a290de3b97f9b5f292b20378fbafbad9b0fd72f5e1b59e85ae9');
});

test('a sealed text is AES-256-CBC under the filled-up key, in base64 of base64', () => {
  const fas = 'OVhPMmpJQVRqRVZRY3NiNGU2bndlUVhERWN3WUJUM0F4dzdsNUhQUUJuWT0=';
  assert.deepEqual(seal('clientip=10.77.0.10, tok=0011', KEY, '0123456789abcdef'), { fas, iv: '0123456789abcdef' });
  const [one, two] = [seal('the same', KEY), seal('the same', KEY)];
  assert.match(one.iv, /^[0-9a-f]{16}$/);
  assert.notEqual(one.iv, two.iv);
  assert.notEqual(one.fas, two.fas);
});
