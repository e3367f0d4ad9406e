// peers: kamailio
/**
 * Kamailio as the next hop, a trunk that wants credentials of its own: found by NAPTR and SRV behind a server that is dead, reached by TCP
 * from a telephone on UDP and by UDP from one on TCP; the whole dialog in both directions.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createNameService } from '../../src/doors/sip/resolve/name-service.ts';
import { startNameServer } from '../name-server.ts';
import { answer, final, header, newBranch, request, type SipClient, sipClient, statusOf } from '../sip-client.ts';
import { DOMAIN, sipLab } from '../sip-lab.ts';
import { startKamailio } from './kamailio.ts';
import { freePort } from './ports.ts';

const SCRIPT = `
  loadmodule "mysql.so" loadmodule "sl.so" loadmodule "tm.so" loadmodule "rr.so" loadmodule "maxfwd.so"
  loadmodule "auth.so" loadmodule "auth_db.so"
  route {
    if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); break; }
    if (loose_route()) { t_relay(); break; }
    if (method=="INVITE") {
      if (!proxy_authorize("", "subscriber")) { proxy_challenge("", "0"); break; }
      consume_credentials();
      record_route();
    }
    if (!t_relay()) sl_reply_error();
  }
`;
const trunk = (callee: number) => `
  if (loose_route()) { t_relay(); exit; }
  if (method == "INVITE") {
    if (!pv_proxy_authenticate("trunk.example", "trunk password", "0")) { proxy_challenge("trunk.example", "0"); exit; }
    record_route();
  }
  $du = "sip:127.0.0.1:${callee}";
  t_relay();
`;

/** One that speaks, by UDP or TCP. */
interface Phone extends Pick<SipClient, 'hostPort' | 'send' | 'receive'> {
  readonly contact: string;
}

test('calls through a trunk', async (t) => {
  const port = await freePort();
  const answering = await sipClient(t, `127.0.0.1:${port}`);
  const callee: Phone = { ...answering, contact: `sip:bob@${answering.hostPort}` };
  await startKamailio(t, port, trunk(answering.port), ['auth']);
  const names = await startNameServer(
    t,
    `trunk.example            60 NAPTR 10 50 s SIP+D2T _sip._tcp.trunk.example
     trunk.example            60 NAPTR 20 50 s SIP+D2U _sip._udp.trunk.example
     _sip._tcp.trunk.example  60 SRV 1 0 ${await freePort()} dead.trunk.example
     _sip._tcp.trunk.example  60 SRV 2 0 ${port} live.trunk.example
     dead.trunk.example       60 A 127.0.0.1
     live.trunk.example       60 A 127.0.0.1`,
  );
  const service = createNameService([names.address]);
  t.after(() => service.stop());
  const lab = await sipLab(t, { script: SCRIPT, users: { alice: 'password1' }, lookUp: service.lookUp });

  await t.test('from UDP to TCP, by NAPTR and SRV past a dead server', async () => {
    const client = await sipClient(t, lab.udp);
    const caller: Phone = { ...client, contact: `sip:alice@${client.hostPort}` };
    const { invite, ok } = await call(caller, callee, 'sip:bob@trunk.example');
    assert.ok(lab.read('gatehouse_sip_requests_total', 'failed_over') > 0);
    assert.deepEqual(
      recorded(invite).map((uri) => [uri.includes('transport=tcp'), uri.includes('r2=on')]),
      [
        [false, true],
        [true, true],
        [true, true],
        [false, true],
      ],
      "Kamailio's pair, then ours",
    );
    assert.match(recorded(invite)[3]!, new RegExp(`sip:${lab.udp};`));
    await inDialog('INVITE', caller, callee, { ok, invite, cseq: 10 });
    await inDialog('BYE', callee, caller, { ok, invite, cseq: 1 });
  });

  await t.test('from TCP to UDP', async () => {
    const caller = await streamPhone(t, lab.tcpPort);
    const { invite, ok } = await call(caller, callee, `sip:bob@127.0.0.1:${port}`);
    assert.deepEqual(
      recorded(invite).map((uri) => [uri.includes('transport=tcp'), uri.includes('r2=on')]),
      [
        [false, false],
        [false, true],
        [true, true],
      ],
      'one of Kamailio, which changes nothing, then our pair',
    );
    await inDialog('INVITE', callee, caller, { ok, invite, cseq: 1 });
    await inDialog('BYE', caller, callee, { ok, invite, cseq: 10 });
  });
  assert.deepEqual(lab.complaints, []);
});

interface Dialog {
  /** As the callee got it, and the 200 as the caller got it. */
  readonly invite: string;
  readonly ok: string;
}

/** Both challenges, the call, its ACK. */
async function call(caller: Phone, callee: Phone, uri: string): Promise<Dialog> {
  const callId = newBranch();
  const from = `sip:alice@${DOMAIN}`;
  const credentials: string[] = [];
  const ask = (cseq: number) => {
    const headers = [`Contact: <${caller.contact}>`, ...credentials];
    caller.send(request(caller, { method: 'INVITE', uri, from, to: uri, callId, cseq, headers }));
  };
  const acknowledge = (response: string, cseq: number) => {
    // Of a failure: it belongs to the INVITE's transaction.
    const branch = /branch=([^;\r]+)/.exec(header(response, 'Via')!)![1]!;
    const to = header(response, 'To')!;
    caller.send(request(caller, { method: 'ACK', uri, from, to, callId, cseq, branch }));
  };
  ask(1);
  const ours = await expectFinal(caller, 407);
  assert.match(header(ours, 'Proxy-Authenticate')!, new RegExp(`realm="${DOMAIN}"`));
  acknowledge(ours, 1);
  credentials.push(answer(ours, 'INVITE', uri, 'alice', 'password1'));
  ask(2);
  const theirs = await expectFinal(caller, 407);
  assert.match(
    header(theirs, 'Proxy-Authenticate')!,
    /realm="trunk\.example"/,
    'the challenge of the trunk comes through',
  );
  acknowledge(theirs, 2);
  credentials.push(answer(theirs, 'INVITE', uri, 'gatehouse', 'trunk password'));
  ask(3);
  const invite = await expectRequest(callee, 'INVITE');
  assert.deepEqual(
    [...invite.matchAll(/^Proxy-Authorization:.*realm="([^"]+)"/gm)].map(([, realm]) => realm),
    ['trunk.example'],
    'our own credentials are taken out, those for others go on',
  );
  callee.send(reply(invite, '180 Ringing', callee));
  callee.send(reply(invite, '200 OK', callee));
  const ok = await expectFinal(caller, 200);
  assert.deepEqual(recorded(ok), recorded(invite));
  const to = header(ok, 'To')!;
  const headers = recorded(ok)
    .reverse()
    .map((route) => `Route: <${route}>`);
  caller.send(request(caller, { method: 'ACK', uri: callee.contact, from, to, callId, cseq: 3, headers }));
  await expectRequest(callee, 'ACK');
  return { invite, ok };
}

/** A request within the dialog, in whichever direction, its 200, and the ACK if it wants one. */
async function inDialog(method: string, from: Phone, to: Phone, { invite, ok, cseq }: Dialog & { cseq: number }) {
  const byCaller = header(invite, 'Contact') === `<${from.contact}>`;
  const routes = byCaller ? recorded(ok).reverse() : recorded(invite);
  const [own, other] = byCaller ? ['From', 'To'] : ['To', 'From'];
  const lines = (what: string, number: number) => [
    `${what} ${to.contact} SIP/2.0`,
    `Via: SIP/2.0/${from.contact.includes('tcp') ? 'TCP' : 'UDP'} ${from.hostPort};branch=${newBranch()};rport`,
    ...routes.map((route) => `Route: <${route}>`),
    `From: ${header(ok, own)}`,
    `To: ${header(ok, other)}`,
    `Call-ID: ${header(ok, 'Call-ID')}`,
    `CSeq: ${number} ${what}`,
    'Max-Forwards: 70',
    `Contact: <${from.contact}>`,
    'Content-Length: 0',
    '',
    '',
  ];
  from.send(lines(method, cseq).join('\r\n'));
  const received = await expectRequest(to, method);
  assert.equal(header(received, 'Route'), undefined, 'all Routes have been followed');
  to.send(reply(received, '200 OK', to));
  await expectFinal(from, 200);
  if (method !== 'INVITE') return;
  from.send(lines('ACK', cseq).join('\r\n'));
  await expectRequest(to, 'ACK');
}

async function expectFinal(phone: Phone, status: number): Promise<string> {
  for (;;) {
    const message = await final(phone, 20_000);
    assert.ok(message, `no ${status} came`);
    // A request that is repeated meanwhile is none of this.
    if (statusOf(message) === 0) continue;
    assert.equal(statusOf(message), status, message);
    return message;
  }
}

async function expectRequest(phone: Phone, method: string): Promise<string> {
  for (;;) {
    const message = await phone.receive(20_000);
    assert.ok(message, `no ${method} came`);
    if (message.startsWith(`${method} `)) return message;
    assert.ok(/^(SIP\/2\.0 (1|200)|INVITE|ACK)/.test(message), message);
  }
}

function reply(to: string, status: string, phone: Phone): string {
  const lines = to.split('\r\n');
  const copied = lines.filter((line) => /^(Via|From|Call-ID|CSeq|Record-Route):/i.test(line));
  const tagged = header(to, 'To')!;
  const tag = tagged.includes(';tag=') ? '' : ';tag=callee';
  const rest = [`To: ${tagged}${tag}`, `Contact: <${phone.contact}>`, 'Content-Length: 0', '', ''];
  return [`SIP/2.0 ${status}`, ...copied, ...rest].join('\r\n');
}

/** The URIs of its Record-Routes, in order. */
function recorded(message: string): string[] {
  const lines = message.split('\r\n').filter((line) => /^Record-Route:/i.test(line));
  return lines.flatMap((line) => [...line.matchAll(/<([^>]*)>/g)].map(([, uri]) => uri!));
}

/** A telephone that has one connection of TCP. */
async function streamPhone(t: TestContext, port: number): Promise<Phone> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  t.after(() => socket.destroy());
  const inbox: string[] = [];
  let read = '';
  socket.setEncoding('latin1').on('data', (data: string) => {
    read += data;
    for (let end = read.indexOf('\r\n\r\n'); end >= 0; end = read.indexOf('\r\n\r\n')) {
      const length = Number(header(read.slice(0, end + 2), 'Content-Length') ?? 0);
      if (read.length < end + 4 + length) break;
      inbox.push(read.slice(0, end + 4 + length));
      read = read.slice(end + 4 + length);
    }
    socket.emit('inbox');
  });
  const hostPort = `127.0.0.1:${socket.localPort}`;
  return {
    hostPort,
    contact: `sip:alice@${hostPort};transport=tcp`,
    send: (text) => void socket.write(text.replace('Via: SIP/2.0/UDP', 'Via: SIP/2.0/TCP'), 'latin1'),
    async receive(ms = 5000) {
      const signal = AbortSignal.timeout(ms);
      while (inbox.length === 0) await once(socket, 'inbox', { signal }).catch(() => signal.throwIfAborted());
      return inbox.shift();
    },
  };
}
