/** Dictionaries: what is read, what is written, and what no file may do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Dictionary, writeAttribute } from './dictionary.ts';
import { readDictionary } from './read.ts';
import { standardDictionary } from './standard.ts';

function read(files: Record<string, string>, first = '/d/main'): Dictionary {
  const dictionary = new Dictionary();
  readDictionary(first, dictionary, (path) => {
    const text = files[path];
    if (text === undefined) throw new Error('there is none');
    return text;
  });
  return dictionary;
}

function hex(dictionary: Dictionary, name: string, value: string): string {
  const written = writeAttribute(dictionary.attribute(name)!, value);
  return typeof written === 'string' ? written : `${written.type} ${written.value.toString('hex')}`;
}

const MAIN = `
# comment
VENDOR Airespace 14179
$INCLUDE  more   # and another file
$INCLUDE- nothing
BEGIN-VENDOR Airespace
ATTRIBUTE Airespace-WLAN-Id 1 integer
ATTRIBUTE Airespace-Interface-Name 5 string
ATTRIBUTE Airespace-Secret 6 string encrypt=2
END-VENDOR Airespace
`;
const MORE = `
ATTRIBUTE	Service-Type	6	integer
VALUE	Service-Type	Framed-User	2
ATTRIBUTE	Tunnel-Type	64	integer	has_tag
VALUE	Tunnel-Type	VLAN	13
ATTRIBUTE	Extended	241.1	ipaddr
BEGIN-TLV Something
ATTRIBUTE	Within	1	string
END-TLV Something
`;

test('attributes, words and vendors are read over several files', () => {
  const dictionary = read({ '/d/main': MAIN, '/d/more': MORE });
  assert.equal(hex(dictionary, 'service-type', 'framed-user'), '6 00000002');
  assert.equal(hex(dictionary, 'Tunnel-Type', 'VLAN'), '64 0000000d');
  assert.equal(hex(dictionary, 'Airespace-WLAN-Id', '7'), '26 00003763010600000007');
  assert.equal(hex(dictionary, 'Airespace-Interface-Name', 'guest'), '26 0000376305076775657374');
  assert.match(hex(dictionary, 'Airespace-Secret', 'x'), /secret/);
  assert.match(hex(dictionary, 'Service-Type', 'nobody'), /is not a number, or one of: framed-user/);
  assert.deepEqual([dictionary.attribute('Extended'), dictionary.attribute('Within')], [undefined, undefined]);
});

test('values of all types are written, and what is none is told', () => {
  const kinds: [kind: string, value: string, bytes: string][] = [
    ['ipaddr', '10.0.0.9', '0a000009'],
    ['ipv6addr', '2001:db8::7', '20010db8000000000000000000000007'],
    ['ipv6addr', '::ffff:1.2.3.4', '00000000000000000000ffff01020304'],
    ['ipv4prefix', '192.0.2.0/24', '0018c0000200'],
    ['ipv6prefix', '2001:db8::/32', '002020010db8000000000000000000000000'],
    ['octets', '0x00ff', '00ff'],
    ['short', '258', '0102'],
    ['byte', '7', '07'],
    ['signed', '-1', 'ffffffff'],
    ['integer64', '18446744073709551615', 'ffffffffffffffff'],
    ['ether', '02-00-5e-10-00-01', '02005e100001'],
    ['ifid', '0000:0000:0000:0001', '0000000000000001'],
    ['string', 'ü', 'c3bc'],
  ];
  for (const [kind, value, bytes] of kinds) {
    const dictionary = read({ '/d/main': `ATTRIBUTE A 9 ${kind}` });
    assert.equal(hex(dictionary, 'A', value), `9 ${bytes}`, kind);
    if (kind !== 'string') assert.match(hex(dictionary, 'A', 'not so'), / is not /, kind);
  }
  const dictionary = read({ '/d/main': 'ATTRIBUTE A 9 string\nATTRIBUTE B 9 abinary\nATTRIBUTE C 9 byte' });
  assert.match(hex(dictionary, 'A', 'x'.repeat(254)), /too long/);
  assert.match(hex(dictionary, 'B', 'x'), /type abinary/);
  assert.match(hex(dictionary, 'C', '256'), /is not /);
});

test('a file that is missing, includes itself, or has a line that is none, is named with its line', () => {
  const faulty = (files: Record<string, string>, where: string) =>
    assert.throws(() => read(files), { code: 'RADIUS_DICTIONARY', where });
  faulty({ '/d/main': '\n$INCLUDE gone' }, '/d/main:2');
  faulty({ '/d/main': '$INCLUDE main' }, '/d/main:1');
  faulty({ '/d/main': '$INCLUDE a', '/d/a': 'NOTHING x' }, '/d/a:1');
  faulty({ '/d/main': 'BEGIN-VENDOR Nobody' }, '/d/main:1');
  faulty({ '/d/main': 'ATTRIBUTE A x string' }, '/d/main:1');
  faulty({ '/d/main': 'VALUE A b' }, '/d/main:1');
  const deep = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`/d/${i || 'main'}`, `$INCLUDE ${i + 1}`]));
  faulty(deep, '/d/10:1');
});

test('without any file there are the attributes that answers are made of', () => {
  const dictionary = standardDictionary();
  assert.equal(hex(dictionary, 'Callback-Number', '+12025550100'), '19 2b3132303235353530313030');
  assert.equal(hex(dictionary, 'Tunnel-Medium-Type', 'IEEE-802'), '65 00000006');
  assert.equal(hex(dictionary, 'Service-Type', 'Framed'), '6 00000002');
});
