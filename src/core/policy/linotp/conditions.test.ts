import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANY, EXACT, type Grade, NOT, PATTERN } from '../condition.ts';
import { type Asker, compileClient, compileRealm, compileUser } from './conditions.ts';
import { compileTime } from './time.ts';

const TIME = new Date('2026-11-22T08:30'); // a Sunday
const ANNA: Asker = {
  name: 'anna',
  realm: 'Example.com',
  resolver: 'staff',
  attributes: { mobile: '+491701234567', title: ' Dr ' },
  time: TIME,
};

const USERS: readonly [condition: string, grade: Grade][] = [
  ['*', ANY],
  ['anna', EXACT],
  ['Anna', NOT],
  ['bob, anna', EXACT],
  ['an*', PATTERN],
  ['a.*a', PATTERN],
  ['an.a', PATTERN], // a dot is any character
  ['ann', NOT],
  ['nna', NOT],
  ['(bob|anna)', PATTERN],
  ['anna@Example.com', EXACT],
  ['anna@example.com', PATTERN],
  ['*@example.com', PATTERN],
  ['anna@.*', PATTERN],
  ['anna@example.org', NOT],
  ['staff:', PATTERN],
  ['guests:', NOT],
  ['anna.staff:', EXACT],
  ['a*.staff:', PATTERN],
  ['bob.staff:', NOT],
  ['#mobile', PATTERN],
  ['#fax', NOT],
  ['anna#title==Dr', PATTERN],
  ['anna#title!=Dr', NOT],
  ['anna#fax!=1', PATTERN],
  ['*@example.com#mobile ~= ^\\+49', PATTERN],
  ['staff:#mobile~=555', NOT],
  // An exclusion holds wherever it stands, and a list that only excludes is for nobody.
  ['*, !anna', NOT],
  ['-anna, *', NOT],
  ['*, !bob', ANY],
  ['!bob', NOT],
  ['', NOT],
];

for (const [condition, grade] of USERS) {
  test(`user ${condition || 'left empty'}: ${grade}`, () => assert.equal(compileUser(condition)(ANNA), grade));
}

test('a hostile name costs no more than its length, and a long one is not looked at by a regular expression', () => {
  const name = 'a'.repeat(100_000);
  assert.equal(compileUser('*a*a*a*a*a*a*a*a*b')({ name, time: TIME }), NOT);
  assert.equal(compileUser('(a+)+b')({ name, time: TIME }), NOT);
});

const REALMS: readonly [condition: string, grade: Grade][] = [
  ['*', ANY],
  ['example.COM', EXACT],
  ['example.org, example.com', EXACT],
  ['example.*', NOT],
  ['*, !example.com', ANY], // the star holds first
  ['example.com, !example.com', NOT],
  ['!example.org', NOT],
  ['', NOT],
];

for (const [condition, grade] of REALMS) {
  test(`realm ${condition || 'left empty'}: ${grade}`, () => assert.equal(compileRealm(condition)(ANNA), grade));
}

const CLIENTS: readonly [condition: string, client: string, grade: Grade][] = [
  ['*', '10.0.0.1', ANY],
  ['*, !10.0.0.1', '10.0.0.1', ANY],
  ['10.0.0.0/8', '10.0.0.1', EXACT],
  ['10.0.0.1', '10.0.0.1', EXACT],
  ['10.0.0.0/8, -10.0.0.1', '10.0.0.1', NOT],
  ['-10.0.0.1, 10.0.0.0/8', '10.0.0.1', NOT],
  ['2001:db8::/32', '2001:db8::7', EXACT],
  ['10.0.0.0/8', '::ffff:10.0.0.1', EXACT],
  ['10.0.0.0/8', 'ttyS0', NOT],
  ['!192.0.2.1', '10.0.0.1', NOT],
  ['', '10.0.0.1', NOT],
];

for (const [condition, client, grade] of CLIENTS) {
  test(`client ${condition || 'left empty'} and ${client}: ${grade}`, () => {
    assert.equal(compileClient(condition)({ client, time: TIME }), grade);
  });
}

test('what is not asked for is not looked at', () => {
  const asker = { name: '', time: TIME };
  const grades = [compileUser('bob'), compileRealm(''), compileClient('10.0.0.1')].map((grade) => grade(asker));
  assert.deepEqual(grades, [ANY, ANY, ANY]);
});

const TIMES: readonly [condition: string, time: string, holds: boolean][] = [
  ['', '2026-11-22T08:30', true],
  ['* * * * * *;', '2026-11-22T08:30', true],
  ['*', '2026-11-22T08:30', true],
  ['* 7-18 * * 1-5 *', '2026-11-23T07:00', true],
  ['* 7-18 * * 1-5 *', '2026-11-22T07:00', false],
  ['* * * * 0 *', '2026-11-22T07:00', true],
  ['* * * * 7 *', '2026-11-22T07:00', false],
  ['*/15 * * * * *', '2026-11-22T08:30', true],
  ['* * */2 * * *', '2026-11-22T08:30', true],
  ['* * */2 * * *', '2026-11-23T08:30', false],
  ['5/10 * * * * *', '2026-11-22T08:35', false],
  ['* 18-7 * * * *', '2026-11-22T20:00', false],
  ['0,30 8 22 11 * 2026', '2026-11-22T08:30', true],
  ['* * * * * *; !* * 24-26 12 * *', '2026-12-25T12:00', false],
  ['!* * 24-26 12 * *; * * * * * *', '2026-12-25T12:00', false],
  ['*; !* * 24-26 12 * *', '2026-12-25T12:00', true],
  ['!* * 24-26 12 * *', '2026-11-22T08:30', false],
];

for (const [condition, time, holds] of TIMES) {
  test(`time ${condition || 'left empty'} at ${time}: ${holds}`, () => {
    assert.equal(compileTime(condition)({ time: new Date(time) }) !== NOT, holds);
  });
}

const REFUSED: readonly [compile: (text: string) => unknown, text: string][] = [
  [compileClient, '10.0.0.0/33'],
  [compileClient, '10.0.0.0/'],
  [compileClient, 'ttyS0'],
  [compileTime, '* * * * *'],
  [compileTime, '* * * * * * *'],
  [compileUser, '(anna'],
  [compileUser, 'anna#mobile~=('],
  [compileUser, ':'],
  [compileUser, 'anna#==1'],
  [compileUser, '!'],
];

for (const [compile, text] of REFUSED) {
  test(`no condition: ${text}`, () => assert.throws(() => compile(text), { code: 'POLICY_INVALID' }));
}
