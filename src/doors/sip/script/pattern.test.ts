import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Pattern, PatternError } from './pattern.ts';

const TABLE: [pattern: string, text: string, matches: boolean][] = [
  ['^sip:.*@example\\.org$', 'SIP:alice@Example.Org', true],
  ['^sip:.*@example\\.org$', 'sip:alice@example.org:5060', false],
  ['^auth_db|uri_db|usrloc$', 'my_uri_db_2', true],
  ['^auth_db|uri_db|usrloc$', 'xauth_db', false],
  ['^[0-9]{3,4}$', '12', false],
  ['^[0-9]{3,4}$', '1234', true],
  ['^[0-9]{3,4}$', '12345', false],
  ['^[[:alpha:]]+$', 'abcXYZ', true],
  ['^[^]a]$', ']', false],
  ['^[^]a]$', 'b', true],
  ['a-[x-]', 'A--', true],
  ['^$', '', true],
  ['^$', 'x', false],
  ['(a|ab)(c|bcd)$', 'xabcd', true],
  ['x+?', '', true],
  ['a$b', 'ab', false],
];

test('patterns match as POSIX says', () => {
  for (const [pattern, text, matches] of TABLE)
    assert.equal(new Pattern(pattern).test(text), matches, `${pattern} on ${text}`);
});

test('what is not POSIX, or broken, is refused', () => {
  for (const bad of [
    '(a',
    'a)',
    '[a',
    '*a',
    'a{2,1}',
    '\\d',
    '(?:a)',
    'a\\',
    '[[:alhpa:]]',
    '(((a{200}){200}){200})',
    '\u20ac',
  ]) {
    assert.throws(() => new Pattern(bad), PatternError, bad);
  }
});

test('agrees with the regular expressions of JavaScript on random patterns and texts', () => {
  const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '(a|b)', '(ab|a)', '^', '$');
  const piece = fc
    .tuple(atom, fc.constantFrom('', '', '*', '+', '?', '{1,2}'))
    .map(([a, q]) => (/[\^$]$/.test(a) && a.length === 1 ? a : a + q));
  const pattern = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(pattern, fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 12 }), (source, text) => {
      assert.equal(new Pattern(source).test(text), new RegExp(source, 'is').test(text));
    }),
    { numRuns: 3000 },
  );
});

test('a pattern that makes backtracking explode takes one look per character', () => {
  assert.equal(new Pattern('^(a|aa)+(a*)*(a|a?)+b$').test(`${'a'.repeat(60_000)}c`), false);
});
