/** Accounting as equipment tells it, over a journal that a test lets succeed or fail. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EndReason, SessionStart, Traffic } from '../../../core/gate/types.ts';
import type { OwnValues } from '../../../core/journal/own-table.ts';
import type { Change } from '../../../core/journal/types.ts';
import type { Account } from '../../../core/users/types.ts';
import { GatehouseError } from '../../../platform/errors.ts';
import { type Attribute, numberAttribute } from '../../../platform/radius/attributes.ts';
import { makeRequest, text } from '../../../platform/radius/lab.ts';
import { ATTRIBUTE, CODE } from '../../../platform/radius/numbers.ts';
import { Packet, readPacket } from '../../../platform/radius/packet.ts';
import { RadiusSessions } from '../sessions/sessions.ts';
import { loadSessions } from '../sessions/stored-sessions.ts';
import { AccountingRequests } from './accounting.ts';
import { classAttribute } from './class.ts';
import type { RadiusClient } from './clients.ts';
import type { DisconnectAnswer } from './disconnect.ts';
import type { Outcome } from './outcome.ts';

const NOW = 1_700_000_000_000;
const CLIENT: RadiusClient = {
  name: 'switch',
  secret: Buffer.from('secret'),
  signs: true,
  proof: 'password',
  disconnectPort: 3799,
  mayDisconnect: false,
};
const [START, STOP, INTERIM, ON] = [1, 2, 3, 7];

function lab(stored: Map<string, OwnValues> = new Map()) {
  const time = { now: NOW };
  const clock = { now: () => time.now, monotonic: () => time.now };
  const told: string[] = [];
  const journal = {
    fails: false,
    append(unit: readonly Change[], waiter?: { settled(error: GatehouseError | undefined): void }) {
      const error = journal.fails ? new GatehouseError('STORAGE_UNAVAILABLE', 'away') : undefined;
      for (const change of error ? [] : unit) {
        if (change.kind === 'audit') told.push(change.line);
        else if (change.kind === 'put-own') stored.set(String(change.values[0]), change.values);
        else if (change.kind === 'drop-own') stored.delete(change.key);
      }
      setImmediate(() => waiter?.settled(error));
    },
    drain: async () => {},
  };
  const audit = (line: string): Change => ({ kind: 'audit', line });
  const gate = {
    opened: ({ user, client, time: at }: SessionStart) => [audit(`opened ${user} ${client} ${at - NOW}`)],
    ended: ({ user, time: at }: SessionStart, reason: EndReason, end: number, { sent, received }: Traffic = {}) => [
      audit(`ended ${user} ${reason} after ${end - at}, ${sent}/${received}`),
    ],
    refreshed: (_door: string, user: string) => void told.push(`refreshed ${user}`),
  };
  const answer: { next: DisconnectAnswer } = { next: { isOut: true, text: 'ack' } };
  const asked: string[] = [];
  const sessions = new RadiusSessions({
    gate,
    journal,
    clock,
    disconnect: async ({ user }) => {
      asked.push(user);
      return answer.next;
    },
    changeTerms: async ({ user }, terms) => {
      asked.push(`${user} ${terms.map(({ type, value }) => `${type}=${value.toString('hex')}`)}`);
      return { isDone: answer.next.isOut, text: answer.next.text };
    },
  });
  const users = { find: (name: string) => (name === 'Alice' ? ({ login: 'alice@hotel' } as Account) : null) };
  const accounting = new AccountingRequests({ sessions, users, clock });
  const tell = async (status: number, ...attributes: Attribute[]): Promise<Outcome> => {
    const own = [numberAttribute(ATTRIBUTE.acctStatusType, status), text(ATTRIBUTE.nasIdentifier, 'nas1')];
    const request = { code: CODE.accountingRequest, attributes: [...own, ...attributes] };
    const packet = readPacket(makeRequest(CLIENT.secret, request));
    assert.ok(packet instanceof Packet);
    return accounting.answer(packet, CLIENT, '192.0.2.7');
  };
  /** What was said and written since the last time, without the disconnect lines' JSON. */
  const news = () => told.splice(0);
  return { tell, news, sessions, time, journal, stored, answer, asked };
}

const id = (name: string) => text(ATTRIBUTE.acctSessionId, name);
const user = (name: string) => text(ATTRIBUTE.userName, name);
const bytes = (sent: number, received: number) => [
  numberAttribute(ATTRIBUTE.acctInputOctets, sent),
  numberAttribute(ATTRIBUTE.acctOutputOctets, received),
];
const isTaken = (outcome: Outcome) => assert.equal(typeof outcome !== 'string' && outcome.code, 5);

test('a session begins, goes on and ends; who it is says the Class of the Accept, else the source of users', async () => {
  const { tell, news, sessions, time, stored } = lab();
  const station = text(ATTRIBUTE.callingStationId, '02-00-5E-10-00-01');
  const known = classAttribute({ login: 'bob@hotel', seconds: 600 })!;
  isTaken(await tell(START, id('1'), user('Alice'), station));
  isTaken(await tell(START, id('2'), user('somebody'), known));
  assert.deepEqual(news(), ['opened alice@hotel 02:00:5e:10:00:01 0', 'opened bob@hotel 192.0.2.7 0']);
  assert.deepEqual(
    [...sessions.all()].map(({ ends }) => ends),
    [0, NOW + 600_000],
  );
  time.now += 60_000;
  const more = numberAttribute(ATTRIBUTE.acctInputGigawords, 2);
  isTaken(await tell(INTERIM, id('1'), user('Alice'), station, ...bytes(5, 7), more));
  assert.deepEqual(news(), ['refreshed alice@hotel']);
  time.now += 60_000;
  const late = numberAttribute(ATTRIBUTE.acctDelayTime, 10);
  const idle = numberAttribute(ATTRIBUTE.acctTerminateCause, 4);
  isTaken(await tell(STOP, id('1'), user('Alice'), station, ...bytes(6, 7), more, late, idle));
  assert.deepEqual(news(), [`ended alice@hotel expired after 110000, ${2 ** 33 + 6}/7`]);
  assert.equal(sessions.size, 1);
  assert.equal(stored.size, 1);
});

test('what is not durable is not acknowledged, and is done whole when it is told again', async () => {
  const { tell, news, sessions, journal } = lab();
  journal.fails = true;
  assert.equal(await tell(START, id('1'), user('Alice')), 'later');
  journal.fails = false;
  isTaken(await tell(START, id('1'), user('Alice')));
  assert.deepEqual(news(), ['refreshed alice@hotel', 'opened alice@hotel 192.0.2.7 0']);
  journal.fails = true;
  assert.equal(await tell(STOP, id('1'), user('Alice')), 'later');
  assert.equal(await tell(ON), 'later');
  assert.equal(sessions.size, 1);
  journal.fails = false;
  isTaken(await tell(STOP, id('1'), user('Alice')));
  assert.deepEqual(news(), ['ended alice@hotel logout after 0, 0/0']);
  assert.equal(sessions.size, 0);
});

test('a Start that comes late, and a Stop that comes twice, say nothing new; one without Start says all', async () => {
  const { tell, news, sessions, time } = lab();
  const lasted = numberAttribute(ATTRIBUTE.acctSessionTime, 30);
  isTaken(await tell(STOP, id('1'), user('Alice'), lasted, ...bytes(1, 2)));
  assert.deepEqual(news(), ['ended alice@hotel logout after 30000, 1/2']);
  time.now += 5_000;
  isTaken(await tell(START, id('1'), user('Alice'), numberAttribute(ATTRIBUTE.acctDelayTime, 40)));
  isTaken(
    await tell(STOP, id('1'), user('Alice'), numberAttribute(ATTRIBUTE.acctDelayTime, 5), lasted, ...bytes(1, 2)),
  );
  assert.deepEqual(news(), []);
  assert.equal(sessions.size, 0);
  // The same name later is another session.
  isTaken(await tell(START, id('1'), user('Alice')));
  assert.equal(sessions.size, 1);
});

test('a NAS that starts has nobody in, and another one keeps its sessions', async () => {
  const { tell, news, sessions } = lab();
  for (const name of ['1', '2']) await tell(START, id(name), user('Alice'));
  const other = [
    text(ATTRIBUTE.nasIdentifier, 'nas1'),
    { type: ATTRIBUTE.nasIpAddress, value: Buffer.of(192, 0, 2, 8) },
  ];
  await tell(START, id('3'), user('Alice'), ...other);
  news();
  isTaken(await tell(ON));
  assert.deepEqual(news(), Array(2).fill('ended alice@hotel removed after 0, 0/0'));
  assert.equal(sessions.size, 1);
});

test('somebody is out when the equipment says so; if it says nothing he stays, and is asked to go with the next sign of life', async () => {
  const { tell, news, sessions, answer, asked, stored } = lab();
  await tell(START, id('1'), user('Alice'));
  const [session] = sessions.all();
  news();
  answer.next = { isOut: false, text: 'no answer' };
  await assert.rejects(sessions.end(session!.name, 'kicked'), { code: 'RADIUS_DISCONNECT' });
  assert.match(news().join(), /"event":"disconnect".*"answer":"no answer"/);
  assert.equal(sessions.size, 1);
  answer.next = { isOut: true, text: 'ack' };
  isTaken(await tell(INTERIM, id('1'), user('Alice'), ...bytes(3, 4)));
  while (sessions.size > 0) await new Promise(setImmediate);
  assert.deepEqual(asked, ['alice@hotel', 'alice@hotel']);
  assert.match(news().join('\n'), /"answer":"ack".*\nended alice@hotel kicked after 0, 3\/4$/);
  assert.equal(stored.size, 0);
  assert.equal(await sessions.end(session!.name, 'kicked'), false);
});

test('other terms are those that the equipment takes; a new end is ours, too', async () => {
  const { tell, news, sessions, time, answer, asked, stored } = lab();
  await tell(START, id('1'), user('Alice'));
  const [session] = sessions.all();
  news();
  const change = { by: 'root', attributes: [text(11, 'guests')], seconds: 60 };
  answer.next = { isOut: false, text: 'nak 406' };
  await assert.rejects(sessions.change(session!.name, change), { code: 'RADIUS_COA' });
  assert.equal(session!.ends, 0);
  answer.next = { isOut: true, text: 'ack' };
  assert.equal(await sessions.change(session!.name, change), true);
  assert.deepEqual(
    asked.splice(0),
    Array(2).fill(`alice@hotel 11=${Buffer.from('guests').toString('hex')},27=0000003c`),
  );
  assert.match(news().join('\n'), /"event":"changed".*"answer":"nak 406"[\s\S]*"event":"changed".*"answer":"ack"/);
  const [kept] = await loadSessions({ read: async () => [...stored.values()] });
  assert.equal(kept?.ends, NOW + 60_000);
  time.now += 60_500;
  sessions.sweep();
  assert.deepEqual(asked, ['alice@hotel']);
  assert.equal(await sessions.change('radius:nobody', change), false);
});

test('whose time is over is put out, once', async () => {
  const { tell, sessions, time, asked, answer } = lab();
  await tell(START, id('1'), classAttribute({ login: 'bob', seconds: 60 })!);
  await tell(START, id('2'), classAttribute({ login: 'eve', seconds: undefined })!);
  time.now += 60_000;
  sessions.sweep();
  assert.deepEqual(asked, []);
  time.now += 500;
  answer.next = { isOut: false, text: 'nak 406' };
  sessions.sweep();
  sessions.sweep();
  assert.deepEqual(asked, ['bob']);
});

test('sessions are known again after a restart, as the equipment knows them', async () => {
  const { tell, sessions, stored } = lab();
  await tell(START, id('1'), user('Alice'), ...bytes(1, 2), {
    type: ATTRIBUTE.framedIpAddress,
    value: Buffer.of(10, 0, 0, 9),
  });
  const again = await loadSessions({ read: async () => [...stored.values()] });
  assert.deepEqual(again, [...sessions.all()]);
});

test('what cannot be written down is not acknowledged, what need not be is', async () => {
  const { tell } = lab();
  assert.equal(await tell(START, user('Alice')), 'silent');
  isTaken(await tell(15, id('1')));
});
