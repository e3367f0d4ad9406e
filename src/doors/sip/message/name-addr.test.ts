import assert from 'node:assert/strict';
import { test } from 'node:test';
import { param, parseNameAddr, parseNameAddrs } from './name-addr.ts';

const PARTS: [string, string, string, string][] = [
  ['"A \\" <b>, c" <sip:a@b;x=y>;tag=1', '"A \\" <b>, c"', 'sip:a@b;x=y', ';tag=1'],
  ['  Two Words  <sip:a@b>  ', 'Two Words', 'sip:a@b', ''],
  ['sip:a@b;tag=1', '', 'sip:a@b', ';tag=1'],
  ['<sip:a@b>', '', 'sip:a@b', ''],
  ['<sip:a,b@c>;x="d,e"', '', 'sip:a,b@c', ';x="d,e"'],
  ['*', '', '*', ''],
];
for (const [text, display, uri, params] of PARTS) {
  test(`takes apart ${text}`, () => assert.deepEqual(parseNameAddr(text), { display, uri, params, end: text.length }));
}

for (const text of [
  '',
  ' ',
  '<>',
  '<a>',
  '< sip:a@b>',
  '<sip:a@b',
  '"x" sip:a@b',
  '"x',
  'sip:a@b?c=d',
  '<sip:a@b> x',
  '<sip:a@b>;"',
]) {
  test(`refuses ${JSON.stringify(text)}`, () => assert.equal(parseNameAddr(text), undefined));
}

test('a list ends at commas outside quotes and brackets only', () => {
  const list = parseNameAddrs('"a, b" <sip:a,x@h>;p="c,d" , sip:e@h;q=1,<sip:f@h>');
  assert.deepEqual(
    list?.map((one) => [one.uri, one.params]),
    [
      ['sip:a,x@h', ';p="c,d"'],
      ['sip:e@h', ';q=1'],
      ['sip:f@h', ''],
    ],
  );
  assert.equal(parseNameAddrs('<sip:a@h>,'), undefined);
  assert.equal(parseNameAddrs(''), undefined);
});

test('finds parameters, quoted or not, with white space, never inside quotes', () => {
  const params = '; x="a;tag=no\\"t" ;TAG = yes ;flag;+sip.instance="<urn:uuid:1>"';
  assert.equal(param(params, 'tag'), 'yes');
  assert.equal(param(params, 'x'), 'a;tag=no"t');
  assert.equal(param(params, 'flag'), '');
  assert.equal(param(params, '+sip.instance'), '<urn:uuid:1>');
  assert.equal(param(params, 'ta'), undefined);
  assert.equal(param('', 'tag'), undefined);
});
