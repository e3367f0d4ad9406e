import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../platform/clock.ts';
import type { SessionInfo } from '../doors/types.ts';
import { PolicyRules } from '../policy/rules.ts';
import { SessionDirectory } from '../sessions/directory.ts';
import type { Account } from '../users/types.ts';
import { SessionLimit } from './session-limit.ts';
import type { DoorName, SessionName, Ticket } from './types.ts';

const DOORS = ['sip', 'portal', 'dial', 'radius'] as const;

function lab(most = 2) {
  const time = { now: 1_000_000 };
  const clock = { now: () => time.now, monotonic: () => time.now } as Clock;
  const policy = new PolicyRules();
  const anybody = { realm: '', client: '', time: '', active: true };
  policy.replace(
    DOORS.map((scope) => ({ ...anybody, name: `few-${scope}`, scope, user: '10*', action: `max_sessions=${most}` })),
  );
  const open = new Map<string, SessionInfo>();
  const door = (name: string) => ({
    ...{ name, start: async () => {}, stop: async () => {}, listeners: () => [], health: () => [] },
    end: async () => false,
    sessions: () => [...open.values()].filter((one) => one.door === name),
  });
  const limit = new SessionLimit({ clock, policy, sessions: new SessionDirectory(() => DOORS.map(door)) });
  const ticketOf = (name: string, at: DoorName, address: string): Ticket => {
    const account = { id: name, login: name, name, domain: '' } as Account;
    return { door: at, account, client: { address, port: 0 }, time: time.now };
  };
  return {
    time,
    limit,
    /** The rule, or `in`. */
    take: (
      session: string,
      client = session,
      more: Partial<SessionName> = {},
      user = '1000',
      at: DoorName = 'portal',
    ) => limit.take(ticketOf(user, at, client), { session, ...more }) ?? 'in',
    begin(session: string, client = session, user = '1000', at: DoorName = 'portal') {
      const times = { started: time.now, expires: 0 };
      open.set(session, { session, door: at, user, client, detail: {}, ...times });
      limit.opened({ door: at, session, user, client, time: time.now });
    },
    /** Written down, and not yet among those who are in. */
    opens: (session: string, client = session) =>
      limit.opened({ door: 'portal', session, user: '1000', client, time: time.now }),
    end(session: string, user = '1000', at: DoorName = 'portal') {
      open.delete(session);
      limit.ended({ door: at, session, user, client: '', time: time.now });
    },
    admitted: (session: string, user = '1000') => limit.admitted(ticketOf(user, 'portal', ''), { session }),
    released: (session: string, user = '1000') => limit.released(ticketOf(user, 'portal', ''), { session }),
  };
}

test('at each door by itself the one too many is refused, and the rule is named; other users are free', () => {
  const { take, begin, end } = lab();
  for (const door of DOORS) {
    for (const name of ['one', 'two']) {
      assert.equal(take(`${door}:${name}`, name, {}, '1000', door), 'in');
      begin(`${door}:${name}`, name, '1000', door);
    }
    assert.equal(take(`${door}:three`, 'three', {}, '1000', door), `few-${door}`);
    assert.equal(take(`${door}:two`, 'two', {}, '1000', door), 'in', 'it is there already');
    assert.equal(take(`${door}:other`, 'other', {}, '2000', door), 'in');
    assert.equal(take(`${door}:other`, 'other', {}, '1001', door), 'in');
    end(`${door}:one`, '1000', door);
    assert.equal(take(`${door}:three`, 'three', {}, '1000', door), 'in');
  }
});

test('who comes from the same place again takes the place of his own session', () => {
  const { take, begin } = lab(1);
  assert.equal(take('a', 'card'), 'in');
  begin('a', 'card');
  assert.equal(take('b', 'card'), 'few-portal');
  for (const again of ['b', 'c']) assert.equal(take(again, 'card', { place: 'card' }), 'in');
  assert.equal(take('d', 'another', { place: 'another' }), 'few-portal');
});

test('logins that come all at once gain nothing; what does not begin is free again', () => {
  const { take, begin, admitted, released, time } = lab(2);
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((name) => take(name)),
    ['in', 'in', 'few-portal', 'few-portal'],
  );
  assert.equal(take('a'), 'in', 'the same again');
  released('b');
  assert.equal(take('c'), 'in');
  // While it is asked about nobody forgets it.
  time.now += 60_000;
  assert.equal(take('d'), 'few-portal');
  for (const name of ['a', 'c']) admitted(name);
  begin('a');
  time.now += 9_999;
  assert.equal(take('d'), 'few-portal');
  time.now += 1;
  assert.equal(take('d'), 'in');
});

test('who is on his way in counts until he is among those who are in, and no longer than he is in', () => {
  const { take, opens, begin, end } = lab(1);
  assert.equal(take('a'), 'in');
  opens('a');
  assert.equal(take('b'), 'few-portal');
  begin('a');
  assert.equal(take('b'), 'few-portal');
  end('a');
  assert.equal(take('b'), 'in');
});

test('a session that begins under another name than it was asked for counts once', () => {
  const { take, begin } = lab(2);
  assert.equal(take('radius:made-up', 'card'), 'in');
  begin('radius:real', 'card');
  assert.equal(take('b'), 'in');
  assert.equal(take('c'), 'few-portal');
});

test('a door that counts by itself is believed', () => {
  const { take } = lab(2);
  const tries = [0, 2, 3].map((inAll) => take('sip:x', 'x', { inAll }, '1000', 'sip'));
  assert.deepEqual(tries, ['in', 'in', 'few-sip']);
});
