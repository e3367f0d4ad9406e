import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRtp, writeRtp } from './rtp.ts';
import { TelephoneEvents } from './telephone-events.ts';

const EVENTS = 101;

/** One packet of a press; `timestamp` tells presses apart. */
function packet(key: number, timestamp: number, duration: number, isEnd = false, source = 7) {
  const payload = Buffer.from([key, isEnd ? 0x8a : 0x0a, duration >> 8, duration & 0xff]);
  return readRtp(writeRtp(EVENTS, { sequence: 5, timestamp, source }, payload))!;
}

test('a key is told once, at its end, however many packets tell of it', () => {
  const events = new TelephoneEvents();
  const heard = [160, 320, 480].map((duration) => events.take(packet(1, 1000, duration)));
  for (let i = 0; i < 3; i++) heard.push(events.take(packet(1, 1000, 640, true)));
  heard.push(events.take(packet(1, 1000, 480)));
  assert.deepEqual(heard, ['', '', '', '1', '', '', '']);
  assert.equal(events.take(packet(1, 3000, 800, true)), '1', 'the same key, pressed again');
  assert.equal(events.take(packet(9, 2000, 800, true)), '', 'a packet that comes too late');
  assert.equal(events.take(packet(9, 2000, 800, true, 8)), '9', 'another source has a clock of its own');
});

test('a press whose end was lost counts when the next one begins, and times may wrap around', () => {
  const events = new TelephoneEvents();
  const last = 0xffff_ff00;
  assert.equal(events.take(packet(9, last, 800)), '');
  assert.equal(events.take(packet(1, (last + 2000) >>> 0, 160)), '9');
  assert.equal(events.take(packet(1, (last + 2000) >>> 0, 480, true)), '1');
});

test('what is no key, is cut off or too short is none', () => {
  const events = new TelephoneEvents();
  assert.equal(events.take(packet(16, 1000, 800, true)), '', 'a flash');
  assert.equal(events.take(packet(1, 3000, 80, true)), '');
  assert.equal(events.take({ ...packet(1, 5000, 800, true), payload: Buffer.from([1, 0x80, 3]) }), '');
  assert.deepEqual(
    [10, 11, 12, 15].map((key) => events.take(packet(key, 10_000 + 1000 * key, 800, true))),
    ['*', '#', 'A', 'D'],
  );
});

test('RTP with sources, an extension and padding is read; what claims more than there is, is not', () => {
  const plain = writeRtp(0, { sequence: 0, timestamp: 160, source: 9 }, Buffer.from('sound'));
  assert.equal(plain[1], 0x80, 'the first one is marked');
  const [, , number, , ...rest] = plain;
  const body = Buffer.from([0x80 | 0x30 | 1, 101, number!, 1, ...rest.slice(0, 8)]);
  const more = Buffer.concat([body, Buffer.from([1, 2, 3, 4, 0, 0, 0, 1, 0, 0, 0, 0]), Buffer.from([5, 6, 0, 2])]);
  const read = readRtp(more)!;
  assert.deepEqual([read.payloadType, read.timestamp, read.source, [...read.payload]], [101, 160, 9, [5, 6]]);
  assert.equal(readRtp(more.subarray(0, 20)), undefined);
  assert.equal(readRtp(plain.subarray(0, 11)), undefined);
  assert.equal(readRtp(Buffer.concat([body.subarray(0, 12), Buffer.from([0, 0, 0, 0, 0, 0, 0, 9])])), undefined);
  const padded = Buffer.from(plain);
  padded[0]! |= 0x20;
  padded[padded.length - 1] = 200;
  assert.equal(readRtp(padded), undefined);
  padded[0] = 0x40;
  assert.equal(readRtp(padded), undefined, 'another version');
});

test('whatever comes to the port, nothing is thrown, and a key is one of sixteen', () => {
  const events = new TelephoneEvents();
  let seed = 3;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % below;
  };
  let keys = 0;
  for (let i = 0; i < 20_000; i++) {
    const datagram = Buffer.from(Array.from({ length: random(40) }, () => random(256)));
    if (datagram.length > 0) datagram[0] = 0x80 | (datagram[0]! & 0x31);
    if (datagram.length > 12) datagram[12] = random(20);
    const read = readRtp(datagram);
    const key = read === undefined ? '' : events.take(read);
    if (key === '') continue;
    keys++;
    assert.match(key, /^[0-9*#A-D]$/);
  }
  assert.ok(keys > 100, String(keys));
});
