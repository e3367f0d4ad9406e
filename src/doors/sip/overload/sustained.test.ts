/**
 * Telephones that repeat what is not answered (RFC 3261 section 17.1.1.2), before a server for which all costs a fixed time: reading a
 * message, beginning its work, turning it away. Times in milliseconds.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lab } from './lab.ts';

const READING = 0.04;
const COSTS = { beginning: 1, turningAway: 0.06 };
/** What can be done in a second. */
const BEST = 1000 / (READING + COSTS.beginning);
const T1 = 500;
const GIVE_UP = 32_000;
/** Datagrams read in a turn of the loop. */
const BATCH = 32;
/** What the kernel holds of them. */
const BUFFER = 4000;

interface Second {
  begun: number;
  done: number;
  shed: number;
}

interface Invite {
  readonly callId: string;
  readonly second: Second;
  pause: number;
}

function load() {
  const server = lab(COSTS);
  const open = new Map<string, Invite>();
  /** What reaches the socket, by the millisecond. */
  const coming = new Map<number, Invite[]>();
  const socket: Invite[] = [];
  let arrived = 0;
  let calls = 0;

  const sendAt = (at: number, invite: Invite) => {
    const then = coming.get(Math.ceil(at));
    if (then) then.push(invite);
    else coming.set(Math.ceil(at), [invite]);
  };

  const arrive = () => {
    for (; arrived <= server.now(); arrived++) {
      for (const invite of coming.get(arrived) ?? []) {
        if (!open.has(invite.callId)) continue;
        if (socket.length < BUFFER) socket.push(invite);
        sendAt(arrived + invite.pause, invite);
        invite.pause *= 2;
      }
      coming.delete(arrived);
    }
  };

  const hear = () => {
    for (const reply of server.replies()) {
      const [, callId = '', status] = reply.split(' ');
      const invite = open.get(callId);
      open.delete(callId);
      if (invite) invite.second[status === '200' ? 'done' : 'shed']++;
    }
  };

  const until = async (end: number) => {
    while (server.now() < end) {
      arrive();
      const read = socket.splice(0, BATCH);
      for (const { callId } of read) {
        server.spend(READING);
        server.receive('INVITE', callId);
      }
      if (read.length === 0 && server.engine.overload.deferred === 0) server.spend(1, true);
      await server.turn();
      server.spend(0);
      hear();
    }
  };

  return {
    server,
    open,
    /** So many new calls in each of so many seconds, the server stalled at first; what became of them so far. */
    async offer(rate: number, length: number, stall = 0): Promise<Second[]> {
      const start = server.now();
      const these: Second[] = [];
      for (let i = 0; i < rate * length; i++) {
        if (i >= rate * these.length) these.push({ begun: 0, done: 0, shed: 0 });
        const second = these.at(-1)!;
        const invite = { callId: `c${++calls}`, second, pause: T1 };
        second.begun++;
        open.set(invite.callId, invite);
        sendAt(start + (i * 1000) / rate + 1, invite);
      }
      server.spend(stall);
      await until(start + length * 1000);
      return these;
    },
    async settle(): Promise<void> {
      const end = server.now() + GIVE_UP;
      while (open.size > 0 && server.now() < end) await until(server.now() + 100);
    },
  };
}

const sum = (seconds: readonly Second[], of: keyof Second) => seconds.reduce((all, one) => all + one[of], 0);

test('after a stall of 400 ms the burst behind it is done, late and whole', async () => {
  const { open, offer, settle } = load();
  const seconds = await offer(0.8 * BEST, 2);
  for (let times = 0; times < 3; times++) seconds.push(...(await offer(0.8 * BEST, 3, 400)));
  await settle();
  assert.equal(open.size, 0);
  assert.equal(sum(seconds, 'done'), sum(seconds, 'begun'));
});

test('a second of double load is put off and done', async () => {
  const { server, offer, settle } = load();
  const seconds = [...(await offer(BEST / 2, 2)), ...(await offer(2 * BEST, 1)), ...(await offer(BEST / 2, 3))];
  await settle();
  assert.equal(sum(seconds, 'done'), sum(seconds, 'begun'));
  assert.ok(server.engine.overload.counters.deferred > 0);
});

for (const times of [2, 4]) {
  test(`of ${times} times what can be done the rest is turned away, and then it is over`, async () => {
    const { server, open, offer, settle } = load();
    await offer(BEST / 2, 2);
    const meanwhile = await offer(times * BEST, 10);
    assert.ok(sum(meanwhile, 'done') > (times === 2 ? 0.8 : 0.6) * BEST * 10, `${sum(meanwhile, 'done')}`);
    assert.ok(sum(meanwhile, 'shed') > BEST);
    assert.equal(server.engine.overload.health().length, 1);
    const after = await offer(BEST / 2, 5);
    await settle();
    assert.equal(sum(after.slice(1), 'done'), sum(after.slice(1), 'begun'), 'within a second');
    assert.deepEqual(server.engine.overload.health(), []);
    assert.equal(open.size, 0);
  });
}
