/** A call over IPv6: every address that is written into a message carries brackets. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXAMPLE } from './listings.ts';
import { answer, final, header, register, request, sipClient, statusOf } from './sip-client.ts';
import { DOMAIN, sipLab } from './sip-lab.ts';

test('telephones on [::1] register and call', async (t) => {
  const lab = await sipLab(t, {
    script: EXAMPLE,
    preloadedRoute: 'challenge',
    address: '::1',
    users: { 1000: 'one', 1001: 'two' },
  });
  const [caller, called] = [await sipClient(t, lab.udp), await sipClient(t, lab.udp)];
  const registered = await register(called, { domain: DOMAIN, user: '1001', password: 'two' });
  assert.match(registered ?? '', /^Contact: <sip:1001@\[::1\]:\d+>;expires=600\r$/m);

  const uri = `sip:1001@${DOMAIN}`;
  const invite = { method: 'INVITE', uri, from: `sip:1000@${DOMAIN}`, to: uri, callId: 'six' };
  const contact = `Contact: <sip:1000@${caller.hostPort}>`;
  caller.send(request(caller, { ...invite, headers: [contact] }));
  const challenge = await final(caller);
  assert.equal(statusOf(challenge), 407);
  const credentials = answer(challenge!, 'INVITE', uri, '1000', 'one');
  caller.send(request(caller, { ...invite, cseq: 2, headers: [contact, credentials] }));

  const rung = (await called.receive())!;
  assert.ok(rung.startsWith(`INVITE sip:1001@${called.hostPort} SIP/2.0\r\nVia: SIP/2.0/UDP ${lab.udp};branch=`), rung);
  assert.match(header(rung, 'Record-Route') ?? '', /^<sip:\[::1\]:\d+;/);
  assert.match(rung, /^Via: SIP\/2\.0\/UDP \[::1\]:\d+;branch=\S*;received=::1;rport=\d+\r$/m);
  const vias = rung.match(/^Via: .*\r\n/gm)!.join('');
  const names = ['From', 'Call-ID', 'CSeq', 'Record-Route']
    .map((name) => `${name}: ${header(rung, name)}\r\n`)
    .join('');
  called.send(
    `SIP/2.0 200 OK\r\n${vias}${names}To: <${uri}>;tag=b\r\nContact: <sip:1001@${called.hostPort}>\r\nContent-Length: 0\r\n\r\n`,
  );
  const answered = (await final(caller))!;
  assert.equal(statusOf(answered), 200);

  const route = `Route: ${header(answered, 'Record-Route')}`;
  caller.send(
    request(caller, {
      method: 'BYE',
      uri: `sip:1001@${called.hostPort}`,
      from: invite.from,
      to: `<${uri}>;tag=b`,
      callId: 'six',
      cseq: 3,
      headers: [route],
    }),
  );
  assert.match((await called.receive()) ?? '', /^BYE sip:1001@\[::1\]:/);
});
