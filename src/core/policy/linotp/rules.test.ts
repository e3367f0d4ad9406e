import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PolicyRules } from '../rules.ts';
import type { PolicyRule } from '../types.ts';
import type { ActionOf } from './actions.ts';
import type { Asker } from './conditions.ts';

const TIME = new Date('2026-11-23T08:00');
const ANNA: Asker = { name: 'anna', realm: 'example.com', client: '192.0.2.1', time: TIME };

function rule(name: string, action: string, changes: Partial<PolicyRule> = {}): PolicyRule {
  const all = { user: '*', realm: '*', client: '*', time: '' };
  return { name, scope: 'authentication', action, ...all, active: true, ...changes };
}

function rules(...all: PolicyRule[]): PolicyRules {
  const made = new PolicyRules();
  made.replace(all);
  return made;
}

test('values come as what the action takes, with the name of the policy', () => {
  const all = rules(
    rule('texts', "smstext='Your code, <otp>', sms_provider=one  two, emailsubject"),
    rule('limits', 'maxtoken=3, tokencount=', { scope: 'enrollment' }),
    rule('pins', 'otppin=2'),
    rule('switches', 'autosms=false, passthru=false, enforce_smstext, passOnNoToken=yes'),
  );
  const value = (action: ActionOf<'authentication'>) => all.actionValue('authentication', action, ANNA)?.value;
  assert.deepEqual(all.actionValue('authentication', 'smstext', ANNA), {
    value: 'Your code, <otp>',
    policy: 'texts',
    contradictedBy: [],
  });
  assert.deepEqual(value('sms_provider'), ['one', 'two']);
  assert.equal(value('emailsubject'), 'True');
  assert.equal(all.actionValue('enrollment', 'maxtoken', ANNA)?.value, 3);
  assert.equal(all.actionValue('enrollment', 'tokencount', ANNA), undefined);
  assert.equal(value('otppin'), 'only_otp');
  // Of some switches LinOTP looks at the value, of others only whether a rule names them.
  assert.equal(value('passOnNoToken'), false);
  assert.equal(value('autosms'), false);
  assert.equal(value('passthru'), true);
  assert.equal(value('enforce_smstext'), true);
  assert.equal(value('trigger_sms'), undefined);
  assert.deepEqual(
    all.notices().map(({ policy, text }) => `${policy}: ${text.split(':')[0]}`),
    ['limits: tokencount', 'switches: passthru'],
  );
});

test('the user counts first, then the realm, then the client; a network and an address are equally exact', () => {
  const text = (...all: PolicyRule[]) => rules(...all).actionValue('authentication', 'smstext', ANNA)?.value;
  const everybody = rule('a', 'smstext=all');
  const pattern = rule('b', 'smstext=pattern', { user: 'an*' });
  const name = rule('c', 'smstext=name', { user: 'anna' });
  const realm = rule('d', 'smstext=realm', { realm: 'example.com' });
  const network = rule('e', 'smstext=network', { client: '192.0.2.0/24' });
  const address = rule('f', 'smstext=address', { client: '192.0.2.1' });
  assert.equal(text(everybody), 'all');
  assert.equal(text(everybody, pattern, realm, network), 'pattern');
  assert.equal(text(everybody, pattern, name, realm), 'name');
  assert.equal(text(everybody, realm, network), 'realm');
  assert.equal(text(everybody, address), 'address');
  assert.equal(text(everybody, address, network), 'network');
  assert.equal(text(everybody, { ...name, active: false }), 'all');
  assert.equal(text(everybody, { ...name, time: '* 20-23 * * * *' }), 'all');
});

test('of two that count as much the first by name does, and the other is told of', () => {
  const all = rules(rule('b', 'smstext=two'), rule('a', 'smstext=one'), rule('c', 'smstext=one'));
  const expected = { value: 'one', policy: 'a', contradictedBy: ['b'] };
  assert.deepEqual(all.actionValue('authentication', 'smstext', ANNA), expected);
  assert.deepEqual(all.contradictions(), [
    { scope: 'authentication', action: 'smstext', rules: ['a', 'b', 'c'], counts: 'a' },
  ]);
  assert.match(all.health()[0]!.text, /a and b and c contradict each other in smstext: a counts/);
  const [weighing] = all.explain('authentication', ANNA).weighings;
  assert.deepEqual(
    weighing!.rules.map(({ name, out }) => [name, out]),
    [
      ['a', undefined],
      ['b', 'later'],
      ['c', undefined],
    ],
  );
});

test('what nobody knows is kept, told of, and says nothing', () => {
  const all = rules(rule('odd', 'smstext=x, brand_new=7, otppin=9, 9lives, maxtoken=1.5'));
  assert.equal(all.list()[0]!.action, 'smstext=x, brand_new=7, otppin=9, 9lives, maxtoken=1.5');
  assert.deepEqual(
    all.notices().map(({ text }) => text.split(':')[0]),
    ['brand_new', 'otppin', '9lives', 'maxtoken'],
  );
  assert.equal(all.actionValue('authentication', 'otppin', ANNA), undefined);
  assert.throws(() => rules(rule('open', "smstext='x")), { code: 'POLICY_INVALID' });
  assert.throws(() => rules(rule('twice', 'maxtoken=1, maxtoken=2', { scope: 'enrollment' })), {
    code: 'POLICY_INVALID',
  });
});

test('a scope without an active rule restricts nobody, and one with a rule all whom none allows', () => {
  const system = { scope: 'system', user: 'root', client: '10.0.0.1', realm: 'admins' };
  assert.deepEqual(rules().permits('system', 'write', ANNA), { allowed: true, policy: undefined });
  const off = rules(rule('off', 'write', { ...system, active: false }));
  assert.equal(off.permits('system', 'write', ANNA).allowed, true);
  const all = rules(rule('all', '*', { scope: 'system', user: 'root' }), rule('look', 'read', system));
  const root = { name: 'root', realm: 'elsewhere', client: '192.0.2.1', time: TIME };
  assert.deepEqual(all.permits('system', 'write', root), { allowed: true, policy: 'all' });
  assert.deepEqual(all.permits('system', 'write', ANNA), { allowed: false, policy: undefined });
  // Neither where an administrator comes from nor a realm is looked at.
  assert.equal(rules(rule('look', 'read', system)).permits('system', 'read', root).allowed, true);
  const here = rules(rule('show', 'show', { scope: 'admin', realm: 'example.com' }));
  assert.equal(here.permits('admin', 'show', root).allowed, false);
});

test('a more exact rule for all actions leaves nothing said, but for what is on as soon as a rule is found', () => {
  const all = rules(rule('all', 'smstext=x'), rule('hers', '*', { user: 'anna' }));
  assert.equal(all.actionValue('authentication', 'smstext', ANNA), undefined);
  assert.equal(all.actionValue('authentication', 'passthru', ANNA)?.policy, 'hers');
  assert.equal(all.actionValue('authentication', 'passthru', { ...ANNA, name: 'bob' }), undefined);
});

test('where a rule authorizes some, others are not; other rules of the scope authorize nobody and keep nobody out', () => {
  const scope = 'authorization';
  const told = rule('told', 'detail_on_fail', { scope });
  assert.equal(rules(told).permits(scope, 'authorize', ANNA).allowed, true);
  const some = rules(told, rule('lan', 'authorize', { scope, client: '10.0.0.0/8' }));
  assert.equal(some.permits(scope, 'authorize', ANNA).allowed, false);
  assert.deepEqual(some.permits(scope, 'authorize', { ...ANNA, client: '10.1.2.3' }), { allowed: true, policy: 'lan' });
});
