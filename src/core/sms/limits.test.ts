import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MESSAGE } from './lab.ts';
import { type LimitOptions, NO_LIMITS, SmsLimits } from './limits.ts';

function lab(options: Partial<LimitOptions>) {
  let now = new Date('2026-11-23T08:00').getTime();
  const limits = new SmsLimits({ ...NO_LIMITS, ...options }, { now: () => now, monotonic: () => now });
  const refused = (changes: Partial<typeof MESSAGE> = {}) => {
    try {
      limits.admit({ ...MESSAGE, ...changes });
      return undefined;
    } catch (error) {
      return (error as Error & { code: string }).code;
    }
  };
  const setTime = (text: string) => {
    now = new Date(text).getTime();
  };
  return { limits, refused, setTime };
}

test('without limits all are sent', () => {
  const { refused } = lab({});
  assert.deepEqual(new Set(Array.from({ length: 1000 }, () => refused())), new Set([undefined]));
});

test('what was sent before a restart counts in the budget of the day, and is told without one', () => {
  const { limits, refused, setTime } = lab({ per_day: 3 });
  limits.carry(2);
  assert.deepEqual([refused(), refused()], [undefined, 'SMS_LIMIT']);
  assert.deepEqual([limits.today, limits.refused], [3, 1]);
  limits.configure({ ...NO_LIMITS });
  assert.equal(refused(), undefined);
  assert.equal(limits.today, 4);
  setTime('2026-11-24T00:00');
  assert.equal(limits.today, 0);
});

const EACH: [limit: Partial<LimitOptions>, other: Partial<typeof MESSAGE>][] = [
  [{ per_number: 2 }, { number: '+491701234568' }],
  [{ per_user: 2 }, { user: 'bob' }],
  [{ per_user: 2 }, { realm: 'two' }],
  [{ per_client: 2 }, { client: '192.0.2.2' }],
  [{ prefixes: [{ prefix: '+49', per_day: 2 }] }, { number: '+43123456' }],
];

for (const [limit, other] of EACH) {
  test(`two a day, and others are not held up by it: ${JSON.stringify(limit)}, ${JSON.stringify(other)}`, () => {
    const { refused, setTime } = lab(limit);
    assert.deepEqual([refused(), refused(), refused(), refused(other)], [undefined, undefined, 'SMS_LIMIT', undefined]);
    setTime('2026-11-23T23:59');
    assert.equal(refused(), 'SMS_LIMIT');
    setTime('2026-11-24T00:00');
    assert.equal(refused(), undefined);
  });
}

test('one number is one, however it is written', () => {
  const { refused } = lab({ per_number: 1 });
  assert.equal(refused({ number: '+49 (170) 1234567' }), undefined);
  assert.equal(refused({ number: '00491701234567' }), 'SMS_LIMIT');
});

test('the longest prefix counts, and what is refused counts nowhere', () => {
  const prefixes = [
    { prefix: '+49', per_day: 1 },
    { prefix: '+4917', per_day: 3 },
  ];
  const { refused } = lab({ prefixes, per_user: 4 });
  assert.deepEqual([refused(), refused(), refused(), refused()], [undefined, undefined, undefined, 'SMS_LIMIT']);
  assert.deepEqual([refused({ number: '+4930123456' }), refused({ number: '+43123456' })], [undefined, 'SMS_LIMIT']);
});

test('only numbers of allowed countries are sent to', () => {
  const { refused } = lab({ allowed_prefixes: ['+49', '01'] });
  const numbers = ['+491701234567', '0049170123', '0170123', '+43123456', '043123456', '49170123456'];
  assert.deepEqual(
    numbers.map((number) => refused({ number })),
    [undefined, undefined, undefined, 'SMS_COUNTRY', 'SMS_COUNTRY', 'SMS_COUNTRY'],
  );
});

test('the budget of the day gives an alarm before it is used up', () => {
  const { limits, refused } = lab({ per_day: 5 });
  const states: (string | undefined)[] = [];
  for (let i = 0; i < 6; i++) {
    refused({ user: `u${i}` });
    states.push(limits.health()[0]?.severity);
  }
  assert.deepEqual(states, [undefined, undefined, undefined, 'warning', 'error', 'error']);
  assert.equal(refused(), 'SMS_LIMIT');
});
