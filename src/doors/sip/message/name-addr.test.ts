import assert from 'node:assert/strict';
import { test } from 'node:test';
import { word } from './chars.ts';
import { type NameAddr, param, parseNameAddr, parseNameAddrs } from './name-addr.ts';

const paramsOf = (text: string, { paramsStart, paramsEnd }: NameAddr) => text.slice(paramsStart, paramsEnd);

const PARTS: [string, string, string, string][] = [
  ['"A \\" <b>, c" <sip:a@b;x=y>;tag=1', '"A \\" <b>, c"', 'sip:a@b;x=y', ';tag=1'],
  ['  Two Words  <sip:a@b>  ', 'Two Words', 'sip:a@b', ''],
  ['sip:a@b;tag=1 ', '', 'sip:a@b', ';tag=1'],
  ['<sip:a@b>', '', 'sip:a@b', ''],
  ['<sip:a,b@c>;x="d,e"', '', 'sip:a,b@c', ';x="d,e"'],
  ['*', '', '*', ''],
];
for (const [text, display, uri, params] of PARTS) {
  test(`takes apart ${text}`, () => {
    const one = parseNameAddr(text)!;
    assert.deepEqual([one.display, one.uri, paramsOf(text, one), one.end], [display, uri, params, text.length]);
    assert.equal(text.slice(one.uriStart, one.uriStart + uri.length), uri);
  });
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
  const text = '"a, b" <sip:a,x@h>;p="c,d" , sip:e@h;q=1,<sip:f@h>';
  assert.deepEqual(
    parseNameAddrs(text)?.map((one) => [one.uri, paramsOf(text, one)]),
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
  const find = (name: string) => param(params, { paramsStart: 0, paramsEnd: params.length }, word(name));
  assert.equal(find('tag'), 'yes');
  assert.equal(find('x'), 'a;tag=no"t');
  assert.equal(find('flag'), '');
  assert.equal(find('+sip.instance'), '<urn:uuid:1>');
  assert.equal(find('ta'), undefined);
  assert.equal(param('', { paramsStart: 0, paramsEnd: 0 }, word('tag')), undefined);
});
