/** Calls that ask for a key, over real sockets: a gateway that does what the test says, and the whole SIP door. */
import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { WebSocket } from 'ws';
import type { KeyAnswer } from '../src/core/callback/types.ts';
import type { Account } from '../src/core/users/types.ts';
import { readRtp, writeRtp } from '../src/doors/sip/call-back/rtp.ts';
import { readAnswer } from '../src/doors/sip/call-back/sdp.ts';
import { sipConfig } from '../src/doors/sip/config.ts';
import { header, reply, request, type SipClient, sipClient, statusOf } from './sip-client.ts';
import { sipLab } from './sip-lab.ts';

const NUMBER = '2000';
const SCRIPT = `
  loadmodule "usrloc.so" loadmodule "registrar.so" loadmodule "sl.so"
  route { lookup("location"); sl_send_reply("404", "The Script"); }
`;
const REGISTRAR = `
  loadmodule "usrloc.so" loadmodule "registrar.so" loadmodule "sl.so"
  modparam("usrloc", "db_mode", 0)
  modparam("registrar", "use_path", 1)
  modparam("registrar", "path_mode", 1)
  route { save("location"); exit; }
`;
const KEEP_RINGING = new AbortController().signal;

async function lab(t: TestContext, changes: object = {}, script = SCRIPT) {
  const { call_back: callBack } = sipConfig.parse({ call_back: { ports: '42000-44999', ...changes } });
  const { door, udp, administration } = await sipLab(t, { script, callBack });
  const peer = await sipClient(t, udp);
  callBack.trunk = `sip:${peer.hostPort}`;
  const ask = (number = NUMBER, signal = KEEP_RINGING) => door.calls!.ask([{ number }], signal);
  return { door, udp, administration, peer, ask };
}

/** Messages that a test has looked at: a busy machine makes the server repeat them. */
const seen = new WeakMap<SipClient, Set<string>>();

/** The next message that is no repetition. */
async function news(peer: SipClient): Promise<string | undefined> {
  const old = seen.get(peer) ?? new Set();
  seen.set(peer, old);
  for (;;) {
    const message = await peer.receive(20_000);
    if (message === undefined || !old.has(message)) {
      if (message) old.add(message);
      return message;
    }
  }
}

async function next(peer: SipClient, method: string): Promise<string> {
  for (;;) {
    const message = await news(peer);
    assert.ok(message, `no ${method} came`);
    if (message.startsWith(`${method} `)) return message;
    assert.match(message, /^(ACK|SIP)/);
  }
}

/** Where a stand-in for a telephone sends and takes sound. */
async function soundOf(t: TestContext): Promise<Socket & { port: number }> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.after(() => socket.close());
  return Object.assign(socket, { port: socket.address().port });
}

function accept(invite: string, peer: SipClient, port: number, events = true): string {
  const formats = `m=audio ${port} RTP/AVP 0${events ? ' 96\r\na=rtpmap:96 telephone-event/8000' : ''}`;
  const sdp = `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n${formats}\r\n`;
  const lines = [`Contact: <sip:${NUMBER}@${peer.hostPort}>`, 'Content-Type: application/sdp'];
  const head = reply(invite, 200, 'OK', lines).replace('Content-Length: 0', `Content-Length: ${sdp.length}`);
  return head + sdp;
}

/** A request of the other side in the call. */
function within(invite: string, peer: SipClient, method: string, headers: string[] = [], body = ''): string {
  return request(peer, {
    ...{ method, uri: `sip:gatehouse@127.0.0.1`, from: `sip:${NUMBER}@127.0.0.1`, fromTag: 'b1', headers, body },
    ...{ to: header(invite, 'From')!.replace(/^[^<]*/, ''), callId: header(invite, 'Call-ID')!, cseq: 7 },
  });
}

async function answered(t: TestContext, changes = {}, events = true) {
  const all = await lab(t, changes);
  const sound = await soundOf(t);
  const heard = all.ask();
  const invite = await next(all.peer, 'INVITE');
  all.peer.send(accept(invite, all.peer, sound.port, events));
  await next(all.peer, 'ACK');
  return { ...all, sound, heard, invite, offered: readAnswer(invite.slice(invite.indexOf('\r\n\r\n') + 4))! };
}

async function ends(peer: SipClient, heard: Promise<KeyAnswer>): Promise<KeyAnswer> {
  peer.send(reply(await next(peer, 'BYE'), 200, 'OK'));
  return heard;
}

test('the number is rung through the gateway with its credentials, hears tones, and a key by telephone event admits', async (t) => {
  const { peer, ask } = await lab(t, { username: 'me', password: 'secret', caller: '+493023125000' });
  const sound = await soundOf(t);
  const heard = ask();
  const first = await next(peer, 'INVITE');
  assert.match(first, new RegExp(`^INVITE sip:${NUMBER}@127`));
  assert.match(header(first, 'From')!, /<sip:\+493023125000@127/);
  peer.send(reply(first, 407, 'Who', ['Proxy-Authenticate: Digest realm="gw", nonce="n", qop="auth"']));
  await next(peer, 'ACK');
  const invite = await next(peer, 'INVITE');
  assert.match(header(invite, 'Proxy-Authorization')!, /username="me".*qop=auth/);
  assert.equal(header(invite, 'Call-ID'), header(first, 'Call-ID'));
  peer.send(accept(invite, peer, sound.port));
  await next(peer, 'ACK');
  const [packet, from] = (await once(sound, 'message')) as [Buffer, { port: number }];
  const { port } = readAnswer(invite.slice(invite.indexOf('\r\n\r\n') + 4))!;
  assert.deepEqual([readRtp(packet)?.payloadType, readRtp(packet)?.payload.length, from.port], [0, 160, port]);
  const press = (payload: number[]) =>
    sound.send(writeRtp(96, { sequence: 1, timestamp: 800, source: 3 }, Buffer.from(payload)), port, '127.0.0.1');
  press([1, 0x0a, 3, 0x20]);
  press([1, 0x8a, 3, 0x20]);
  assert.equal(await ends(peer, heard), 'admitted');
});

test('a key by INFO, and what else comes in the call', async (t) => {
  const { peer, heard, invite } = await answered(t, {}, false);
  const asked = async (text: string) => {
    peer.send(text);
    return statusOf(await news(peer));
  };
  assert.equal(await asked(within(invite, peer, 'OPTIONS')), 200);
  assert.equal(await asked(within(invite, peer, 'INVITE')), 488);
  assert.equal(await asked(within(invite, peer, 'MESSAGE')), 405);
  const info = ['Content-Type: application/dtmf-relay'];
  const forged = within(invite, peer, 'INFO', info, 'Signal=1\r\n').replace('tag=b1', 'tag=b2');
  assert.equal(await asked(forged), 481);
  assert.equal(await asked(request(peer, { method: 'OPTIONS', uri: 'sip:a@b', from: 'sip:a@b', to: 'sip:a@b' })), 404);
  peer.send(within(invite, peer, 'INFO', info, 'Signal=9\r\nDuration=160\r\n'));
  assert.equal(await ends(peer, heard), 'refused');
});

test('no sound counts but that of the telephone, and its first packet says where it is', async (t) => {
  const { peer, heard, sound, offered } = await answered(t);
  const press = (from: Socket, key: number) =>
    new Promise((resolve) => {
      const payload = Buffer.from([key, 0x8a, 3, 0x20]);
      from.send(
        writeRtp(96, { sequence: 1, timestamp: 800, source: key }, payload),
        offered.port,
        '127.0.0.1',
        resolve,
      );
    });
  // The telephone's own port is known from its first packet on.
  sound.send(writeRtp(0, { sequence: 0, timestamp: 0, source: 1 }, new Uint8Array(160)), offered.port, '127.0.0.1');
  await once(sound, 'message');
  await press(await soundOf(t), 9);
  await press(sound, 1);
  assert.equal(await ends(peer, heard), 'admitted');
});

test('busy, declined, gone, or without sound: not admitted', async (t) => {
  const { peer, ask } = await lab(t);
  for (const [status, said] of [
    [486, 'busy'],
    [603, 'declined'],
    [480, 'no-answer'],
    [302, 'failed'],
    [401, 'failed'],
    [482, 'loop'],
  ] as const) {
    const heard = ask();
    peer.send(reply(await next(peer, 'INVITE'), status, 'No', ['Contact: <sip:0900@127.0.0.1>']));
    assert.equal(await heard, said);
  }
  const deaf = ask();
  peer.send(accept(await next(peer, 'INVITE'), peer, 0));
  assert.equal(await ends(peer, deaf), 'no-sound');
  const cut = ask();
  const last = await next(peer, 'INVITE');
  peer.send(accept(last, peer, 4000));
  await next(peer, 'ACK');
  peer.send(within(last, peer, 'BYE'));
  assert.equal(await cut, 'hung-up');
});

test('nobody answers, and nobody presses a key', async (t) => {
  const { peer, ask } = await lab(t, { ring: 1 });
  const unanswered = ask();
  const rung = await next(peer, 'INVITE');
  peer.send(reply(rung, 180, 'Ringing'));
  assert.equal(await unanswered, 'no-answer');
  peer.send(reply(await next(peer, 'CANCEL'), 200, 'OK'));
  // It was picked up just then: hung up at once.
  peer.send(accept(rung, peer, 4000));
  peer.send(reply(await next(peer, 'BYE'), 200, 'OK'));
  const { peer: other, heard } = await answered(t, { key: 1 });
  assert.equal(await ends(other, heard), 'no-key');
});

test('a call that comes back to us ends as a loop, and none is made to ourselves', async (t) => {
  const { peer, ask, udp, door } = await lab(t, { caller: '7777' });
  const heard = ask();
  const invite = await next(peer, 'INVITE');
  const via = `Via: SIP/2.0/UDP ${peer.hostPort};branch=z9hG4bKback`;
  peer.send(invite.replace(/^Via:/m, `${via}\r\nVia:`));
  assert.equal(await heard, 'loop');
  assert.equal(await ask('7777'), 'loop', 'it calls from there');
  const telephone = { contact: `sip:1000@${udp}`, client: '' };
  assert.equal(await door.calls!.ask([{ telephone }], KEEP_RINGING), 'loop');
});

test('of several telephones the first that answers is asked; the others stop ringing', async (t) => {
  const { door, udp } = await lab(t);
  const [one, two] = [await sipClient(t, udp), await sipClient(t, udp)];
  const whom = [one, two].map(({ hostPort }) => ({ telephone: { contact: `sip:1000@${hostPort}`, client: '' } }));
  const heard = door.calls!.ask(whom, KEEP_RINGING);
  const [first, second] = [await next(one, 'INVITE'), await next(two, 'INVITE')];
  one.send(reply(first, 180, 'Ringing'));
  two.send(accept(second, two, 4000, false));
  const cancel = await next(one, 'CANCEL');
  one.send(reply(cancel, 200, 'OK'));
  one.send(reply(first, 487, 'Request Terminated'));
  await next(two, 'ACK');
  two.send(within(second, two, 'INFO', ['Content-Type: application/dtmf'], '1'));
  assert.equal(await ends(two, heard), 'admitted');
});

test('the number is rung where the telephone is not answered, or is busy, and not where somebody declines', async (t) => {
  const { door, udp, peer } = await lab(t, { ring: 4 });
  const desk = await sipClient(t, udp);
  const whom = [{ telephone: { contact: `sip:1000@${desk.hostPort}`, client: '' } }];
  const ask = () => door.calls!.ask(whom, KEEP_RINGING, [{ number: NUMBER }]);
  const admits = async (heard: Promise<KeyAnswer>) => {
    const invite = await next(peer, 'INVITE');
    assert.match(invite, new RegExp(`^INVITE sip:${NUMBER}@`));
    peer.send(accept(invite, peer, 4000, false));
    await next(peer, 'ACK');
    peer.send(within(invite, peer, 'INFO', ['Content-Type: application/dtmf'], '1'));
    assert.equal(await ends(peer, heard), 'admitted');
  };
  const silent = ask();
  const unanswered = await next(desk, 'INVITE');
  desk.send(reply(unanswered, 180, 'Ringing'));
  desk.send(reply(await next(desk, 'CANCEL'), 200, 'OK'));
  desk.send(reply(unanswered, 487, 'Request Terminated'));
  await admits(silent);
  const busy = ask();
  desk.send(reply(await next(desk, 'INVITE'), 486, 'Busy Here'));
  await admits(busy);
  const declined = ask();
  desk.send(reply(await next(desk, 'INVITE'), 603, 'Decline'));
  assert.equal(await declined, 'declined');
});

test('a telephone behind a proxy is rung along its Path', async (t) => {
  const { door, udp, peer } = await lab(t, {}, REGISTRAR);
  const proxy = `<sip:${peer.hostPort};lr>`;
  const uri = 'sip:1000@hotel.example';
  const headers = ['Contact: <sip:1000@192.0.2.77:5062>', `Path: ${proxy}`, 'Supported: path', 'Expires: 600'];
  peer.send(request(peer, { method: 'REGISTER', uri: `sip:${udp}`, from: uri, to: uri, headers }));
  assert.equal(statusOf(await news(peer)), 200);
  const [telephone] = door.calls!.telephones({ login: '1000', name: '1000' } as Account);
  assert.deepEqual([telephone?.contact, telephone?.path], ['sip:1000@192.0.2.77:5062', proxy]);
  const heard = door.calls!.ask([{ telephone: telephone! }], KEEP_RINGING);
  const invite = await next(peer, 'INVITE');
  assert.match(invite, /^INVITE sip:1000@192\.0\.2\.77:5062 /);
  assert.equal(header(invite, 'Route'), proxy);
  peer.send(reply(invite, 603, 'Decline'));
  assert.equal(await heard, 'declined');
});

test('a telephone that came over WebSocket is rung over its own connection', async (t) => {
  const { door } = await lab(t, {}, REGISTRAR);
  const http = createServer().listen(0, '127.0.0.1');
  await once(http, 'listening');
  t.after(() => http.close());
  const { port } = http.address() as AddressInfo;
  http.on('upgrade', await door.webSockets({ address: '127.0.0.1', port, secure: false }));
  const web = new WebSocket(`ws://127.0.0.1:${port}/sip`, 'sip');
  t.after(() => web.terminate());
  await once(web, 'open');
  const inbox: string[] = [];
  web.on('message', (data) => {
    inbox.push(String(data));
    web.emit('inbox');
  });
  const peer: SipClient = {
    ...{ port: 5060, hostPort: 'x.invalid', inbox, send: (text) => web.send(text) },
    async receive(ms = 5_000) {
      const signal = AbortSignal.timeout(ms);
      while (inbox.length === 0) await once(web, 'inbox', { signal });
      return inbox.shift();
    },
  };
  const uri = 'sip:1000@hotel.example';
  const register = request(peer, {
    method: 'REGISTER',
    uri: 'sip:hotel.example',
    from: uri,
    to: uri,
    headers: ['Contact: <sip:1000@x.invalid;transport=ws>', 'Expires: 600'],
  });
  peer.send(register.replace('SIP/2.0/UDP', 'SIP/2.0/WS'));
  assert.equal(statusOf(await news(peer)), 200);
  const [telephone] = door.calls!.telephones({ login: '1000', name: '1000' } as Account);
  const heard = door.calls!.ask([{ telephone: telephone! }], KEEP_RINGING);
  const invite = await next(peer, 'INVITE');
  assert.match(header(invite, 'Contact')!, /;transport=ws>/);
  peer.send(accept(invite, { ...peer, hostPort: 'x.invalid;transport=ws' }, 4000, false));
  await next(peer, 'ACK');
  peer.send(within(invite, peer, 'INFO', ['Content-Type: application/dtmf'], '1').replace('SIP/2.0/UDP', 'SIP/2.0/WS'));
  assert.equal(await ends(peer, heard), 'admitted');
});

test('a call that is not wanted any more, and a door that closes, hang up', async (t) => {
  const { peer, ask, door } = await lab(t);
  const stop = new AbortController();
  const heard = ask(NUMBER, stop.signal);
  const invite = await next(peer, 'INVITE');
  peer.send(reply(invite, 180, 'Ringing'));
  stop.abort();
  assert.equal(await heard, 'stopped');
  peer.send(reply(await next(peer, 'CANCEL'), 200, 'OK'));
  peer.send(reply(invite, 487, 'Request Terminated'));
  const other = ask();
  peer.send(accept(await next(peer, 'INVITE'), peer, 4000));
  await next(peer, 'ACK');
  const stopped = door.stop(5_000);
  assert.equal(await ends(peer, other), 'stopped');
  await stopped;
});

test('telephones are those that the user registered himself, those of browsers last', async (t) => {
  const { door, udp, administration } = await lab(t);
  const add = (login: string, contact: string) =>
    administration.addBinding({ table: 'location', login, contact, seconds: 600, q: 1 });
  await add('1000', 'sip:x@y.invalid;transport=ws');
  await add('1000', 'sip:1000@192.0.2.7:5062');
  await add('1000', `sip:2000@${udp}`);
  await add('2000', 'sip:2000@192.0.2.8');
  const of = (login: string) =>
    door.calls!.telephones({ login, name: '1000' } as Account).map(({ contact, client }) => [contact, client]);
  assert.deepEqual(of('1000'), [
    ['sip:1000@192.0.2.7:5062', ''],
    ['sip:x@y.invalid;transport=ws', ''],
  ]);
  assert.deepEqual(of('1000@elsewhere.example'), [], 'whose they are is not known');
});
