/** Ways that a request takes besides the usual one, over real sockets: TCP for what is too large for UDP, and copies for another server. */
import assert from 'node:assert/strict';
import { on, once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { final, header, reply, request, sipClient, statusOf } from './sip-client.ts';
import { sipLab } from './sip-lab.ts';

const MODULES = ['sl', 'tm', 'rr', 'maxfwd', 'usrloc', 'registrar'].map((name) => `loadmodule "${name}.so"`).join('\n');
const RELAY = `${MODULES}\nroute { t_relay(); exit; }`;
/** With its headers more than the 1,300 bytes that RFC 3261 section 18.1.1 lets go by UDP. */
const LARGE = 'x'.repeat(1_400);

test('a large request goes by TCP, and by UDP where that is refused', async (t) => {
  const lab = await sipLab(t, { script: RELAY });
  const sender = await sipClient(t, lab.udp);
  const ask = (hostPort: string) => {
    const uri = `sip:bob@${hostPort}`;
    const headers = ['Content-Type: text/plain'];
    sender.send(request(sender, { method: 'MESSAGE', uri, from: 'sip:a@x.example', to: uri, headers, body: LARGE }));
  };

  // At an address of its own, where nobody else has a TCP port of that number.
  const deaf = await sipClient(t, lab.udp, '127.0.0.77');
  ask(deaf.hostPort);
  const datagram = (await deaf.receive(20_000))!;
  assert.match(datagram, /^MESSAGE [^\r]*\r\nVia: SIP\/2\.0\/UDP /, 'the Via says how it came');
  assert.ok(datagram.endsWith(LARGE));
  deaf.send(reply(datagram, 200, 'OK'));
  assert.equal(statusOf(await final(sender, 20_000)), 200);

  const server = createServer();
  t.after(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  ask(`127.0.0.1:${(server.address() as { port: number }).port}`);
  const [stream] = (await accepted) as [Socket];
  t.after(() => stream.destroy());
  let text = '';
  for await (const [data] of on(stream, 'data', { signal: AbortSignal.timeout(20_000) })) {
    text += data;
    if (text.endsWith(LARGE)) break;
  }
  assert.match(text, /^MESSAGE [^\r]*\r\nVia: SIP\/2\.0\/TCP /);
  stream.write(reply(text, 202, 'Accepted'));
  assert.equal(statusOf(await final(sender, 20_000)), 202);
});

test('t_replicate: a second registrar knows each contact, and the telephone hears of the first alone', async (t) => {
  const second = await sipLab(t, { script: `${MODULES}\nroute { save("location"); exit; }` });
  const replicating = `${MODULES}\nroute { t_replicate("sip:${second.udp}"); save("location"); exit; }`;
  const first = await sipLab(t, { script: replicating });
  const phone = await sipClient(t, first.udp);
  const contact = `sip:bob@${phone.hostPort}`;
  const register = (cseq: number, expires: number) => {
    const headers = [`Contact: <${contact}>`, `Expires: ${expires}`];
    const options = { method: 'REGISTER', uri: 'sip:x.example', from: 'sip:bob@x.example', to: 'sip:bob@x.example' };
    phone.send(request(phone, { ...options, callId: 'copied', cseq, headers }));
  };
  const contacts = (lab: typeof first) =>
    lab.administration.listBindings('location').then((list) => list.map((one) => `${one.contact} ${one.cseq}`));
  for (const [cseq, expires, expected] of [
    [1, 600, [`${contact} 1`]],
    [2, 0, []],
  ] as const) {
    register(cseq, expires);
    const answered = (await final(phone, 20_000))!;
    assert.deepEqual([statusOf(answered), header(answered, 'CSeq')], [200, `${cseq} REGISTER`]);
    assert.deepEqual(await contacts(first), expected);
    const deadline = AbortSignal.timeout(20_000);
    while (JSON.stringify(await contacts(second)) !== JSON.stringify(expected)) {
      deadline.throwIfAborted();
      await setImmediate();
    }
  }
  assert.deepEqual(phone.inbox, [], 'one answer each');
});
