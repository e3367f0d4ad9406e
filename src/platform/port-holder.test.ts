import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { portHolder } from './port-holder.ts';

test('finds this very process behind a UDP port, also by the wildcard address', async (t) => {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  t.after(() => socket.close());
  await once(socket, 'listening');
  const { port } = socket.address();
  assert.equal(portHolder('udp', '127.0.0.1', port)?.pid, process.pid);
  assert.equal(portHolder('udp', '0.0.0.0', port)?.pid, process.pid);
  assert.equal(portHolder('udp', '127.0.0.2', port), undefined);
  assert.equal(portHolder('tcp', '127.0.0.1', port), undefined);
});

test('finds the listener of a TCP port behind the IPv6 wildcard', async (t) => {
  const server = createServer().listen(0, '::');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const holder = portHolder('tcp', '127.0.0.1', port);
  assert.equal(holder?.pid, process.pid);
  assert.notEqual(holder?.name, '');
});
