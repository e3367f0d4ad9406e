import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIELDS } from './native-udp.ts';
import { SenderNames } from './sender-names.ts';

test('each sender has its own name, however many share a place, and one heard of lately is not asked for again', () => {
  const header = new Int32Array(2 * FIELDS);
  let asked = 0;
  const names = new SenderNames({
    senderOf(index) {
      asked++;
      return nameAt(index);
    },
  });
  const nameAt = (index: number) => header.subarray(index * FIELDS + 2, (index + 1) * FIELDS).join('-');
  const put = (index: number, address: readonly number[]) => header.set([700, 5060, ...address], index * FIELDS);

  // More than there are places; and neighbours that differ in one word only, the scope among them.
  for (let i = 0; i < 20_000; i++) {
    put(1, [0, 0, 0, i * 65_537, 0]);
    for (let again = 0; again < 2; again++) assert.equal(names.of(1, header), nameAt(1));
  }
  assert.ok(asked <= 20_000);
  for (let word = 0; word < 5; word++) {
    put(
      0,
      [1, 2, 3, 4, 5].map((value, at) => (at === word ? -value : value)),
    );
    assert.equal(names.of(0, header), nameAt(0));
    put(1, [1, 2, 3, 4, 5]);
    assert.equal(names.of(1, header), nameAt(1));
    assert.equal(names.of(0, header), nameAt(0));
  }
});

test('the address of zeros is a name as any other', () => {
  const names = new SenderNames({ senderOf: () => '0.0.0.0' });
  assert.equal(names.of(0, new Int32Array(FIELDS)), '0.0.0.0');
});
