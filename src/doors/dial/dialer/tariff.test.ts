import assert from 'node:assert/strict';
import { test } from 'node:test';
import { easter, parseTariff } from './tariff.ts';

/** Local time, as the rules are. */
const at = (text: string): number => new Date(text).getTime();
const cost = (rules: string, from: string, to: string): number =>
  parseTariff(`name=test\n${rules}`, 'test.rst').costs(at(from), at(to));

test('units are paid whole, at the tariff of the moment when they begin; the last rule that fits counts', () => {
  const rules = 'default=(0.12,60)\non(monday..friday)between(8:00..17:59)use(0.24,60)';
  assert.equal(cost(rules, '2026-11-23T07:58:00', '2026-11-23T07:58:01'), 0.12);
  assert.equal(cost(rules, '2026-11-23T07:58:30', '2026-11-23T08:00:31'), 0.12 + 0.12 + 0.24);
  assert.equal(
    cost(`${rules}\non(11/23)between(0:00..23:59)use(1,3600)`, '2026-11-23T10:00:00', '2026-11-23T10:59:59'),
    1,
  );
});

test('a week that goes round: Friday, Saturday, Sunday and Monday, and no other day', () => {
  const rules = 'on(friday..monday)between(0:00..23:59)use(1,86400)\ndefault=(0,86400)';
  const paid = [22, 23, 24, 25, 26, 27, 28].map((day) =>
    cost(rules, `2026-11-${day}T12:00:00`, `2026-11-${day}T12:00:01`),
  );
  assert.deepEqual(paid, [1, 1, 0, 0, 0, 1, 1]);
});

test('the last minute of the day is paid like the others, and times go over midnight', () => {
  const rules = 'default=(0,1)\non(monday..sunday)between(0:00..23:59)use(1,60)';
  assert.equal(cost(rules, '2026-11-23T23:59:30', '2026-11-23T23:59:40'), 1);
  const night = 'default=(1,60)\non(monday..sunday)between(22:00..5:59)use(0.5,60)';
  assert.equal(cost(night, '2026-11-23T23:00:00', '2026-11-23T23:00:01'), 0.5);
  assert.equal(cost(night, '2026-11-23T05:59:59', '2026-11-23T06:00:00'), 0.5);
  assert.equal(cost(night, '2026-11-23T06:00:00', '2026-11-23T06:00:01'), 1);
});

test('what each call costs at least, at its start, and from a second on', () => {
  const rules = 'per_connection=0.1\nminimum_costs=0.5\nflat_init_costs=(0.2,60)\ndefault=(0.1,60)';
  const start = '2026-11-23T10:00:00';
  assert.equal(cost(rules, start, '2026-11-23T10:00:01'), 0.5);
  assert.equal(cost(rules, start, '2026-11-23T10:04:00').toFixed(4), '0.6000');
  const later = 'default=(1,60)\non(monday..sunday)between(0:00..23:59)use(0.5,60,120)';
  assert.equal(cost(later, start, '2026-11-23T10:04:00'), 3);
});

test('Easter and the days around it', () => {
  const known = { 1999: [3, 4], 2000: [3, 23], 2008: [2, 23], 2024: [2, 31], 2038: [3, 25] };
  for (const [year, day] of Object.entries(known)) assert.deepEqual(easter(Number(year)), day);
  const rules = 'default=(0,86400)\non(easter+1,25.12,easter-2)between(0:00..23:59)use(1,86400)';
  for (const [day, paid] of [
    ['2024-04-01', 1],
    ['2024-03-29', 1],
    ['2024-03-31', 0],
    ['2024-12-25', 1],
  ] as const)
    assert.equal(cost(rules, `${day}T12:00:00`, `${day}T12:00:01`), paid, day);
});

test('comments, blanks, continued lines; faults with their lines, all at once', () => {
  const tariff = parseTariff(
    '# a comment\nname = Call \\\n by Call # x\ncurrency_symbol=EUR\ncurrency_digits=3\n',
    'x',
  );
  assert.deepEqual([tariff.name, tariff.currency, tariff.digits], ['CallbyCall', 'EUR', 3]);
  const faulty =
    'default=(1)\non(blursday)between(0:00..1:00)use(1,1)\non(monday)between(0..25:00)use(1,1)\nfoo=1\non(monday)between(0:00..1:00)use(1,0)';
  assert.throws(
    () => parseTariff(faulty, 'x.rst'),
    (error: { problems: { line: number; message: string }[] }) => {
      assert.deepEqual(
        error.problems.map(({ line }) => line),
        [1, 2, 3, 4, 5],
      );
      assert.equal(error.problems[1]?.message, '`blursday` is no day');
      return true;
    },
  );
});
