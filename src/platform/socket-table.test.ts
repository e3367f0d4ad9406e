import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSocketTable } from './socket-table.ts';

const UDP = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
 1234: 0100007F:13C4 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 31337 2 0000000000000000 42
 1235: 0D0200C0:13C5 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 31338 2 0000000000000000 7
`;
const TCP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: B80D0120000000000000000001000000:13C4 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 555 1 0000000000000000 100 0 0 10 0
   1: 00000000000000000000000001000000:13C4 00000000000000000000000001000000:A001 01 00000000:00000000 00:00000000 00000000     0        0 556 1 0000000000000000 20 4 30 10 -1
`;

test('address, inode and drops of the rows with the port', () => {
  assert.deepEqual(parseSocketTable('udp', UDP, 5060), [
    { address: '127.0.0.1', port: 5060, listening: false, inode: '31337', drops: 42 },
  ]);
  assert.equal(parseSocketTable('udp', UDP, 5061)[0]?.address, '192.0.2.13');
});

test('IPv6 addresses come out as Node prints them, and listening is told from connected', () => {
  assert.deepEqual(parseSocketTable('tcp6', TCP6, 5060), [
    { address: '2001:db8::1', port: 5060, listening: true, inode: '555', drops: 0 },
    { address: '::1', port: 5060, listening: false, inode: '556', drops: 0 },
  ]);
});

test('an empty or broken table has no rows', () => {
  assert.deepEqual(parseSocketTable('udp', '', 5060), []);
  assert.deepEqual(parseSocketTable('udp', 'x\n:13C4 0100007F:13C4\n', 5060), []);
});
