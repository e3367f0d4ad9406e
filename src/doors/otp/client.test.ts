import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpRequest } from '../../platform/http-route.ts';
import { isNetwork } from './addresses.ts';
import { ClientAddresses } from './client.ts';

const clients = new ClientAddresses({
  client_from: ['192.0.2.7', '2001:db8::/32'],
  trusted_proxies: ['127.0.0.1', '10.0.0.0/8'],
});

function clientOf(address: string, client?: string, forwarded?: string): string {
  const request: HttpRequest = {
    method: 'POST',
    path: '/validate/check',
    fields: new Map(client === undefined ? [] : [['client', client]]),
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
    address,
    port: 4000,
    secure: false,
  };
  const { address: found, port } = clients.of(request);
  return `${found} ${port}`;
}

test('the parameter counts only from senders that are listed', () => {
  assert.equal(clientOf('192.0.2.7', '198.51.100.1'), '198.51.100.1 0');
  assert.equal(clientOf('::ffff:192.0.2.7', '198.51.100.1'), '198.51.100.1 0');
  assert.equal(clientOf('2001:db8::9', 'nas-7'), 'nas-7 0');
  assert.equal(clientOf('192.0.2.8', '198.51.100.1'), '192.0.2.8 4000');
  assert.equal(clientOf('192.0.2.7', ''), '192.0.2.7 4000');
  assert.equal(clientOf('192.0.2.7', 'a b'), '192.0.2.7 4000');
  assert.equal(clientOf('192.0.2.7', 'x'.repeat(200)), '192.0.2.7 4000');
});

test('X-Forwarded-For counts only from proxies that are listed, and only what these have added', () => {
  assert.equal(clientOf('127.0.0.1', undefined, '198.51.100.1'), '198.51.100.1 0');
  assert.equal(clientOf('127.0.0.1', undefined, '203.0.113.66, 198.51.100.1, 10.1.1.1'), '198.51.100.1 0');
  assert.equal(clientOf('192.0.2.8', undefined, '198.51.100.1'), '192.0.2.8 4000');
  assert.equal(clientOf('127.0.0.1', undefined, '203.0.113.66, , 10.1.1.1'), '127.0.0.1 4000');
  assert.equal(clientOf('127.0.0.1'), '127.0.0.1 4000');
});

test('a listed sender behind a proxy is believed too, and a proxy is not one by itself', () => {
  assert.equal(clientOf('127.0.0.1', '198.51.100.1', '192.0.2.7'), '198.51.100.1 0');
  assert.equal(clientOf('127.0.0.1', '198.51.100.1'), '127.0.0.1 4000');
});

test('what is no address and no network is told', () => {
  for (const good of ['192.0.2.7', '10.0.0.0/8', '2001:db8::/32', '::1']) assert.equal(isNetwork(good), true, good);
  for (const bad of ['', 'host', '10.0.0.0/33', '::/129', '10.0.0', '1.2.3.4/'])
    assert.equal(isNetwork(bad), false, bad);
});
