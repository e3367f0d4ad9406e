/** The checks in their order: each header is right up to one point, and the result tells which check stopped it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ticket } from '../../../../core/gate/types.ts';
import { checkDigest } from '../../../../core/proofs/digest.ts';
import { digestHa1 } from '../../../../core/proofs/digest-hash.ts';
import { request } from '../lab.ts';
import { zeroDigestCounters } from './counters.ts';
import { DigestRuleBook } from './digest-rules.ts';
import { examine, type Found } from './examine.ts';
import { PROXY, WWW } from './header-pair.ts';
import { Nonces } from './nonce.ts';
import type { AuthSettings } from './settings.ts';

const NOW = 1_000_000_000_000;
const settings: AuthSettings = {
  nonces: new Nonces('s', 300, 0),
  realmPrefix: '',
  rules: new DigestRuleBook(),
  counters: zeroDigestCounters(),
};
const strong: AuthSettings = {
  ...settings,
  rules: new DigestRuleBook({ algorithms: ['SHA-512-256', 'SHA-256'], authInt: false, oneTime: false }),
};
const nonce = settings.nonces.create(NOW);

const good = {
  username: '"1000"',
  realm: '"example.com"',
  nonce: `"${nonce}"`,
  uri: '"sip:example.com"',
  response: '"0123456789abcdef0123456789abcdef"',
};

function digest(change: Record<string, string | undefined> = {}): string {
  const fields = Object.entries({ ...good, ...change }).filter(([, value]) => value !== undefined);
  return `Authorization: Digest ${fields.map(([name, value]) => `${name}=${value}`).join(', ')}`;
}

function examined(
  lines: string[],
  options: { start?: string; realm?: string; body?: string; settings?: AuthSettings } = {},
) {
  const built = request(options.start ?? 'REGISTER sip:example.com', lines, { body: options.body ?? '' });
  return {
    result: examine(built.run, WWW, options.realm ?? '', options.settings ?? settings, NOW),
    replies: built.host.replies,
  };
}

function found(lines: string[], body = ''): Found {
  const { result } = examined(lines, { body });
  assert.ok(typeof result !== 'number', `stopped with ${result}`);
  return result;
}

test('ACK and CANCEL are authorised, whatever they bring', () => {
  for (const method of ['ACK', 'CANCEL']) {
    assert.equal(examined(['Authorization: rubbish', 'From: <tel:1>'], { start: `${method} sip:x` }).result, 1);
  }
});

for (const [name, lines, result] of [
  ['no header', [], -4],
  ['another realm', [digest({ realm: '"example.org"' })], -4],
  ['another scheme', ['Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=='], -4],
  ['the header of the other pair', [digest().replace('Authorization', 'Proxy-Authorization')], -4],
  ['no realm', [digest({ realm: undefined })], -4],
  ['another realm with a bad nonce', [digest({ realm: '"example.org"', nonce: '"x"' })], -4],
  ['nonce of another length', [digest({ nonce: '"abc"' })], -3],
  ['nonce with another hash', [digest({ nonce: `"${nonce.slice(0, -1)}x"` })], -3],
] as const) {
  test(`${name}: ${result}, and no reply`, () => {
    const { result: got, replies } = examined([...lines]);
    assert.equal(got, result);
    assert.deepEqual(replies, []);
  });
}

for (const [name, line] of [
  ['malformed', 'Authorization: Digest username="1000'],
  ['no username', digest({ username: undefined })],
  ['empty username', digest({ username: '"@example.com"' })],
  ['no nonce', digest({ nonce: undefined })],
  ['no uri', digest({ uri: undefined })],
  ['no response', digest({ response: undefined })],
  ['qop without cnonce', digest({ qop: 'auth', nc: '00000001' })],
  ['qop without nc', digest({ qop: 'auth', cnonce: '"c"' })],
  ['qop with a count that is none', digest({ qop: 'auth', cnonce: '"c"', nc: '0000000g' })],
  ['unknown qop', digest({ qop: 'auth-conf', cnonce: '"c"', nc: '00000001' })],
  ['username of another domain', digest({ username: '"1000@example.org"' })],
  ['all of it wrong, the nonce too', digest({ uri: undefined, nonce: '"abc"' })],
] as const) {
  test(`${name}: 400 and the end`, () => {
    const { result, replies } = examined([line]);
    assert.equal(result, 0);
    assert.deepEqual(replies, [{ status: 400, reason: 'Bad Request', headers: '' }]);
  });
}

test('a realm that cannot be found out: 400', () => {
  const { result, replies } = examined([digest(), 'To: <tel:+1234>']);
  assert.deepEqual([result, replies[0]!.status], [0, 400]);
});

test('all headers are scanned; realms match in any case', () => {
  const lines = [digest({ realm: '"other"' }), digest({ realm: '"EXAMPLE.com"', username: '"second"' }), digest()];
  const { header, user, proof } = found(lines);
  assert.deepEqual([user, proof.realm], ['second', 'EXAMPLE.com']);
  assert.match(request('REGISTER sip:example.com', lines).run.message.lineAt(header), /second/);
});

test('an explicit realm goes before the domain of the request', () => {
  const { result } = examined([digest({ realm: '"siphub.net"' })], { realm: 'SipHub.net' });
  assert.ok(typeof result === 'object' && result.proof.realm === 'siphub.net');
  assert.equal(examined([digest()], { realm: 'siphub.net' }).result, -4);
});

test('proxy credentials go by the From domain', () => {
  const lines = ['From: <sip:a@from.example>;tag=f', digest({ realm: '"from.example"' }).replace('Auth', 'Proxy-Auth')];
  const { run } = request('REGISTER sip:example.com', lines);
  assert.equal(typeof examine(run, PROXY, '', settings, NOW), 'object');
});

test('a username with its domain is kept whole for the hash', () => {
  const { user, proof } = found([digest({ username: '"1000@EXAMPLE.com"' })]);
  assert.deepEqual([user, proof.username], ['1000', '1000@EXAMPLE.com']);
});

test('what the gate gets without qop', () => {
  assert.deepEqual(found([digest({ response: good.response.toUpperCase() })], 'body').proof, {
    kind: 'digest',
    algorithm: 'MD5',
    username: '1000',
    realm: 'example.com',
    nonce,
    uri: 'sip:example.com',
    method: 'REGISTER',
    response: '0123456789abcdef0123456789abcdef',
    qop: undefined,
    cnonce: '',
    nc: '',
    ncValue: 0,
    body: '',
    replay: 'none',
    expired: false,
  });
});

test('what it gets with auth-int', () => {
  const change = { qop: '"auth-int"', nc: '0000000A', cnonce: '"c"', algorithm: 'md5' };
  const { proof } = found([digest(change)], 'v=0');
  const { qop, nc, ncValue, cnonce, body, algorithm, replay } = proof;
  assert.deepEqual(
    { qop, nc, ncValue, cnonce, body, algorithm, replay },
    { qop: 'auth-int', nc: '0000000A', ncValue: 10, cnonce: 'c', body: 'v=0', algorithm: 'MD5', replay: 'count' },
  );
});

test('an algorithm that was not asked for is as no credentials, and counted; the header with another is found', () => {
  const before = settings.counters.otherAlgorithm;
  const sha = digest({ algorithm: 'sha-256', username: '"second"' });
  for (const algorithm of ['SHA-256', '"MD5-sess"', 'md5x']) assert.equal(examined([digest({ algorithm })]).result, -4);
  assert.equal(examined([digest()], { settings: strong }).result, -4, 'none is MD5');
  assert.equal(settings.counters.otherAlgorithm, before + 4);
  const { result } = examined([digest(), sha], { settings: strong });
  assert.ok(typeof result !== 'number');
  assert.deepEqual([result.proof.username, result.proof.algorithm], ['second', 'SHA-256']);
});

test('a nonce that is good for one: others are as expired, and a second look is no second use', () => {
  const once = { ...settings, rules: new DigestRuleBook({ algorithms: ['MD5'], authInt: false, oneTime: true }) };
  const own = settings.nonces.createForOne(NOW);
  const built = request('REGISTER sip:example.com', [digest({ nonce: `"${own}"` })]);
  const look = () => {
    const result = examine(built.run, WWW, '', once, NOW);
    assert.ok(typeof result !== 'number');
    return [result.proof.replay, result.proof.expired];
  };
  assert.deepEqual(look(), ['nonce', false]);
  const header = built.run.message.indexOf(WWW.credentials);
  built.run.authorised = { header, username: 'u', user: 'u', realm: 'r', ticket: {} as Ticket };
  assert.deepEqual(look(), ['none', false]);
  const { result } = examined([digest()], { settings: once });
  assert.ok(typeof result !== 'number' && result.proof.expired);
});

test('a uri that is not the Request-URI is taken, and counted', () => {
  const before = settings.counters.otherUri;
  found([digest()]);
  found([digest({ uri: '"sip:example.com;transport=udp"' })]);
  assert.equal(settings.counters.otherUri, before + 1);
});

test('an expired nonce is marked, and does not stop', () => {
  const old = settings.nonces.create(NOW - 301_000);
  assert.equal(found([digest({ nonce: `"${old}"` })]).proof.expired, true);
});

// Their nonces are not of our form, so the check of the nonce is left out.
const anyNonce = { check: () => 'good' } as unknown as Nonces;
const COMMON = 'qop=auth, nc=00000001';
for (const [name, realm, line, password] of [
  [
    'RFC 2617 section 3.5',
    'testrealm@host.com',
    `username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="/dir/index.html",
      ${COMMON}, cnonce="0a4f113b", response="6629fae49393a05397450978507c4ef1", opaque="5ccc069c403ebaf9f0171e9517f40e41"`,
    'Circle Of Life',
  ],
  [
    'RFC 7616 section 3.9.1, MD5',
    'http-auth@example.org',
    `username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=MD5,
      nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", ${COMMON}, cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
      response="8ca523f5e9506fed4657c9700eebdbec", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`,
    'Circle of Life',
  ],
  [
    'RFC 7616 section 3.9.1, SHA-256',
    'http-auth@example.org',
    `username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=SHA-256,
      nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", ${COMMON}, cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
      response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
      opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`,
    'Circle of Life',
  ],
  [
    'RFC 7616 section 3.9.2, SHA-512-256 and username*, the response as in erratum 4897',
    'api@example.org',
    `username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, realm="api@example.org", uri="/doe.json", algorithm=SHA-512-256,
      nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", ${COMMON}, cnonce="NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
      response="3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5",
      opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", userhash=false`,
    'Secret, or not?',
  ],
] as const) {
  test(`${name}: from the header to the response`, () => {
    const { run } = request('GET sip:example.com', [`Authorization: Digest ${line.replace(/\n +/g, '')}`]);
    const rules = new DigestRuleBook({ algorithms: ['MD5', 'SHA-256', 'SHA-512-256'], authInt: false, oneTime: false });
    const result = examine(run, WWW, realm, { ...settings, nonces: anyNonce, rules }, NOW);
    assert.ok(typeof result !== 'number', String(result));
    const { proof } = result;
    assert.ok(checkDigest(proof, digestHa1(proof.username, proof.realm, password, proof.algorithm)));
  });
}
