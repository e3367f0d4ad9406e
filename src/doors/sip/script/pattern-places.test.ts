import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Pattern } from './pattern.ts';
import { MOST_STEPS, PatternPlaces } from './pattern-places.ts';

const purse = () => ({ steps: MOST_STEPS });
const find = (pattern: string, text: string, from = 0) =>
  new PatternPlaces(pattern, { exact: true }).find(text, from, purse());

test('the leftmost place, there the longest', () => {
  assert.deepEqual(find('a|ab|abc', 'xabcd'), [1, 4]);
  assert.deepEqual(find('b*', 'abb'), [0, 0]);
  assert.deepEqual(find('b*', 'abb', 1), [1, 3]);
  assert.deepEqual(find('bcd|abcde', 'abcd'), [1, 4]);
  assert.deepEqual(find('(a+)b|a', 'aaac'), [0, 1, -1, -1]);
  assert.equal(find('x', 'abc'), undefined);
});

test('groups cover as much as they can, from left to right', () => {
  assert.deepEqual(find('(.*)@(.*)', 'a@b@c'), [0, 5, 0, 3, 4, 5]);
  assert.deepEqual(find('(a|ab)(c|bcd)?', 'abcd'), [0, 4, 0, 1, 1, 4]);
  assert.deepEqual(find('((a)|(b))*', 'ab'), [0, 2, 1, 2, 0, 1, 1, 2]);
});

test('at line ends as told', () => {
  const lines = new PatternPlaces('^b.*$', { lines: true });
  assert.deepEqual(lines.find('a\nBcd\ne', 0, purse()), [2, 5]);
  assert.equal(new PatternPlaces('^b.*$').find('a\nbcd\ne', 0, purse()), undefined);
  for (const [pattern, there] of [
    ['^b', true],
    ['d$', true],
    ['a.b', false],
    ['a[^x]b', false],
    ['^$', false],
  ] as const)
    assert.equal(new Pattern(pattern, { lines: true }).test('a\nbcd\ne'), there, pattern);
  assert.equal(new Pattern('^$', { lines: true }).test('a\n\nb'), true);
  assert.equal(new Pattern('B', { exact: true }).test('abc'), false);
});

/** For JavaScript, whose lines end with a CR too. */
function asLines(source: string): string {
  return source
    .replaceAll('[^a]', '[^a\\r\\n]')
    .replace(/(?<!\\)\./g, '[^\\r\\n]')
    .replace(/(?<!\[)\^/g, '(?<![^\\n])')
    .replaceAll('$', '(?=\\r|$|(?<!\\r)\\n)');
}

test('stands where a table says that it matches, and as JavaScript finds it where there is one way only', () => {
  const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '(a|b)', '(ab|a)', '^', '$', '\\.');
  const piece = fc
    .tuple(atom, fc.constantFrom('', '', '*', '+', '?', '{1,2}'))
    .map(([a, q]) => (/^[\^$]$/.test(a) ? a : a + q));
  const pattern = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(''));
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '\n', '\r\n'), maxLength: 12 });
  fc.assert(
    fc.property(pattern, text, fc.boolean(), (source, whole, lines) => {
      const place = new PatternPlaces(source, { exact: true, lines }).find(whole, 0, purse());
      assert.equal(place !== undefined, new Pattern(source, { exact: true, lines }).test(whole));
      const found = new RegExp(lines ? asLines(source) : source, 's').exec(whole);
      assert.equal(place?.[0], found?.index);
      // POSIX wants the longest, JavaScript the first alternative.
      if (found && place) assert.ok(place[1]! >= found.index + found[0].length);
    }),
    { numRuns: 3000 },
  );
});

test('a place costs steps in proportion to the text, and what is spent is not exceeded', () => {
  const steps = (pattern: string, text: string) => {
    const spent = purse();
    new PatternPlaces(pattern).find(text, 0, spent);
    return MOST_STEPS - spent.steps;
  };
  for (const pattern of ['(a*)*(a|b)*c', '(a|a)*(a|a)*c', '^(a?){20}a*b', '[ab]*a[ab]{20}c']) {
    const once = steps(pattern, 'a'.repeat(1_000));
    assert.ok(steps(pattern, 'a'.repeat(2_000)) < 2.1 * once, `${pattern}: ${once}`);
  }
  const small = { steps: 1_000 };
  assert.equal(new PatternPlaces('(a*)*(a|b)*c').find(`${'a'.repeat(60_000)}c`, 0, small), undefined);
  assert.ok(small.steps > -100, String(small.steps));
});

test('nine groups are noted, more are not', () => {
  assert.deepEqual(find('()()()()()()()()(a)(b)', 'ab')?.slice(-2), [0, 1]);
});
