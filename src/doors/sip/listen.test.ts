import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseListen } from './listen.ts';

const at = { offset: 0, length: 1, line: 3, column: 8 };
const globals = { listen: [], port: 5060, disableTcp: false, advertisedAddress: undefined, advertisedPort: undefined };
const entry = (host: string, protocol?: 'udp' | 'tcp', port?: number) => ({ host, protocol, port, at });

test('nobody names one: loopback, UDP and TCP', () => {
  const { listen } = chooseListen(undefined, globals, 'ser.cfg');
  assert.deepEqual(listen, [
    { protocol: 'udp', address: '127.0.0.1', port: 5060 },
    { protocol: 'tcp', address: '127.0.0.1', port: 5060 },
  ]);
});

test('a listen line takes the port line; its own port and protocol win', () => {
  const listed = { ...globals, port: 5070, listen: [entry('192.0.2.1', 'udp'), entry('192.0.2.2', 'tcp', 5080)] };
  assert.deepEqual(chooseListen(undefined, listed, 'ser.cfg').listen, [
    { protocol: 'udp', address: '192.0.2.1', port: 5070 },
    { protocol: 'tcp', address: '192.0.2.2', port: 5080 },
  ]);
});

test('gatehouse.yaml wins over ser.cfg', () => {
  const listed = { ...globals, listen: [entry('192.0.2.1')] };
  const choice = chooseListen(['tcp:[2001:db8::1]:5062', '127.0.0.2'], listed, 'ser.cfg');
  assert.equal(choice.from, 'sip.listen of gatehouse.yaml');
  assert.deepEqual(choice.listen, [
    { protocol: 'tcp', address: '2001:db8::1', port: 5062 },
    { protocol: 'udp', address: '127.0.0.2', port: 5060 },
    { protocol: 'tcp', address: '127.0.0.2', port: 5060 },
  ]);
});

test('disable_tcp leaves TCP out where no protocol is named', () => {
  const { listen } = chooseListen(undefined, { ...globals, disableTcp: true }, 'ser.cfg');
  assert.deepEqual(listen, [{ protocol: 'udp', address: '127.0.0.1', port: 5060 }]);
});

test('an interface stands for its addresses; a wildcard and an unknown name are refused with the place', () => {
  const named = (host: string) => chooseListen(undefined, { ...globals, listen: [entry(host, 'udp')] }, 'ser.cfg');
  assert.ok(named('lo').listen.some((one) => one.address === '127.0.0.1'));
  assert.throws(() => named('*'), { code: 'LISTEN_WILDCARD', where: 'ser.cfg:3:8' });
  assert.throws(() => named('nowhere.invalid'), { code: 'LISTEN_NAME', where: 'ser.cfg:3:8' });
});

test('what is advertised goes with every socket', () => {
  const { listen } = chooseListen(['udp:127.0.0.1:5070'], { ...globals, advertisedAddress: 'sip.example' }, 'ser.cfg');
  assert.deepEqual(listen[0]?.advertised, { host: 'sip.example', port: undefined });
});

test('with a certificate TLS comes along, once for each address, and may be named with a port of its own', () => {
  const names = (listen: string[], tlsPort?: number) =>
    chooseListen(listen, globals, 'ser.cfg', tlsPort).listen.map((one) => `${one.protocol} ${one.address} ${one.port}`);
  assert.deepEqual(names(['127.0.0.1', '127.0.0.1:5080'], 5061), [
    'udp 127.0.0.1 5060',
    'tcp 127.0.0.1 5060',
    'tls 127.0.0.1 5061',
    'udp 127.0.0.1 5080',
    'tcp 127.0.0.1 5080',
  ]);
  assert.deepEqual(names(['tls:127.0.0.1', 'tls:127.0.0.1:5071'], 5062), ['tls 127.0.0.1 5062', 'tls 127.0.0.1 5071']);
  assert.deepEqual(names(['ws:127.0.0.1:8088', 'ws:127.0.0.1', 'wss:127.0.0.1'], 5061), [
    'ws 127.0.0.1 8088',
    'ws 127.0.0.1 80',
    'wss 127.0.0.1 443',
  ]);
  assert.throws(() => names(['tls:127.0.0.1']), { code: 'TLS_CERTIFICATE', where: 'sip.listen' });
  const listed = { ...globals, listen: [{ host: '127.0.0.1', protocol: 'tls' as const, port: undefined, at }] };
  assert.throws(() => chooseListen(undefined, listed, 'ser.cfg'), { code: 'TLS_CERTIFICATE', where: 'ser.cfg:3:8' });
});
