import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ticket } from '../gate/types.ts';
import type { Account } from '../users/types.ts';
import { PolicyRules } from './rules.ts';
import type { PolicyRule } from './types.ts';

function rule(name: string, action: string, conditions: Partial<PolicyRule> = {}): PolicyRule {
  return { name, scope: 'sip', action, user: '', realm: '', client: '', time: '', active: true, ...conditions };
}

function knocking(login: string, client = '192.0.2.1', time = '2026-11-23T08:00'): Ticket {
  const [name = '', domain = ''] = login.split('@');
  const account = { name, domain } as Account;
  return { door: 'sip', account, client: { address: client, port: 5060 }, time: Date.parse(time) };
}

function rules(...all: PolicyRule[]): PolicyRules {
  const made = new PolicyRules();
  made.replace(all);
  return made;
}

const ALLOWED = { allowed: true };
const refusedBy = (name: string) => ({ allowed: false, rule: name });

test('without rules, and at a door that no rule is about, everybody is let in', () => {
  assert.deepEqual(rules().decide(knocking('1000')), ALLOWED);
  const strict = rules(rule('nobody', 'allow=false'));
  assert.deepEqual(strict.decide({ ...knocking('1000'), door: 'console' }), ALLOWED);
  assert.deepEqual(strict.decide(knocking('1000')), refusedBy('nobody'));
});

test('as soon as a rule allows somebody, who is under none is refused', () => {
  const some = rules(rule('staff', 'allow', { user: '10*' }));
  assert.deepEqual(some.decide(knocking('1000')), ALLOWED);
  assert.deepEqual(some.decide(knocking('2000')), refusedBy('no rule allows it'));
  assert.deepEqual(rules(rule('short', 'session_seconds=60')).decide(knocking('2000')), ALLOWED);
});

test('a more exact rule goes before others: the user first, then the realm, then the client', () => {
  const all = rules(
    rule('all', 'allow'),
    rule('pattern', 'allow=false', { user: '10*' }),
    rule('one', 'allow', { user: '1000' }),
    rule('here', 'allow=false', { client: '192.0.2.0/24' }),
    rule('theirs', 'allow', { realm: 'example.com' }),
  );
  assert.deepEqual(all.decide(knocking('1000')), ALLOWED);
  assert.deepEqual(all.decide(knocking('1001')), refusedBy('pattern'));
  assert.deepEqual(all.decide(knocking('2000', '198.51.100.1')), ALLOWED);
  assert.deepEqual(all.decide(knocking('2000')), refusedBy('here'));
  assert.deepEqual(all.decide(knocking('2000@example.com')), ALLOWED);
});

test('hours, and rules that are not active', () => {
  const office = rules(
    rule('office', 'allow', { time: '* 7-18 * * 1-5 *' }),
    rule('always', 'allow', { active: false }),
  );
  assert.deepEqual(office.decide(knocking('1000')), ALLOWED);
  assert.deepEqual(office.decide(knocking('1000', '192.0.2.1', '2026-11-23T19:00')), refusedBy('no rule allows it'));
});

test('rules that count and do not agree refuse, whatever they disagree in', () => {
  const allow = rules(rule('yes', 'allow'), rule('no', 'allow=false'));
  assert.deepEqual(allow.decide(knocking('1000')), refusedBy('no and yes contradict each other in allow'));
  assert.deepEqual(allow.contradictions(), [{ scope: 'sip', action: 'allow', rules: ['no', 'yes'], counts: null }]);
  assert.equal(allow.health()[0]?.code, 'POLICY_CONTRADICTION');
  const seconds = rules(rule('long', 'session_seconds=60'), rule('short', 'session_seconds=30'));
  assert.equal(seconds.decide(knocking('1000')).allowed, false);
  assert.deepEqual(seconds.terms(knocking('1000')), {});
  // Three that count, of which two agree.
  assert.equal(
    rules(rule('a', 'allow'), rule('b', 'allow=false'), rule('c', 'allow')).decide(knocking('1')).allowed,
    false,
  );
  const agreed = rules(rule('a', 'allow, session_seconds=60'), rule('b', 'allow=1'));
  assert.deepEqual(agreed.decide(knocking('1000')), ALLOWED);
  assert.deepEqual(agreed.terms(knocking('1000')), { seconds: 60 });
  const spans = { '90': 90, '15m': 900, '12h': 43_200, '30d': 2_592_000 };
  for (const [text, seconds] of Object.entries(spans))
    assert.equal(rules(rule('r', `remember=${text}`)).remembers(knocking('1000')), seconds);
  const slow = rules(
    rule('fast', 'upload_kbit=64, download_kbit=512', { scope: 'portal' }),
    rule('all', 'upload_kbit=9'),
  );
  assert.deepEqual(slow.terms({ ...knocking('1000'), door: 'portal' }), { uploadKbit: 64, downloadKbit: 512 });
  assert.deepEqual(slow.terms(knocking('1000')), {});
  const few = rules(rule('all', 'max_sessions=3'), rule('desk', 'max_sessions=1', { user: '1000' }));
  assert.deepEqual([few.mostSessions(knocking('1000')), few.mostSessions(knocking('2000'))], [1, 3]);
  assert.equal(few.rulesFor('max_sessions', knocking('1000')), 'desk');
  assert.equal(agreed.mostSessions(knocking('1000')), undefined);
  assert.deepEqual(agreed.contradictions(), []);
});

test('a second step is asked for as the most exact rule says, and a contradiction about it refuses', () => {
  const steps = rules(
    rule('all', 'second_step=sms'),
    rule('desk', 'second_step=none', { user: '1000' }),
    rule('one', 'second_step=sms', { user: '2000' }),
    rule('other', 'second_step=none', { user: '2000' }),
  );
  const stepOf = (login: string) => [steps.decide(knocking(login)).allowed, steps.secondStep(knocking(login))];
  assert.deepEqual(stepOf('1001'), [true, 'sms']);
  assert.deepEqual(stepOf('1000'), [true, undefined]);
  assert.deepEqual(stepOf('2000'), [false, undefined]);
  assert.equal(rules().secondStep(knocking('1000')), undefined);
});

test('each door has rules of its own', () => {
  const all = rules(rule('radius', '!allow', { scope: 'radius' }), rule('otp', 'second_step=sms', { scope: 'otp' }));
  const at = (door: 'sip' | 'otp' | 'radius') => ({ ...knocking('1000'), door });
  assert.deepEqual(
    [all.decide(at('sip')).allowed, all.decide(at('radius')).allowed, all.secondStep(at('otp'))],
    [true, false, 'sms'],
  );
});

test('why: every rule in the order weighed, and what put it out', () => {
  const all = rules(
    rule('elsewhere', 'allow', { client: '10.0.0.0/8' }),
    rule('general', 'allow=false'),
    rule('night', 'allow=false', { user: '1000', time: '* 0-5 * * * *' }),
    rule('one', 'allow', { user: '1000' }),
    rule('short', 'session_seconds=60'),
  );
  const asker = { name: '1000', realm: '', client: '192.0.2.1', time: new Date('2026-11-23T08:00') };
  assert.deepEqual(all.explain('sip', asker), {
    weighings: [
      {
        action: 'allow',
        rules: [
          { name: 'one', value: true, out: undefined },
          { name: 'general', value: false, out: 'less exact' },
          { name: 'elsewhere', value: true, out: 'client' },
          { name: 'night', value: false, out: 'time' },
        ],
        value: true,
        contradiction: false,
      },
      {
        action: 'session_seconds',
        rules: [{ name: 'short', value: 60, out: undefined }],
        value: 60,
        contradiction: false,
      },
      ...[
        'max_sessions',
        'second_step',
        'remember',
        'free_number',
        'no_password',
        'upload_kbit',
        'download_kbit',
        'shell',
      ].map((action) => {
        return { action, rules: [], value: undefined, contradiction: false };
      }),
    ],
    refusal: undefined,
  });
});

test('a faulty rule leaves those in force as they are', () => {
  const strict = rules(rule('nobody', 'allow=false'));
  const faults: [Partial<PolicyRule>, string, RegExp][] = [
    [{ scope: 'spi' }, 'POLICY_INVALID', /^scope: there is no "spi"/],
    [{ action: 'alow' }, 'POLICY_INVALID', /no action alow/],
    [{ action: 'allow=maybe' }, 'POLICY_INVALID', /on or off/],
    [{ action: 'session_seconds' }, 'POLICY_INVALID', /whole seconds/],
    [{ action: 'session_seconds=0' }, 'POLICY_INVALID', /whole seconds/],
    [{ action: 'remember' }, 'POLICY_INVALID', /a time of at most 366 days, not true/],
    [{ action: 'remember=367d' }, 'POLICY_INVALID', /a time of at most 366 days/],
    [{ action: 'remember=1y' }, 'POLICY_INVALID', /a time of at most 366 days/],
    [{ action: 'second_step=fax' }, 'POLICY_INVALID', /no "fax"/],
    [{ action: '' }, 'POLICY_INVALID', /has none/],
    [{ name: 'a b' }, 'POLICY_NAME', /no name/],
    [{ time: '* *' }, 'POLICY_INVALID', /2 fields/],
  ];
  for (const [change, code, message] of faults)
    assert.throws(() => strict.replace([{ ...rule('x', 'allow'), ...change }]), { code, message });
  assert.deepEqual(strict.decide(knocking('1000')), refusedBy('nobody'));
});

test('the verdict is the one that why explains, whatever the rules', () => {
  let seed = 7;
  const pick = <T>(...all: T[]): T => {
    seed = (seed * 48271) % 0x7fffffff;
    return all[seed % all.length]!;
  };
  for (let round = 0; round < 500; round++) {
    const made = rules(
      ...Array.from({ length: pick(1, 2, 4, 8) }, (_, i) =>
        rule(`r${i}`, pick('allow', 'allow=false', 'session_seconds=60', 'allow, session_seconds=30'), {
          user: pick('', '*', '1000', '10*', '*, !1000'),
          realm: pick('', 'example.com', '*, !example.com'),
          client: pick('', '192.0.2.1', '192.0.2.0/24, !192.0.2.1', '10.0.0.0/8'),
          time: pick('', '* 7-18 * * * *'),
          active: pick(true, true, false),
        }),
      ),
    );
    const ticket = knocking(
      pick('1000', '1001@example.com'),
      pick('192.0.2.1', '10.0.0.1'),
      pick('2026-11-23T08:00', '2026-11-23T22:00'),
    );
    const { name, domain: realm } = ticket.account;
    const asker = { name, realm, client: ticket.client.address, time: new Date(ticket.time) };
    const { weighings, refusal } = made.explain('sip', asker);
    const decision = made.decide(ticket);
    assert.equal(decision.allowed ? undefined : decision.rule, refusal);
    const counting = weighings[0]!.rules.filter(({ out }) => out === undefined).map(({ value }) => value);
    const expected =
      weighings[0]!.rules.length === 0 || (counting.length > 0 && counting.every((value) => value === true));
    assert.equal(decision.allowed, expected && !weighings.some(({ contradiction }) => contradiction));
  }
});

test('rules of the scope radius add attributes to answers; what contradicts or cannot be written is told', () => {
  const radius = (name: string, action: string, conditions: Partial<PolicyRule> = {}) =>
    rule(name, action, { scope: 'radius', ...conditions });
  const made = rules(
    radius('all', 'vlan=20, reply.filter-id=guests, session_seconds=60'),
    radius('staff', 'vlan=30', { user: '1000' }),
  );
  const at = (login: string) => ({ ...knocking(login), door: 'radius' as const });
  const texts = (login: string) =>
    made.terms(at(login)).reply?.map(({ type, value }) => `${type} ${type < 66 ? value.readUInt32BE() : value}`);
  assert.deepEqual(texts('1001'), ['64 13', '65 6', '81 20', '11 1735746931']);
  assert.deepEqual(texts('1000'), ['64 13', '65 6', '81 30', '11 1735746931']);
  assert.equal(made.terms(at('1001')).seconds, 60);
  assert.equal(made.terms(knocking('1001')).reply, undefined);
  const { weighings } = made.explain('radius', { name: '1000', time: new Date() });
  const shown = weighings.find(({ action }) => action === 'vlan');
  assert.deepEqual(
    [shown?.value, shown?.rules.map(({ name, out }) => `${name} ${out}`)],
    ['30', ['staff undefined', 'all less exact']],
  );
  assert.equal(weighings.find(({ action }) => action === 'reply.Filter-Id')?.value, 'guests');
  const against = rules(radius('a', 'vlan=1'), radius('b', 'vlan=2'));
  assert.deepEqual(against.decide(at('1000')), refusedBy('a and b contradict each other in vlan'));
  for (const action of [
    'reply.Nothing=1',
    'reply.Framed-IP-Address=here',
    'reply.State=1',
    'reply.Session-Timeout=5',
    'vlan',
  ])
    assert.throws(() => rules(radius('x', action)), { code: 'POLICY_INVALID' }, action);
  assert.throws(() => rules(rule('x', 'vlan=1')), { code: 'POLICY_INVALID' });
});
