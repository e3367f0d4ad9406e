import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseUri } from '../message/uri.ts';
import { ConnectionNames } from './connection-names.ts';
import { listenPoint } from './point.ts';
import type { Connection, Protocol } from './types.ts';

function connection(protocol: Protocol = 'ws', remoteAddress = '192.0.2.7'): Connection & { open: boolean } {
  return { point: listenPoint(protocol, '192.0.2.1', 80), remoteAddress, remotePort: 40_000, open: true, send() {} };
}

const BROWSER = 'sip:x7@a1b2.invalid;transport=ws';

function lab() {
  const names = new ConnectionNames();
  const find = (uri: string, protocol: Protocol = 'ws') => names.find(parseUri(uri)!, protocol);
  return { names, find };
}

test('a name under .invalid leads to the connection that it came over, until that is closed', () => {
  const { names, find } = lab();
  const [browser, secure] = [connection('ws'), connection('wss')];
  names.claim(BROWSER, browser, '1000');
  names.claim('sip:y8@c3d4.invalid;transport=ws', secure, '');
  assert.equal(find('sip:x7@A1B2.invalid;transport=ws;ob'), browser);
  assert.equal(find('sip:y8@c3d4.invalid'), secure, 'a URI says ws for wss');
  assert.equal(find(BROWSER, 'wss'), undefined, 'sips is not for a connection without TLS');
  assert.equal(find('sip:x8@a1b2.invalid'), undefined);
  browser.open = false;
  assert.equal(find(BROWSER), undefined);
  names.forget(secure);
  assert.equal(find('sip:y8@c3d4.invalid'), undefined);
});

test('a name is taken over by its owner alone, or when its connection is gone', () => {
  const { names, find } = lab();
  const [first, second, thief] = [connection(), connection(), connection()];
  names.claim(BROWSER, first, '1000');
  names.claim(BROWSER, thief, '');
  names.claim(BROWSER, thief, '1001');
  assert.equal(find(BROWSER), first);
  names.claim(BROWSER, second, '1000');
  assert.equal(find(BROWSER), second);
  names.forget(first);
  assert.equal(find(BROWSER), second, 'the former holder takes nothing along');
  second.open = false;
  names.claim(BROWSER, thief, '');
  assert.equal(find(BROWSER), thief);
});

test('a name is kept for the owner whose connection is gone', () => {
  const { names, find } = lab();
  const [first, thief, second] = [connection(), connection(), connection()];
  names.claim(BROWSER, first, '1000');
  first.open = false;
  names.forget(first);
  assert.equal(find(BROWSER), undefined);
  names.claim(BROWSER, thief, '1001');
  names.claim(BROWSER, thief, '');
  assert.equal(find(BROWSER), undefined, 'nobody has his calls meanwhile');
  names.claim(BROWSER, second, '1000');
  assert.equal(find(BROWSER), second);
  names.forget(thief);
  assert.equal(find(BROWSER), second);
});

test('what is not under .invalid, and what nobody owns, is kept for nobody', () => {
  const { names, find } = lab();
  const [first, second] = [connection('tls'), connection('tls')];
  names.claim(BROWSER, first, '');
  names.claim('sip:1000@192.0.2.7:5061;transport=tls', first, '1000');
  names.forget(first);
  names.claim(BROWSER, second, '1001');
  names.claim('sip:1000@192.0.2.7:5061;transport=tls', second, '1001');
  assert.equal(find(BROWSER, 'tls'), second);
  assert.equal(find('sip:1000@192.0.2.7:5061', 'tls'), second);
});

test('names are kept of so many owners, and so many of each, and no more', () => {
  const { names, find } = lab();
  const leave = (contact: string, owner: string) => {
    const one = connection();
    names.claim(contact, one, owner);
    names.forget(one);
  };
  const taken = (contact: string) => {
    const thief = connection();
    names.claim(contact, thief, 'thief');
    return find(contact) === thief;
  };
  for (let i = 0; i < 9; i++) leave(`sip:u${i}@x.invalid`, '1000');
  assert.deepEqual([taken('sip:u0@x.invalid'), taken('sip:u1@x.invalid')], [true, false]);
  for (let i = 0; i < 9_999; i++) leave(`sip:v${i}@x.invalid`, `owner ${i}`);
  assert.deepEqual([taken('sip:u1@x.invalid'), taken('sip:v0@x.invalid')], [false, false]);
  leave('sip:one@more.invalid', 'owner');
  assert.deepEqual([taken('sip:u1@x.invalid'), taken('sip:v0@x.invalid')], [true, false]);
});

test('the own address with another port may be claimed, that of another host may not', () => {
  const { names, find } = lab();
  const telephone = connection('tls');
  names.claim('sip:1000@192.0.2.7:5061;transport=tls', telephone, '1000');
  names.claim('sip:1000@192.0.2.8:5061;transport=tls', telephone, '1000');
  names.claim('sip:1000@trunk.example;transport=tls', telephone, '1000');
  names.claim('not a URI', telephone, '1000');
  assert.equal(find('sip:1000@192.0.2.7:5061', 'tls'), telephone);
  assert.equal(find('sip:1000@192.0.2.7:5061', 'tcp'), undefined);
  assert.equal(find('sip:1000@192.0.2.8:5061', 'tls'), undefined);
  assert.equal(find('sip:1000@trunk.example', 'tls'), undefined);
  const six = connection('tcp', '2001:db8::7');
  names.claim('sip:1000@[2001:db8::7]:5070;transport=tcp', six, '');
  assert.equal(find('sip:1000@[2001:DB8::7]:5070', 'tcp'), six);
});

test('a connection has eight names at most', () => {
  const { names, find } = lab();
  const greedy = connection();
  for (let i = 0; i < 10; i++) names.claim(`sip:u${i}@x.invalid`, greedy, '');
  assert.equal(find('sip:u7@x.invalid'), greedy);
  assert.equal(find('sip:u8@x.invalid'), undefined);
});
