/**
 * Telephones that wait for nobody and repeat what is not answered (RFC 3261 section 17.1), before a server for which all costs a fixed
 * time, and whose socket holds so many datagrams and loses the rest. Times in milliseconds.
 *
 * A single request is an INVITE that is answered. A call is an INVITE that is refused, one with credentials, its ACK and a BYE; it is
 * done when the BYE is answered, so that all is lost which was spent on a call whose BYE is not heard.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CREDENTIALS, lab } from './lab.ts';

type Kind = 'single' | 'call';

const READING = 0.04;
const COSTS = { beginning: 1, turningAway: 0.06 };
const CALL_COSTS = { beginning: 0.25, turningAway: 0.06 };
/** What can be done in a second; a call begins four times, and has an ACK more to read. */
const BEST = 1000 / (READING + COSTS.beginning);
const BEST_CALLS = 1000 / (5 * READING + 4 * CALL_COSTS.beginning);
const T1 = 500;
const T2 = 4000;
const GIVE_UP = 32_000;
/** What the kernel holds of datagrams. */
const BUFFER = 4000;
/** Read in a turn of the loop: by the native module, by Node's dgram. */
const TURN = 512;
const DGRAM_TURN = 32;

interface Second {
  begun: number;
  done: number;
  shed: number;
}

/** What it has sent last, and when it gives up. */
interface Flow {
  readonly callId: string;
  readonly kind: Kind;
  readonly second: Second;
  step: 'INVITE' | 'second' | 'BYE';
  pause: number;
}

interface Datagram {
  readonly flow: Flow;
  readonly step: Flow['step'] | 'ACK' | 'refused';
  readonly at: number;
}

function load({ turn = TURN, costs = COSTS, waits = true } = {}) {
  const server = lab({ ...costs, challenging: true });
  server.reading.turn = turn;
  const open = new Map<string, Flow>();
  /** What reaches the socket or is due to be repeated, by the millisecond. */
  const coming = new Map<number, Datagram[]>();
  const socket: Datagram[] = [];
  let arrived = 0;
  let flows = 0;
  let lost = 0;

  const sendAt = (at: number, flow: Flow, step: Datagram['step']) => {
    const then = coming.get(Math.ceil(at));
    const datagram = { flow, step, at };
    if (then) then.push(datagram);
    else coming.set(Math.ceil(at), [datagram]);
  };

  const arrive = () => {
    for (; arrived <= server.now(); arrived++) {
      for (const { flow, step } of coming.get(arrived) ?? []) {
        const once = step === 'ACK' || step === 'refused';
        if (!once && (open.get(flow.callId) !== flow || flow.step !== step)) continue;
        if (socket.length < BUFFER) socket.push({ flow, step, at: arrived });
        else lost++;
        if (once) continue;
        sendAt(arrived + flow.pause, flow, step);
        flow.pause = step === 'BYE' ? Math.min(2 * flow.pause, T2) : 2 * flow.pause;
      }
      coming.delete(arrived);
    }
  };

  const go = (flow: Flow, step: Flow['step']) => {
    flow.step = step;
    flow.pause = T1;
    sendAt(server.now() + 1, flow, step);
  };

  const hear = () => {
    for (const reply of server.replies()) {
      const [method, callId = '', status] = reply.split(' ');
      const flow = open.get(callId);
      if (flow === undefined || (method === 'BYE') !== (flow.step === 'BYE')) continue;
      if (status === '401') {
        if (flow.step !== 'INVITE') continue;
        sendAt(server.now() + 1, flow, 'refused');
        go(flow, 'second');
      } else if (status === '200' && flow.kind === 'call' && flow.step !== 'BYE') {
        sendAt(server.now() + 1, flow, 'ACK');
        go(flow, 'BYE');
      } else {
        open.delete(callId);
        flow.second[status === '200' ? 'done' : 'shed']++;
      }
    }
  };

  const read = ({ flow, step, at }: Datagram) => {
    server.spend(READING);
    server.reading.waited = waits ? server.now() - at : 0;
    const { callId, kind } = flow;
    const header = kind === 'single' ? 'Subject: single' : undefined;
    if (step === 'INVITE') server.receive('INVITE', callId, { header });
    else if (step === 'second') server.receive('INVITE', callId, { header: CREDENTIALS });
    else if (step === 'refused') server.receive('ACK', callId, { toTag: 'us-x' });
    else server.receive(step, callId, { toTag: 'b' });
    server.reading.waited = 0;
  };

  const until = async (end: number) => {
    while (server.now() < end) {
      arrive();
      const batch = socket.splice(0, turn);
      for (const datagram of batch) read(datagram);
      if (batch.length === 0 && server.engine.overload.deferred === 0) server.spend(1, true);
      await server.turn();
      server.spend(0);
      hear();
    }
  };

  return {
    server,
    open,
    lost: () => lost,
    /** So many new ones in each of so many seconds, the server stalled at first; what became of them so far. */
    async offer(rate: number, length: number, { stall = 0, kind = 'single' as Kind } = {}): Promise<Second[]> {
      const start = server.now();
      const these: Second[] = [];
      for (let i = 0; i < rate * length; i++) {
        if (i >= rate * these.length) these.push({ begun: 0, done: 0, shed: 0 });
        const second = these.at(-1)!;
        const flow: Flow = { callId: `c${++flows}`, kind, second, step: 'INVITE', pause: T1 };
        second.begun++;
        open.set(flow.callId, flow);
        sendAt(start + (i * 1000) / rate + 1, flow, 'INVITE');
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
  for (let times = 0; times < 3; times++) seconds.push(...(await offer(0.8 * BEST, 3, { stall: 400 })));
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

test('nobody is refused of as many calls as can be done', async () => {
  const { offer, settle, lost } = load({ costs: CALL_COSTS });
  const seconds = await offer(0.98 * BEST_CALLS, 8, { kind: 'call' });
  await settle();
  assert.deepEqual([sum(seconds, 'done'), lost()], [sum(seconds, 'begun'), 0]);
});

/** Times what can be done; the part of that which is still done. */
const overloads: [Kind, number, number, number][] = [
  ['single', 2, 0.8, TURN],
  ['single', 4, 0.6, TURN],
  ['call', 2, 0.8, TURN],
  ['call', 4, 0.6, TURN],
  ['call', 2, 0.8, DGRAM_TURN],
];
for (const [kind, times, kept, turn] of overloads) {
  test(`${kind}s, ${turn} read at a time: of ${times} times what can be done the rest is turned away, and then it is over`, async () => {
    const best = kind === 'call' ? BEST_CALLS : BEST;
    const { server, open, offer, settle, lost } = load({
      turn,
      costs: kind === 'call' ? CALL_COSTS : COSTS,
      waits: turn === TURN,
    });
    await offer(best / 2, 2, { kind });
    const meanwhile = await offer(times * best, 10, { kind });
    assert.ok(sum(meanwhile, 'done') > kept * best * 10, `${sum(meanwhile, 'done')}`);
    assert.ok(sum(meanwhile, 'shed') > best);
    assert.equal(lost(), 0, 'in the buffer');
    assert.equal(server.engine.overload.health().length, 1);
    const after = await offer(best / 2, 5, { kind });
    await settle();
    assert.equal(sum(after.slice(1), 'done'), sum(after.slice(1), 'begun'), 'within a second');
    assert.deepEqual(server.engine.overload.health(), []);
    assert.equal(open.size, 0);
  });
}
