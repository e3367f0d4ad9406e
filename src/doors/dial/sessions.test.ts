/** Another end for somebody who is in over the telephone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Gate, Ticket } from '../../core/gate/types.ts';
import type { Change } from '../../core/journal/types.ts';
import type { Account } from '../../core/users/types.ts';
import { silentLog } from '../../platform/log.ts';
import { DialSessions } from './sessions.ts';

test('a session ends when it is told to, and not when it was to end before', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_700_000_000_000 });
  const clock = { now: () => Date.now(), monotonic: () => Date.now() };
  const written: Change[] = [];
  const journal = {
    append(unit: readonly Change[], waiter?: { settled(error: undefined): void }) {
      written.push(...unit);
      waiter?.settled(undefined);
    },
    drain: async () => {},
  };
  const gate = {
    ...{ admit: () => ({ admitted: true, terms: {} }), opened: () => [], ended: () => [] },
  } as unknown as Gate;
  const sessions = new DialSessions({ gate, journal, clock, log: silentLog });
  const account = { id: 'local:1', login: 'erin' } as Partial<Account> as Account;
  const ticket: Ticket = { door: 'dial', account, client: { address: '+12025550100', port: 0 }, time: clock.now() };
  const session = await sessions.open(ticket, 'modem2', 60, new AbortController().signal);
  assert.ok(typeof session === 'object');
  assert.equal(await sessions.change(session.name, { by: 'root', seconds: 3_600 }), true);
  const line = written.flatMap((change) => (change.kind === 'audit' ? [JSON.parse(change.line)] : []))[0];
  assert.deepEqual([line.event, line.user, line.by, line.terms], ['changed', 'erin', 'root', 'seconds=3600']);
  assert.equal([...sessions.list()][0]?.expires, clock.now() + 3_600_000);
  await assert.rejects(sessions.change(session.name, { by: 'root', uploadRate: 1 }), { code: 'SESSION_TERMS' });
  t.mock.timers.tick(3_599_000);
  assert.equal(session.over.aborted, false);
  t.mock.timers.tick(1_000);
  assert.equal(session.over.aborted, true);
  assert.equal(session.ended?.reason, 'expired');
  assert.equal(await sessions.change(session.name, { by: 'root', seconds: 5 }), false);
});
