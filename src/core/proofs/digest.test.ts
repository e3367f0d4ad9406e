import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DigestProof } from '../gate/types.ts';
import { checkDigest, digestResponse } from './digest.ts';
import { digestHa1, digestHash } from './digest-hash.ts';

const RFC_2617 = {
  kind: 'digest',
  algorithm: 'MD5',
  username: 'Mufasa',
  realm: 'testrealm@host.com',
  nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
  uri: '/dir/index.html',
  method: 'GET',
  response: '6629fae49393a05397450978507c4ef1',
  qop: 'auth',
  cnonce: '0a4f113b',
  nc: '00000001',
  ncValue: 1,
  body: '',
  replay: 'none',
  expired: false,
} as const satisfies DigestProof;

const RFC_7616 = {
  ...RFC_2617,
  realm: 'http-auth@example.org',
  nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
  cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
  response: '8ca523f5e9506fed4657c9700eebdbec',
};

/** RFC 7616 section 3.9.2 with the response of erratum 4897: the printed one is no SHA-512/256. */
const RFC_7616_UTF8: DigestProof = {
  ...RFC_2617,
  algorithm: 'SHA-512-256',
  username: Buffer.from('Jäsøn Doe').toString('latin1'),
  realm: 'api@example.org',
  uri: '/doe.json',
  nonce: '5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK',
  cnonce: 'NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v',
  response: '3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5',
};

const VECTORS: [string, DigestProof, string][] = [
  ['RFC 2617 section 3.5', RFC_2617, 'Circle Of Life'],
  ['RFC 7616 section 3.9.1, MD5', RFC_7616, 'Circle of Life'],
  [
    'RFC 7616 section 3.9.1, SHA-256',
    {
      ...RFC_7616,
      algorithm: 'SHA-256',
      response: '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1',
    },
    'Circle of Life',
  ],
  ['RFC 7616 section 3.9.2, SHA-512-256', RFC_7616_UTF8, 'Secret, or not?'],
];

for (const [name, proof, password] of VECTORS) {
  test(`${name}: the response is right, and any other is wrong`, () => {
    const ha1 = digestHa1(proof.username, proof.realm, password, proof.algorithm);
    assert.equal(digestResponse(proof, ha1), proof.response);
    assert.equal(checkDigest(proof, ha1), true);
    assert.equal(
      checkDigest({ ...proof, response: proof.response.replace(/.$/, (c) => (c === '0' ? '1' : '0')) }, ha1),
      false,
    );
    assert.equal(checkDigest({ ...proof, response: proof.response.slice(0, -1) }, ha1), false);
    assert.equal(checkDigest({ ...proof, method: 'POST' }, ha1), false);
  });
}

test('SHA-512-256 of RFC 8760 is the FIPS 180-4 function, not a cut SHA-512', () => {
  assert.equal(digestHash('abc', 'SHA-512-256'), '53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23');
});

test('without qop the response is that of RFC 2069', () => {
  // HA1 and HA2 of RFC 2617's example, joined as RFC 2069 says.
  const ha1 = '939e7578ed9e3c518a452acee763bce9';
  const response = digestHash(`${ha1}:${RFC_2617.nonce}:39aff3a2bab6126f332b942af96d3366`, 'MD5');
  assert.equal(checkDigest({ ...RFC_2617, qop: undefined, response }, ha1), true);
  assert.equal(checkDigest({ ...RFC_2617, response }, ha1), false);
});

test('auth-int covers the bytes of the body', () => {
  const ha1 = '939e7578ed9e3c518a452acee763bce9';
  const body = Buffer.from('grüße').toString('latin1');
  const ha2 = digestHash(`GET:/dir/index.html:${digestHash(body, 'MD5')}`, 'MD5');
  const response = digestHash(`${ha1}:${RFC_2617.nonce}:00000001:0a4f113b:auth-int:${ha2}`, 'MD5');
  const proof = { ...RFC_2617, qop: 'auth-int', body, response } as const;
  assert.equal(checkDigest(proof, ha1), true);
  assert.equal(checkDigest({ ...proof, body: `${body}.` }, ha1), false);
});

test('wire texts are hashed as their bytes', () => {
  assert.equal(digestHash('\xc3\xa4', 'MD5'), '8419b71c87a225a2c70b50486fbee545'); // md5 of ä in UTF-8
});
