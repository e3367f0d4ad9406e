/** The codec against the examples of RFC 2865 section 7 and RFC 5997 section 6.1, and against garbage. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { numberAttribute, textAttributes } from './attributes.ts';
import { checkMessageAuthenticator, checkSum, packetDigest } from './authenticators.ts';
import { makePapRequest, makeRequest, text } from './lab.ts';
import { ATTRIBUTE, CODE } from './numbers.ts';
import { MAX_PACKET, Packet, readPacket } from './packet.ts';
import { writeReply } from './reply.ts';
import { hidePassword, revealPassword } from './user-password.ts';

const SECRET = Buffer.from('xyzzy5461');
const bytes = (hex: string) => Buffer.from(hex.replaceAll(/\s/g, ''), 'hex');
const TELNET =
  bytes(`01 00 00 38 0f 40 3f 94 73 97 80 57 bd 83 d5 cb 98 f4 22 7a 01 06 6e 65 6d 6f 02 12 0d be 70 8d 93 d4
  13 ce 31 96 e4 3f 78 2a 0a ee 04 06 c0 a8 01 10 05 06 00 00 00 03`);
const TELNET_ACCEPT =
  bytes(`02 00 00 26 86 fe 22 0e 76 24 ba 2a 10 05 f6 bf 9b 55 e0 b2 06 06 00 00 00 01 0f 06 00 00 00 00
  0e 06 c0 a8 01 03`);
const STATUS =
  bytes(`0c da 00 26 8a 54 f4 68 6f b3 94 c5 28 66 e3 02 18 5d 06 23 50 12 5a 66 5e 2e 1e 84 11 f3 e2 43 82 20
  97 c8 4f a3`);

function read(datagram: Buffer): Packet {
  const packet = readPacket(datagram);
  assert.ok(packet instanceof Packet, String(packet));
  return packet;
}

test('the example with User-Password is read, and its answer has the authenticator that it should', () => {
  const packet = read(TELNET);
  assert.deepEqual([packet.code, packet.identifier, packet.text(ATTRIBUTE.userName)], [1, 0, 'nemo']);
  assert.equal(packet.first(ATTRIBUTE.nasIpAddress)?.join('.'), '192.168.1.16');
  const hidden = packet.first(ATTRIBUTE.userPassword)!;
  assert.equal(String(revealPassword(hidden, packet.authenticator, SECRET)), 'arctangent');
  assert.deepEqual(hidePassword(Buffer.from('arctangent'), packet.authenticator, SECRET), hidden);
  assert.equal(checkMessageAuthenticator(packet, SECRET), 'none');
  const digest = packetDigest(TELNET_ACCEPT, packet.authenticator, SECRET);
  assert.deepEqual(digest, read(TELNET_ACCEPT).authenticator);
});

test('the Message-Authenticator of the Status-Server example is right, and not with any bit changed', () => {
  assert.equal(checkMessageAuthenticator(read(STATUS), SECRET), 'right');
  assert.equal(checkMessageAuthenticator(read(STATUS), Buffer.from('xyzzy5462')), 'wrong');
  for (let at = 22; at < 38; at++) {
    const changed = Buffer.from(STATUS);
    changed[at]! ^= 1;
    assert.equal(checkMessageAuthenticator(read(changed), SECRET), 'wrong');
  }
});

test('the Message-Authenticator is HMAC-MD5 as Node has it, with secrets shorter and longer than a block', () => {
  for (const length of [1, 63, 64, 65, 300]) {
    const secret = Buffer.alloc(length, 'key');
    const request = makeRequest(secret, { attributes: [text(ATTRIBUTE.userName, 'nemo')] });
    const at = read(request).find(ATTRIBUTE.messageAuthenticator) + 2;
    const zeroed = Buffer.from(request).fill(0, at, at + 16);
    const expected = createHmac('md5', secret).update(zeroed).digest();
    assert.deepEqual(request.subarray(at, at + 16), expected, String(length));
  }
});

test('of two Message-Authenticators none is right, and one of another length is wrong', () => {
  const twice = makeRequest(SECRET, {
    attributes: [{ type: ATTRIBUTE.messageAuthenticator, value: Buffer.alloc(16) }],
  });
  assert.equal(checkMessageAuthenticator(read(twice), SECRET), 'wrong');
  const short = makeRequest(SECRET, {
    attributes: [{ type: ATTRIBUTE.messageAuthenticator, value: Buffer.alloc(4) }],
    signed: false,
  });
  assert.equal(checkMessageAuthenticator(read(short), SECRET), 'wrong');
});

test('an Accounting-Request is known by its authenticator', () => {
  const request = makeRequest(SECRET, { code: CODE.accountingRequest, attributes: [text(ATTRIBUTE.userName, 'nemo')] });
  assert.equal(checkSum(read(request), SECRET), true);
  assert.equal(checkMessageAuthenticator(read(request), SECRET), 'right');
  assert.equal(checkSum(read(request), Buffer.from('other')), false);
});

test('an answer is signed, its Message-Authenticator is first and its Proxy-States are those of the request, in their order', () => {
  const states = ['one', 'two', 'one'].map((value) => text(ATTRIBUTE.proxyState, value));
  const request = read(makePapRequest(SECRET, 'nemo', 'arctangent', { identifier: 7, attributes: states }));
  const attributes = [numberAttribute(ATTRIBUTE.sessionTimeout, 3600)];
  const reply = read(writeReply(CODE.accessAccept, request, SECRET, attributes)!);
  assert.deepEqual([reply.code, reply.identifier, reply.number(ATTRIBUTE.sessionTimeout)], [2, 7, 3600]);
  assert.equal(reply.find(ATTRIBUTE.messageAuthenticator), 20);
  assert.deepEqual([...reply.all(ATTRIBUTE.proxyState)].map(String), ['one', 'two', 'one']);
  assert.deepEqual(packetDigest(reply.bytes, request.authenticator, SECRET), reply.authenticator);
  const asRequest = Buffer.from(reply.bytes);
  request.authenticator.copy(asRequest, 4);
  assert.equal(checkMessageAuthenticator(read(asRequest), SECRET), 'right');
});

test('an answer that does not fit a packet is none', () => {
  const states = Array.from({ length: 16 }, () => text(ATTRIBUTE.proxyState, 'x'.repeat(249)));
  const request = read(makeRequest(SECRET, { attributes: states }));
  assert.ok(writeReply(CODE.accessReject, request, SECRET, []));
  const message = textAttributes(ATTRIBUTE.replyMessage, 'x'.repeat(100));
  assert.equal(writeReply(CODE.accessReject, request, SECRET, message), undefined);
});

test('a long text goes into several attributes, none cut within a character', () => {
  const long = 'ü'.repeat(300);
  const values = textAttributes(ATTRIBUTE.replyMessage, long).map(({ value }) => value);
  assert.deepEqual(
    values.map(({ length }) => length),
    [252, 252, 96],
  );
  assert.equal(values.map(String).join(''), long);
});

test('passwords of up to 128 bytes come back as they were; longer ones are not hidden', () => {
  const authenticator = Buffer.alloc(16, 7);
  for (const length of [0, 1, 15, 16, 17, 127, 128]) {
    const password = Buffer.alloc(length, 'é');
    const hidden = hidePassword(password, authenticator, SECRET);
    assert.deepEqual(revealPassword(hidden, authenticator, SECRET), password);
  }
  assert.throws(() => hidePassword(Buffer.alloc(129), authenticator, SECRET), RangeError);
  for (const length of [0, 15, 17, 144])
    assert.equal(revealPassword(Buffer.alloc(length), authenticator, SECRET), undefined);
});

test('attributes of vendors are read where they are packed as RFC 2865 asks', () => {
  const microsoft = (...more: number[]) => ({
    type: ATTRIBUTE.vendorSpecific,
    value: Buffer.from([0, 0, 1, 55, ...more]),
  });
  const packet = read(
    makeRequest(SECRET, { attributes: [microsoft(), microsoft(11, 1), microsoft(11, 4, 8, 9, 25, 3, 5)] }),
  );
  assert.deepEqual(packet.vendor(311, 11), Buffer.of(8, 9));
  assert.deepEqual(packet.vendor(311, 25), Buffer.of(5));
  assert.equal(packet.vendor(311, 26), undefined);
  assert.equal(packet.vendor(9, 11), undefined);
});

test('what is no packet is told, and padding is left out', () => {
  const header = (length: number, ...attributes: number[]) =>
    Buffer.concat([Buffer.of(1, 1, length >> 8, length & 255), Buffer.alloc(16), Buffer.from(attributes)]);
  assert.equal(readPacket(Buffer.alloc(19)), 'short');
  assert.equal(readPacket(header(19)), 'length');
  assert.equal(readPacket(header(21)), 'length');
  assert.equal(readPacket(Buffer.concat([header(MAX_PACKET + 1), Buffer.alloc(8192)])), 'length');
  assert.equal(readPacket(header(21, 1)), 'attribute');
  assert.equal(readPacket(header(22, 1, 1)), 'attribute');
  assert.equal(readPacket(header(22, 1, 3)), 'attribute');
  assert.equal(readPacket(header(22, 0, 2)), 'attribute');
  const many = Array.from({ length: 251 }, () => [18, 2]).flat();
  assert.equal(readPacket(header(20 + many.length, ...many)), 'crowded');
  assert.equal(read(header(20, 1, 2, 3)).bytes.length, 20);
});

test('whatever comes, nothing is thrown, and what is read lies within the packet', () => {
  const anything = fc.uint8Array({ maxLength: 300 }).map((data) => Buffer.from(data));
  const framed = fc.array(fc.tuple(fc.integer({ min: 0, max: 100 }), fc.uint8Array({ maxLength: 20 })), {
    maxLength: 20,
  });
  const almost = framed.map((attributes) =>
    makeRequest(SECRET, { attributes: attributes.map(([type, value]) => ({ type, value: Buffer.from(value) })) }),
  );
  const bent = fc.tuple(almost, fc.nat(), fc.nat({ max: 255 })).map(([packet, at, value]) => {
    packet[at % packet.length] = value;
    return packet;
  });
  fc.assert(
    fc.property(fc.oneof(anything, almost, bent), (datagram) => {
      const packet = readPacket(datagram);
      if (!(packet instanceof Packet)) return;
      let length = 20;
      for (let type = 1; type < 256; type++) for (const value of packet.all(type)) length += 2 + value.length;
      assert.equal(length, packet.bytes.length);
      packet.vendor(311, 11);
      packet.text(ATTRIBUTE.userName);
      checkMessageAuthenticator(packet, SECRET);
      checkSum(packet, SECRET);
      const hidden = packet.first(ATTRIBUTE.userPassword);
      if (hidden) revealPassword(hidden, packet.authenticator, SECRET);
      const reply = writeReply(CODE.accessReject, packet, SECRET, []);
      assert.ok(reply === undefined || readPacket(reply) instanceof Packet);
    }),
    { numRuns: 3000, seed: 20_261_122 },
  );
});
