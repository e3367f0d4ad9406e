/** Calls over real sockets and the built-in example: who is in one is listed and can be put out of it, also over TCP and after a restart. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { EXAMPLE } from './listings.ts';
import {
  answer,
  final,
  header,
  newBranch,
  register,
  reply,
  request,
  type SipClient,
  sipClient,
  statusOf,
} from './sip-client.ts';
import { DOMAIN, layGround, type SipLab, sipLab } from './sip-lab.ts';

const USERS = { 1000: 'pw-1000', 1001: 'pw-1001' };
const [ALICE, BOB] = [`sip:1000@${DOMAIN}`, `sip:1001@${DOMAIN}`];

type Phone = Pick<SipClient, 'send' | 'receive' | 'hostPort'> & { readonly transport: string };

test('a user who is locked is put out of his call, and so is whoever he talked to', async (t) => {
  const lab = await sipLab(t, { script: EXAMPLE, users: USERS });
  const [alice, bob] = [await telephone(t, lab), await telephone(t, lab)];
  await isRegistered(bob);
  await callUp(alice, bob);
  assert.deepEqual(await inCalls(lab), [
    [ALICE, 'out', BOB],
    [BOB, 'in', ALICE],
  ]);

  assert.equal(await lab.administration.lockUser(`1001@${DOMAIN}`), 2);
  for (const [phone, uri] of [
    [alice, `sip:1000@${alice.hostPort}`],
    [bob, `sip:1001@${bob.hostPort}`],
  ] as const) {
    const bye = await said(phone, 'BYE');
    assert.ok(bye.startsWith(`BYE ${uri} SIP/2.0\r\n`), bye);
    assert.match(bye, /^Reason: SIP;cause=403;/m);
    phone.send(reply(bye, 200, 'OK'));
  }
  assert.deepEqual(await lab.administration.who(), []);
  const ended = (await lab.administration.listAudit({ event: 'ended', limit: 50 })).entries.map(({ fields }) => fields);
  const calls = ended.filter(({ session }) => String(session).startsWith('sip:call:'));
  assert.deepEqual(
    calls.map(({ user, peer, reason, seconds }) => [`sip:${user}`, peer, reason, typeof seconds]).sort(),
    [
      [ALICE, BOB, 'kicked', 'number'],
      [BOB, ALICE, 'kicked', 'number'],
    ],
  );
});

test('a telephone behind a NAT is reached over its connection, also when the other one hangs up', async (t) => {
  const lab = await sipLab(t, { script: EXAMPLE, users: USERS });
  const [alice, bob] = [await overTcp(t, lab), await telephone(t, lab)];
  await isRegistered(bob);
  await callUp(alice, bob, 'sip:1000@10.99.1.2:5060;transport=tcp');
  const [session] = await lab.administration.who('1000');
  await lab.administration.kick(session!.session);
  const bye = await said(alice, 'BYE');
  assert.match(bye, /^BYE sip:1000@10\.99\.1\.2:5060;transport=tcp SIP/);
  assert.match(bye, /^Via: SIP\/2.0\/TCP /m);
  await said(bob, 'BYE');
  assert.deepEqual(await inCalls(lab), []);
});

test('a call outlives the server, and can still be ended', async (t) => {
  const ground = await layGround({ users: USERS });
  t.after(() => ground.close());
  const first = await sipLab(t, { script: EXAMPLE, ground });
  const [alice, bob] = [await telephone(t, first), await telephone(t, first)];
  await isRegistered(bob);
  await callUp(alice, bob);
  await first.door.stop(1000);

  const second = await sipLab(t, { script: EXAMPLE, ground });
  assert.deepEqual(await inCalls(second), [
    [ALICE, 'out', BOB],
    [BOB, 'in', ALICE],
  ]);
  const [session] = (await second.administration.who('1000')).filter(({ detail }) => detail.kind === 'call');
  await second.administration.kick(session!.session);
  for (const phone of [alice, bob]) await said(phone, 'BYE');
  await ground.storage.journal.drain();
  await second.door.stop(1000);
  const third = await sipLab(t, { script: EXAMPLE, ground });
  assert.deepEqual(await inCalls(third), []);
});

async function telephone(t: TestContext, lab: SipLab): Promise<Phone> {
  return { ...(await sipClient(t, lab.udp)), transport: 'UDP' };
}

/** Messages without bodies over one connection. */
async function overTcp(t: TestContext, lab: SipLab): Promise<Phone> {
  const socket = connect(lab.tcpPort, '127.0.0.1');
  await once(socket, 'connect');
  t.after(() => socket.destroy());
  const inbox: string[] = [];
  let rest = '';
  socket.on('data', (data) => {
    const parts = (rest + data.toString('latin1')).split('\r\n\r\n');
    rest = parts.pop()!;
    inbox.push(...parts.map((part) => `${part}\r\n\r\n`));
    socket.emit('inbox');
  });
  return {
    hostPort: `127.0.0.1:${socket.localPort}`,
    transport: 'TCP',
    send: (text) => void socket.write(text, 'latin1'),
    async receive(ms = 10_000) {
      const signal = AbortSignal.timeout(ms);
      while (inbox.length === 0) await once(socket, 'inbox', { signal });
      return inbox.shift();
    },
  };
}

async function isRegistered(phone: Phone): Promise<void> {
  const who = { domain: DOMAIN, user: '1001', password: 'pw-1001' };
  assert.equal(statusOf(await register(phone as unknown as SipClient, who, 10_000)), 200);
}

/** 1000 calls 1001, who answers. */
async function callUp(alice: Phone, bob: Phone, contact = `sip:1000@${alice.hostPort}`): Promise<void> {
  const say = (method: string, cseq: number, to: string, branch: string, headers: readonly string[] = [], uri = BOB) =>
    alice.send(
      request(alice, {
        method,
        uri,
        from: ALICE,
        to,
        callId: 'call',
        cseq,
        branch,
        headers: [`Contact: <${contact}>`, ...headers],
      }).replace('/UDP', `/${alice.transport}`),
    );
  say('INVITE', 1, BOB, 'z9hG4bKfirst');
  const challenge = (await final(alice, 10_000))!;
  assert.equal(statusOf(challenge), 407, challenge);
  say('ACK', 1, header(challenge, 'To')!, 'z9hG4bKfirst');
  say('INVITE', 2, BOB, 'z9hG4bKsecond', [answer(challenge, 'INVITE', BOB, '1000', 'pw-1000')]);
  const invite = await said(bob, 'INVITE');
  bob.send(reply(invite, 200, 'OK', [`Contact: <sip:1001@${bob.hostPort}>`]));
  const ok = (await final(alice, 10_000))!;
  assert.equal(statusOf(ok), 200, ok);
  const routes = ok
    .split('\r\n')
    .filter((line) => line.startsWith('Record-Route:'))
    .reverse();
  const target = /<([^>]*)>/.exec(header(ok, 'Contact')!)![1]!;
  say(
    'ACK',
    2,
    header(ok, 'To')!,
    newBranch(),
    routes.map((line) => line.slice('Record-'.length)),
    target,
  );
  await said(bob, 'ACK');
}

/** The next request of this method; repetitions of others are passed over. */
async function said(phone: Phone, method: string): Promise<string> {
  for (;;) {
    const message = await phone.receive(10_000);
    assert.ok(message, `no ${method} came`);
    if (message.startsWith(`${method} `)) return message;
  }
}

async function inCalls({ administration }: SipLab): Promise<unknown[]> {
  const sessions = (await administration.who()).filter(({ detail }) => detail.kind === 'call');
  return sessions.map(({ user, detail: { direction, peer } }) => [`sip:${user}`, direction, peer]).sort();
}
