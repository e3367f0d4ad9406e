import assert from 'node:assert/strict';
import { test } from 'node:test';
import { localNames } from './local-names.ts';
import { listenPoint } from './transport/point.ts';

const points = [listenPoint('udp', '192.0.2.1', 5060), listenPoint('udp', '2001:db8::1', 5070)];
const names = localNames(points, ['example.com', 'sip.example.net:5080']);

const cases: [host: string, port: number, mine: boolean][] = [
  ['192.0.2.1', 0, true],
  ['192.0.2.1', 5060, true],
  ['192.0.2.1', 5061, false],
  ['192.0.2.2', 5060, false],
  ['[2001:db8::1]', 5070, true],
  ['[2001:DB8:0:0:0:0:0:1]', 5070, true],
  ['2001:db8::0001', 5070, true],
  ['[2001:db8::1]', 0, false],
  ['[2001:db8::zz]', 5070, false],
  ['example.com', 0, true],
  ['EXAMPLE.com', 9999, true],
  ['example.com.', 0, true],
  ['example.com..', 0, false],
  ['notexample.com', 0, false],
  ['sip.example.net', 5080, true],
  ['sip.example.net', 0, false],
  ['', 0, false],
];

for (const [host, port, mine] of cases) {
  test(`${host}:${port} is ${mine ? '' : 'not '}myself`, () => assert.equal(names.isMyself(host, port), mine));
}
