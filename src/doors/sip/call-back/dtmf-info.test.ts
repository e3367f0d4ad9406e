import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyOfInfo } from './dtmf-info.ts';

test('both ways in which telephones write a key, and nothing else', () => {
  const relay = 'application/dtmf-relay';
  assert.equal(keyOfInfo(relay, 'Signal=1\r\nDuration=160\r\n'), '1');
  assert.equal(keyOfInfo('Application/DTMF-Relay; charset=utf-8', 'Duration= 160\r\nSignal= 9'), '9');
  assert.equal(keyOfInfo(relay, 'signal=11\n'), '#');
  assert.equal(keyOfInfo('application/dtmf', '1'), '1');
  assert.equal(keyOfInfo('application/dtmf', ' d\r\n'), 'D');
  assert.equal(keyOfInfo('application/dtmf', 'Signal=*\r\n'), '*');
  for (const [type, body] of [
    [relay, '1'],
    [relay, 'Signal=19'],
    [relay, 'Signal='],
    ['text/plain', 'Signal=1'],
    ['application/dtmf-relays', 'Signal=1'],
    ['application/dtmf', '12'],
    ['application/dtmf', ''],
    [relay, `${' '.repeat(300)}\nSignal=1`],
  ])
    assert.equal(keyOfInfo(type!, body!), '', `${type} ${body}`);
});
