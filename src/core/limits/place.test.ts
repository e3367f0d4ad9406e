import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placeOf } from './place.ts';

test('of IPv6 the /64 counts, everything else as it is', () => {
  const table: [string, string][] = [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:0:1:2:3:4:5', '2001:db8:0:1'],
    ['2001:DB8:0:1::5', '2001:db8:0:1'],
    ['2001:db8::5', '2001:db8:0:0'],
    ['2001:db8:0:0:1::', '2001:db8:0:0'],
    ['2001:0db8:0000:0001::', '2001:db8:0:1'],
    ['::1', '0:0:0:0'],
    ['::', '0:0:0:0'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['1::2:3:4:5:6:7', '1:0:2:3'],
    ['00:16:3e:01:02:03', '00:16:3e:01:02:03'],
    ['ttyS0', 'ttyS0'],
    ['1::2::3', '1::2::3'],
  ];
  for (const [address, place] of table) assert.equal(placeOf(address), place, address);
});
