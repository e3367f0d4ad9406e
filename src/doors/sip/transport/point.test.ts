import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choosePoint, listenPoint } from './point.ts';

const loop = listenPoint('udp', '127.0.0.1', 5060);
const lan = listenPoint('udp', '192.0.2.13', 5060);
const second = listenPoint('udp', '192.0.2.14', 5060);
const six = listenPoint('udp', '2001:db8::1', 5060);
const stream = listenPoint('tcp', '0.0.0.0', 5060);
const points = [loop, lan, second, six, stream];

test('names with and without brackets', () => {
  assert.equal(loop.name, 'udp:127.0.0.1:5060');
  assert.equal(six.name, 'udp:[2001:db8::1]:5060');
  assert.equal(six.hostPort, '[2001:db8::1]:5060');
});

test('the socket to send from', () => {
  const choose = (protocol: 'udp' | 'tcp', address: string, preferred?: typeof loop) =>
    choosePoint(points, protocol, address, preferred)?.name;
  assert.equal(choose('udp', '198.51.100.1'), lan.name);
  assert.equal(choose('udp', '198.51.100.1', second), second.name);
  assert.equal(choose('udp', '198.51.100.1', loop), lan.name);
  assert.equal(choose('udp', '127.0.0.1', lan), loop.name);
  assert.equal(choose('udp', '2001:db8::2', lan), six.name);
  assert.equal(choose('tcp', '127.0.0.1'), stream.name);
  assert.equal(choose('tcp', '::1'), undefined);
  assert.equal(choosePoint([loop], 'udp', '198.51.100.1', undefined), loop);
  assert.equal(choose('udp', '198.51.100.1', listenPoint('udp', '192.0.2.99', 5060)), lan.name, 'a stale point');
});
