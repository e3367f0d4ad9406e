import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileClientCondition } from './client-condition.ts';
import { ANY, EXACT, type Grade, NOT, PATTERN } from './condition.ts';
import { compileTimeCondition } from './time-condition.ts';
import { compileRealmCondition, compileUserCondition } from './user-condition.ts';

const USERS: readonly [condition: string, login: string, grade: Grade][] = [
  ['', '1000', ANY],
  ['*', '1000', ANY],
  ['1000', '1000', EXACT],
  ['1000', '10000', NOT],
  ['a, 1000 ,b', '1000', EXACT],
  ['10*', '1000', PATTERN],
  ['1*0*0', '1000', PATTERN],
  ['1*0*0', '10', NOT],
  ['*0', '1001', NOT],
  ['10*, 1000', '1000', EXACT],
  ['1000@example.com', '1000@Example.COM', EXACT],
  ['1000@example.com', '1000@example.org', NOT],
  ['*@example.*', '1000@example.org', PATTERN],
  ['1000', '1000@example.org', EXACT],
  ['Anna', 'anna', NOT],
  ['*, !1000', '1000', NOT],
  ['*, !1000', '1001', ANY],
  ['-1000, *', '1000', NOT],
  ['1000, !10*', '1000', NOT],
  ['*, !*@example.org', '1000@example.org', NOT],
];

for (const [condition, login, grade] of USERS) {
  test(`user ${condition || 'of nobody in particular'} and ${login}: ${grade}`, () => {
    const [name = '', realm = ''] = login.split('@');
    assert.equal(compileUserCondition(condition).grade({ name, realm }), grade);
  });
}

test('realms count in any case', () => {
  const condition = compileRealmCondition('Example.com, *.example.org, !no.example.org');
  assert.deepEqual(
    ['EXAMPLE.com', 'a.example.org', 'no.example.org', 'example.net', ''].map((realm) => condition.grade(realm)),
    [EXACT, PATTERN, NOT, NOT, NOT],
  );
});

const CLIENTS: readonly [condition: string, client: string, grade: Grade][] = [
  ['', '192.0.2.1', ANY],
  ['192.0.2.1', '192.0.2.1', EXACT],
  ['192.0.2.1', '192.0.2.10', NOT],
  ['192.0.2.0/24', '192.0.2.10', EXACT],
  ['192.0.2.0/24', '::ffff:192.0.2.10', EXACT],
  ['192.0.2.0/24, !192.0.2.10', '192.0.2.10', NOT],
  ['*, !10.0.0.1', '10.0.0.1', NOT],
  ['2001:db8::/32', '2001:db8:1::7', EXACT],
  ['2001:db8::/32', '192.0.2.1', NOT],
  ['0.0.0.0/0', '192.0.2.1', EXACT],
  ['02:00:00:00:00:01', '02:00:00:00:00:01', EXACT],
  ['TTYS0', 'ttyS0', EXACT],
];

for (const [condition, client, grade] of CLIENTS) {
  test(`client ${condition || 'anywhere'} and ${client}: ${grade}`, () => {
    assert.equal(compileClientCondition(condition).grade(client), grade);
  });
}

const TIMES: readonly [condition: string, time: string, holds: boolean][] = [
  ['', '2026-11-22T08:30', true],
  ['* * * * * *', '2026-11-22T08:30', true],
  ['* 7-18 * * 1-5 *', '2026-11-23T07:00', true],
  ['* 7-18 * * 1-5 *', '2026-11-23T19:00', false],
  ['* 7-18 * * 1-5 *', '2026-11-22T08:30', false], // a Sunday
  ['* * * * 0 *', '2026-11-22T08:30', true],
  ['*/15 * * * * *', '2026-11-22T08:30', true],
  ['*/15 * * * * *', '2026-11-22T08:31', false],
  ['5/10 * * * * *', '2026-11-22T08:35', true],
  ['0,30 8 22 11 * 2026', '2026-11-22T08:30', true],
  ['0,30 8 22 11 * 2027', '2026-11-22T08:30', false],
  ['* 0-5 * * * * ; * 20-23 * * * *', '2026-11-22T21:00', true],
  ['* * * * * * ; !* * 24-26 12 * *', '2026-12-25T12:00', false],
  ['* * * * * * ; -* * 24-26 12 * *', '2026-12-27T12:00', true],
];

for (const [condition, time, holds] of TIMES) {
  test(`time ${condition || 'always'} at ${time}: ${holds}`, () => {
    assert.equal(compileTimeCondition(condition).grade(new Date(time)) !== NOT, holds);
  });
}

const REFUSED: readonly [compile: (text: string) => unknown, text: string, why: RegExp][] = [
  [compileUserCondition, '!1000', /only excludes/],
  [compileUserCondition, '*, !', /excludes nothing/],
  [compileUserCondition, 'a b', /no user/],
  [compileUserCondition, 'resolver:', /no user/],
  [compileClientCondition, '192.0.2.0/33', /no address/],
  [compileClientCondition, '192.0.2.0/', /no address/],
  [compileClientCondition, '192.0.2', /no address/],
  [compileClientCondition, '192.0.2.0/24/8', /no address/],
  [compileTimeCondition, '* * * * *', /5 fields/],
  [compileTimeCondition, '60 * * * * *', /no minute/],
  [compileTimeCondition, '* * * * 7 *', /no weekday/],
  [compileTimeCondition, '* 18-7 * * * *', /no hour/],
  [compileTimeCondition, '*/0 * * * * *', /no minute/],
  [compileTimeCondition, '* * x * * *', /no day/],
  [compileUserCondition, Array.from({ length: 1001 }, (_, i) => `u${i}`).join(), /1000 items/],
];

for (const [compile, text, why] of REFUSED) {
  test(`no condition: ${text.slice(0, 40)}`, () => {
    assert.throws(() => compile(text), { code: 'POLICY_INVALID', message: why });
  });
}
