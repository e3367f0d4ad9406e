/** MS-CHAP against the examples of RFC 1320, 2433, 2759 and 3079. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { md4 } from './md4.ts';
import { challengeResponse, fitsMsChap, type MsChapResponse, msChapKeys, ntPasswordHash } from './ms-chap.ts';

const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');

test('MD4 gives the digests of RFC 1320 section A.5', () => {
  const digests = {
    '': '31d6cfe0d16ae931b73c59d7e0c089c0',
    a: 'bde52cb31de33e46245e05fbdbd6fb24',
    abc: 'a448017aaf21d8525fc10ae87aa6729d',
    'message digest': 'd9130a8164549fe818874806e1c7014b',
    abcdefghijklmnopqrstuvwxyz: 'd79e1c308aa5bbcdeea8ed63df412da9',
    ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789: '043f8582f241db351ce627e153e7f0e4',
    '12345678901234567890123456789012345678901234567890123456789012345678901234567890':
      'e33b4ddc9c38f2199c3e7b164fcc0536',
  };
  for (const [text, digest] of Object.entries(digests)) assert.equal(md4(Buffer.from(text)).toString('hex'), digest);
  for (const length of [55, 56, 63, 64, 119, 120]) assert.equal(md4(Buffer.alloc(length)).length, 16);
});

/** RFC 2759 section 9.2. */
const GIVEN: MsChapResponse = {
  version: 2,
  username: 'User',
  challenge: bytes('5b 5d 7c 7d 7b 3f 2f 3e 3c 2c 60 21 32 26 26 28'),
  peerChallenge: bytes('21 40 23 24 25 5e 26 2a 28 29 5f 2b 3a 33 7c 7e'),
  response: bytes('82 30 9e cd 8d 70 8b 5e a0 8f aa 39 81 cd 83 54 42 33 11 4a 3d 85 d6 df'),
};

test('version 2: the response, its answer and the keys are those of RFC 2759 section 9.2 and RFC 3079 section 3.5.3', () => {
  assert.equal(ntPasswordHash('clientPass').toString('hex'), '44ebba8d5312b8d611474411f56989ae');
  assert.equal(fitsMsChap(GIVEN, 'clientPass'), true);
  const { success, send, receive } = msChapKeys(GIVEN, 'clientPass');
  assert.equal(success, 'S=407A5589115FD0D6209F510FE9C04566932CDA56');
  assert.equal(send.toString('hex'), '8b7cdc149b993a1ba118cb153f56dccb');
  assert.equal(receive.toString('hex'), 'd5f0e9521e3ea9589645e86051c82226');
});

test('version 1: the response is that of RFC 2433 section B', () => {
  const challenge = bytes('10 2d b5 df 08 5d 30 41');
  const response = bytes('4e 9d 3c 8f 9c fd 38 5d 5b f4 d3 24 67 91 95 6c a4 c3 51 ab 40 9a 3d 61');
  assert.deepEqual(challengeResponse(challenge, ntPasswordHash('MyPw')), response);
  const given = { version: 1, username: '', challenge, peerChallenge: Buffer.alloc(0), response } as const;
  assert.equal(fitsMsChap(given, 'MyPw'), true);
  assert.equal(msChapKeys(given, 'clientPass').send.toString('hex'), '41c00c584bd2d91c4017a2a12fa59f3f');
});

test('another password, name or challenge does not fit, nor does a response that was cut', () => {
  assert.equal(fitsMsChap(GIVEN, 'clientpass'), false);
  assert.equal(fitsMsChap({ ...GIVEN, username: 'user' }, 'clientPass'), false);
  assert.equal(fitsMsChap({ ...GIVEN, challenge: Buffer.alloc(16) }, 'clientPass'), false);
  assert.equal(fitsMsChap({ ...GIVEN, response: GIVEN.response.subarray(0, 23) }, 'clientPass'), false);
});
