import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCredentials } from './credentials.ts';

const USUAL =
  'Digest username="desk", realm="hotel.example", nonce="abc", uri="sip:hotel.example", response="0123", algorithm=MD5, ' +
  'cnonce="c", nc=00000001, qop=auth, opaque="o"';
const EXPECTED = {
  scheme: 'digest',
  username: 'desk',
  realm: 'hotel.example',
  nonce: 'abc',
  uri: 'sip:hotel.example',
  response: '0123',
  algorithm: 'MD5',
  cnonce: 'c',
  nc: '00000001',
  qop: 'auth',
  opaque: 'o',
};

const SAME: Record<string, string> = {
  usual: USUAL,
  'without white space': USUAL.replaceAll(', ', ','),
  'with white space everywhere': `\t${USUAL.replaceAll(',', ' \t, ').replaceAll('=', ' = ')}  `,
  'nothing quoted': USUAL.replaceAll('"', ''),
  'everything quoted': USUAL.replace('MD5', '"MD5"').replace('00000001', '"00000001"').replace('=auth', '="auth"'),
  'names in capitals': USUAL.replace(/([a-z]+)=/g, (name) => name.toUpperCase()),
  'the other way round': `DIGEST ${USUAL.slice(7).split(', ').reverse().join(', ')}`,
  'empty elements and unknown ones': USUAL.replace('nonce=', ', ,x="y, realm=\\"z\\"",userhash=false, nonce='),
};
for (const [name, text] of Object.entries(SAME)) test(name, () => assert.deepEqual(parseCredentials(text), EXPECTED));

test('escapes in a quoted string are resolved', () => {
  assert.equal(parseCredentials('Digest username="a\\"b\\\\c"')?.username, 'a"b\\c');
  assert.equal(parseCredentials('Digest username="a\\\\", realm="r"')?.realm, 'r');
});

test('username* gives the bytes of the name', () => {
  const name = (text: string) => parseCredentials(`Digest realm="r", ${text}`)?.username;
  assert.equal(name("username*=UTF-8''J%C3%A4s%C3%B8n%20Doe"), Buffer.from('Jäsøn Doe').toString('latin1'));
  assert.equal(name("USERNAME*=utf-8'de'x%25"), 'x%');
  for (const broken of ["UTF-8''x%4", "UTF-8''%zz", "ISO-8859-1''x", 'x', `UTF-8''x, username="x"`])
    assert.equal(name(`username*=${broken}`), undefined, broken);
});

test('reads within a longer text', () => {
  const text = `xx ${USUAL}\r\nrealm="other"`;
  assert.deepEqual(parseCredentials(text, 3, 3 + USUAL.length), EXPECTED);
});

test('another scheme is reported as such', () => {
  const { scheme, ...rest } = parseCredentials('Basic QWxhZGRpbg==')!;
  assert.equal(scheme, 'basic');
  assert.ok(Object.values(rest).every((value) => value === ''));
});

const BROKEN = [
  ...[
    '',
    ' ',
    ',',
    'Digest=x',
    'Digest username',
    'Digest username=',
    'Digest username="x',
    'Digest ="x"',
    'Digest username="x" y',
  ],
  ...['Digest username="x"realm="y"', 'Digest realm="a", REALM="b"', 'Digest username="x\\"'],
];
for (const text of BROKEN)
  test(`refuses ${JSON.stringify(text)}`, () => assert.equal(parseCredentials(text), undefined));
