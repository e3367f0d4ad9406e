import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Pattern, PatternError } from './pattern.ts';
import { PatternSets } from './pattern-sets.ts';

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
  ['^[[.-.]]+$', '--', true],
  ['^[[.hyphen.][.period.]]+$', '-.', true],
  ['^[a-[.c.]]+$', 'abC', true],
  ['^[[=a=]b]+$', 'Aab', true],
  ['^[[=a=]]$', '=', false],
  ['^a{,2}$', '', true],
  ['^a{,2}$', 'aaa', false],
  ['^(a|)$', '', true],
  ['^[]-]+$', ']-', true],
  ['^[--/]+$', '-./', true],
  ['^\\w+\\s\\W\\S$', 'a_1 =x', true],
  ['\\W', 'a_1', false],
  ['^a|$', 'xyz', true],
  ['^a', 'ba', false],
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
    '(a{200}b{200}c{200}d{200}){10}',
    '(a?){250}',
    '((((a?){99}){99}){99}){99}',
    'a{}',
    'a{,}',
    'a\\<b',
    'b\\>',
    'a\\1',
    '[[.nothing.]]',
    '[[.a',
    '[[:alpha:',
    '[[:constructor:]]',
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

test('a text for which the table has no room is walked to the same end, line by line, too', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', 'b', 'a', 'b', 'a', 'b', '\n', '\r\n'),
    minLength: 300,
    maxLength: 600,
  });
  const head = fc.constantFrom('', '^', '^b', '(^|b)', '[ab]*');
  const tail = fc.constantFrom('', 'c', '$', 'c$', '(b|c)$', 'c?$', '(c|$)', '(ba?|c)*c');
  fc.assert(
    fc.property(
      ...[text, fc.integer({ min: 7, max: 40 }), head, tail, fc.constantFrom('', 'c', 'bc'), fc.boolean()],
      (start, count, before, behind, end, lines) => {
        const source = `${before}a[^x]{${count}}${behind}`;
        const pattern = new Pattern(source, { lines });
        const whole = start + end;
        const wanted = new RegExp(lines ? asLines(source) : source, 'is').test(whole);
        for (let round = 0; round < 2; round++) assert.equal(pattern.test(whole), wanted, source);
      },
    ),
    { numRuns: 300 },
  );
});

/** For JavaScript, whose lines end with a CR too. */
function asLines(source: string): string {
  return source
    .replaceAll('[^x]', '[^x\\r\\n]')
    .replace(/(?<!\[)\^/g, '(?<![^\\n])')
    .replaceAll('$', '(?=\\r|$|(?<!\\r)\\n)');
}

test('hostile texts cost one step for each character at most, and a step is bounded, however the pattern is made', (t) => {
  const text = Array.from({ length: 8_000 }, (_, i) => (((i * 2654435761) >>> 13) & 1 ? 'a' : 'b')).join('');
  const step = t.mock.method(PatternSets.prototype, 'step');
  for (const [source, mostLooks] of [
    ['^[ab]*a[ab]{200}c', 40],
    ['a[ab]{250}c', 40],
    ['(^[ab]*a[ab]{200}c|[ab]*b[ab]{200}d|a[ab]*a[ab]{200}e)', 100],
    ['(a|b|ab|ba)*c', 10],
    ['((a?){8}b?){4}c', 120],
    ['(a*)*(b*)*(a*b*)*c', 20],
    ['^.{0,250}x.{0,250}y.{0,250}z', 200],
  ] as const) {
    const { steps } = new PatternSets(source, {});
    assert.ok(steps <= mostLooks, `${source}: ${steps}`);
    const pattern = new Pattern(source);
    step.mock.resetCalls();
    assert.equal(pattern.test(text), false, source);
    assert.ok(step.mock.callCount() <= text.length, source);
  }
});
