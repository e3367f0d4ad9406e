import assert from 'node:assert/strict';
import { test } from 'node:test';
import { word } from './chars.ts';
import { bareHost, parseUri, unescapeUser, uriParam, withoutHeaders } from './uri.ts';

const none = { user: '', password: '', host: '', port: 0, params: '', headers: '' };

const URIS: [string, object][] = [
  ['sip:hotel.example', { ...none, scheme: 'sip', host: 'hotel.example' }],
  ['SIP:Desk@Hotel.Example', { ...none, scheme: 'sip', user: 'Desk', host: 'hotel.example' }],
  [
    'sips:a:pw@b:5061;lr?x=y',
    { scheme: 'sips', user: 'a', password: 'pw', host: 'b', port: 5061, params: ';lr', headers: 'x=y' },
  ],
  ['sip:[2001:DB8::1]:5080;x', { ...none, scheme: 'sip', host: '[2001:db8::1]', port: 5080, params: ';x' }],
  ['sip:a;b=c?d@h', { ...none, scheme: 'sip', user: 'a;b=c?d', host: 'h' }],
  ['sip:h?x=1;y', { ...none, scheme: 'sip', host: 'h', headers: 'x=1;y' }],
  ['tel:+12025550100;phone-context=x', { ...none, scheme: 'tel', user: '+12025550100', params: ';phone-context=x' }],
  ['urn:service:sos', { ...none, scheme: 'urn' }],
];
for (const [text, expected] of URIS) test(`takes apart ${text}`, () => assert.deepEqual(parseUri(text), expected));

const REFUSED = [
  ...[
    '',
    'sip',
    'sip:',
    'sip:@h',
    'sip::pw@h',
    'sip:a@',
    'sip:a@b@c',
    'sip:a b@h',
    'sip:a@h\r\n',
    'sip:a@h\0',
    'sip:h:',
  ],
  ...[
    'sip:h:0',
    'sip:h:65536',
    'sip:h:x',
    'sip:h x',
    'sip:<h>',
    'sip:"h"',
    'sip:[::1',
    'sip:[1]',
    'sip:h/x',
    '1sip:h',
    'tel:;x',
  ],
];
for (const text of REFUSED) test(`refuses ${JSON.stringify(text)}`, () => assert.equal(parseUri(text), undefined));

test('finds parameters in any case, with and without value', () => {
  const uri = parseUri('sip:h;LR;transport=TCP;empty=;r2=on')!;
  assert.equal(uriParam(uri, word('lr')), '');
  assert.equal(uriParam(uri, word('transport')), 'TCP');
  assert.equal(uriParam(uri, word('empty')), '');
  assert.equal(uriParam(uri, word('r2')), 'on');
  assert.equal(uriParam(uri, word('r')), undefined);
  assert.equal(uriParam(parseUri('sip:h')!, word('lr')), undefined);
});

test('resolves escapes once, and leaves what is none', () => {
  assert.equal(unescapeUser('plain'), 'plain');
  assert.equal(unescapeUser('%64%65sk'), 'desk');
  assert.equal(unescapeUser('%2541%4'), '%41%4');
  assert.equal(unescapeUser('100%zz%'), '100%zz%');
});

test('takes the brackets off', () => {
  assert.equal(bareHost('[::1]'), '::1');
  assert.equal(bareHost('h'), 'h');
});

test('a contact becomes a Request-URI without its headers; a question mark in the user part stays', () => {
  assert.equal(
    withoutHeaders('sip:a@b.example:5070;transport=tcp?Subject=x&Priority=urgent'),
    'sip:a@b.example:5070;transport=tcp',
  );
  assert.equal(withoutHeaders('sip:a?b@c.example'), 'sip:a?b@c.example');
  assert.equal(withoutHeaders('sip:a?b@c.example?d=e'), 'sip:a?b@c.example');
  assert.equal(withoutHeaders('sip:a@b.example'), 'sip:a@b.example');
});
