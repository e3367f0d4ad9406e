/**
 * What is broken or hostile, over real sockets: each torture message gets the answer that names its fault or is dropped and counted,
 * a good REGISTER still works after each, and nothing is left behind.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { canReply, findFault } from '../src/doors/sip/message/faults.ts';
import { parseMessage } from '../src/doors/sip/message/parse.ts';
import { replyTarget } from '../src/doors/sip/message/reply.ts';
import { MAX_HEAD } from '../src/doors/sip/transport/framing.ts';
import { EXAMPLE, QUICKSTART } from './listings.ts';
import { final, header, register, request, type SipClient, sipClient, statusOf } from './sip-client.ts';
import { DOMAIN, LabClock, type SipLab, sipLab } from './sip-lab.ts';
import { CALL_ID, CONTACT, FROM, TO } from './torture/case.ts';
import { INVALID } from './torture/invalid.ts';
import { VALID } from './torture/valid.ts';

const MOST_DATAGRAM = 65_000;
const ALICE = { domain: DOMAIN, user: 'alice', password: 'wonderland' };

class Scene {
  readonly lab: SipLab;
  /** Sends what is broken. */
  readonly client: SipClient;
  /** A telephone that works. */
  readonly phone: SipClient;
  readonly #barrier: SipClient;
  readonly #timersAtRest: number;

  private constructor(lab: SipLab, clients: SipClient[]) {
    this.lab = lab;
    [this.client, this.phone, this.#barrier] = clients as [SipClient, SipClient, SipClient];
    this.#timersAtRest = lab.wheel.size;
  }

  static async open(t: TestContext): Promise<Scene> {
    const lab = await sipLab(t, {
      script: EXAMPLE,
      preloadedRoute: 'challenge',
      users: { alice: ALICE.password },
      clock: new LabClock(1_800_000_000_000),
    });
    const clients = [await sipClient(t, lab.udp), await sipClient(t, lab.udp), await sipClient(t, lab.udp)];
    return new Scene(lab, clients);
  }

  /** What the client got for this and all before; a faulty request whose answer goes elsewhere marks the end. */
  async answers(text: string): Promise<string[]> {
    this.client.send(text);
    const mark = request(this.#barrier, { method: 'OPTIONS', uri: 'sip:x', from: 'sip:x@x', to: 'sip:x@x' });
    this.client.send(mark.replace(';rport', '').replace('CSeq: 1 OPTIONS', 'CSeq: 1 BYE'));
    assert.equal(statusOf(await this.#barrier.receive()), 400);
    // What was sent before the mark has come as well, but to another socket, which may be read after this one.
    await setImmediate();
    return this.client.inbox.splice(0);
  }

  async stillServes(after: string): Promise<void> {
    // The telephone counts from 1 each time: it needs a nonce of another second.
    this.lab.advance(1000);
    assert.equal(statusOf(await register(this.phone, ALICE)), 200, `a REGISTER after: ${after}`);
  }

  /** Nothing is left of what came. */
  checkRest(): void {
    const { lab } = this;
    lab.advance(300_000);
    assert.equal(lab.read('gatehouse_sip_transactions'), 0);
    assert.equal(lab.read('gatehouse_sip_waiting'), 0);
    assert.equal(lab.wheel.size, this.#timersAtRest);
    assert.deepEqual(lab.complaints, []);
  }

  get counts() {
    const read = (metric: string, label: string) => this.lab.read(`gatehouse_sip_${metric}_total`, label);
    return {
      garbage: read('dropped', 'garbage'),
      dropped: read('dropped', 'fault'),
      answered: read('refused', 'fault'),
    };
  }
}

test('torture messages over UDP', async (t) => {
  const scene = await Scene.open(t);
  const { client } = scene;
  let named = 0;
  for (const one of [...VALID, ...INVALID]) {
    // The answers shall come back here.
    const text = one.text.replaceAll('192.0.2.40:5070', client.hostPort);
    // A blank datagram is a keep-alive; some send NUL.
    if (text.length > MOST_DATAGRAM || /^[\r\n\0]*$/.test(text)) continue;
    const before = scene.counts;
    const answers = await scene.answers(text);
    const after = scene.counts;
    // The mark is a fault that was answered, too.
    const change = {
      garbage: after.garbage - before.garbage,
      dropped: after.dropped - before.dropped,
      answered: after.answered - before.answered - 1,
    };
    const finals = answers.filter((answer) => statusOf(answer) >= 200);
    const message = parseMessage(text);
    const fault = message && findFault(message);
    if (message === undefined) {
      assert.deepEqual([change, finals], [{ garbage: 1, dropped: 0, answered: 0 }, []], one.name);
    } else if (fault === undefined) {
      // A response with one Via leads to nobody.
      const dropped = message.isRequest || message.viaCount > 1 ? 0 : 1;
      assert.deepEqual(change, { garbage: 0, dropped, answered: 0 }, one.name);
      assert.ok(finals.length <= 1, `${one.name}: ${finals.length} final replies`);
    } else if (canReply(message)) {
      assert.deepEqual(change, { garbage: 0, dropped: 0, answered: 1 }, one.name);
      const source = { point: { protocol: 'udp' }, address: '127.0.0.1', port: client.port } as Parameters<
        typeof replyTarget
      >[1];
      const isOurs = replyTarget(message, source, false).port === client.port;
      const first = finals.map((answer) => answer.slice(0, answer.indexOf('\r\n')));
      assert.deepEqual(first, isOurs ? [`SIP/2.0 ${fault.status} ${fault.reason}`] : [], one.name);
      if (isOurs) named++;
    } else {
      assert.deepEqual([change, finals], [{ garbage: 0, dropped: 1, answered: 0 }, []], one.name);
    }
    await scene.stillServes(one.name);
  }
  assert.ok(named > 40, `only ${named} faults were named to the sender`);
  scene.checkRest();
});

test('torture messages over TCP', async (t) => {
  const scene = await Scene.open(t);
  let named = 0;
  for (const one of [...VALID, ...INVALID]) {
    const finals = messagesIn(await exchange(scene.lab, one.text)).filter((message) => message.status >= 200);
    const message = parseMessage(one.text);
    const isWhole =
      message !== undefined &&
      one.text.length < MAX_HEAD &&
      message.bodyStart + message.contentLength === one.text.length;
    const fault = message && findFault(message);
    if (isWhole && fault && canReply(message) && message.text === message.raw) {
      assert.deepEqual(
        finals.map(({ status, reason }) => `${status} ${reason}`),
        [`${fault.status} ${fault.reason}`],
        one.name,
      );
      named++;
    } else assert.ok(finals.length <= 1, `${one.name}: ${finals.length} final replies`);
    await scene.stillServes(one.name);
  }
  assert.ok(named > 40, `only ${named} faults were named to the sender`);
  await allClosed(scene.lab);
  scene.checkRest();
});

test('faults in every combination never make two replies', async (t) => {
  const scene = await Scene.open(t);
  const { client } = scene;
  /** One change each, to the request's lines by name, and lines to add. */
  const faults: readonly Readonly<Record<string, string>>[] = [
    { start: 'OPTIONS sip:kitchen@hotel.example SIP/3.0' },
    { from: 'From: <sip:desk@' },
    { to: '' },
    { cseq: 'CSeq: 41 BYE' },
    { callId: `${CALL_ID}\r\n${CALL_ID}` },
    { maxForwards: 'Max-Forwards: 300' },
    { contact: 'Contact: <<' },
    { length: 'Content-Length: 10' },
    { more: 'no colon' },
    { nul: 'Subject: \0' },
  ];
  for (let set = 0; set < 1 << faults.length; set++) {
    const lines: Record<string, string> = {
      start: 'OPTIONS sip:kitchen@hotel.example SIP/2.0',
      via: `Via: SIP/2.0/UDP ${client.hostPort};branch=z9hG4bKset${set}`,
      from: FROM,
      to: TO,
      callId: CALL_ID,
      cseq: 'CSeq: 41 OPTIONS',
      maxForwards: 'Max-Forwards: 70',
      contact: CONTACT,
      length: 'Content-Length: 0',
    };
    for (const [index, fault] of faults.entries()) if (set & (1 << index)) Object.assign(lines, fault);
    const text = `${Object.values(lines).filter(Boolean).join('\r\n')}\r\n\r\n`;
    const answers = await scene.answers(text);
    const expected = canReply(parseMessage(text)!) ? 1 : 0;
    assert.equal(answers.length, expected, `${JSON.stringify(text)} got ${JSON.stringify(answers)}`);
    if (expected === 1) assert.match(header(answers[0]!, 'Via')!, new RegExp(`branch=z9hG4bKset${set}(;|$)`));
  }
  await scene.stillServes('all combinations');
  scene.checkRest();
});

/** Sends the pieces, says good-bye, and gives everything that came until the server had closed too. */
async function exchange(lab: SipLab, ...pieces: string[]): Promise<string> {
  const socket = await open(lab);
  for (const piece of pieces) {
    if (!socket.writable) break;
    await new Promise((resolve) => socket.write(piece, 'latin1', resolve));
  }
  socket.end();
  if (!socket.closed) await once(socket, 'close');
  return socket.received();
}

async function open(lab: SipLab): Promise<Socket & { received(): string }> {
  const socket = connect(lab.tcpPort, '127.0.0.1');
  socket.setNoDelay(true);
  let received = '';
  socket.on('data', (data) => {
    received += data.toString('latin1');
  });
  socket.on('error', () => {}); // closed while we wrote
  await once(socket, 'connect');
  return Object.assign(socket, { received: () => received });
}

/** The responses in a stream; none has a body. */
function messagesIn(stream: string) {
  const texts = stream.split('\r\n\r\n').filter((text) => text.trim() !== '');
  return texts.map((text) => parseMessage(`${text}\r\n\r\n`)!);
}

async function allClosed(lab: SipLab): Promise<void> {
  for (let turns = 0; lab.read('gatehouse_sip_connections') > 0; turns++) {
    assert.ok(turns < 10_000, `${lab.read('gatehouse_sip_connections')} connections stay open`);
    await setImmediate();
  }
}

const REGISTER = [
  `REGISTER sip:${DOMAIN} SIP/2.0`,
  'Via: SIP/2.0/TCP 127.0.0.1:40000;branch=z9hG4bKtcp',
  `From: <sip:alice@${DOMAIN}>;tag=1`,
  `To: <sip:alice@${DOMAIN}>`,
  'Call-ID: tcp',
  'CSeq: 1 REGISTER',
].join('\r\n');

const STREAMS: readonly { name: string; pieces: readonly string[]; expect: RegExp }[] = [
  {
    name: 'byte by byte',
    pieces: [...`${REGISTER}\r\nContent-Length: 0\r\n\r\n`],
    expect: /^SIP\/2.0 401 Unauthorized/,
  },
  { name: 'no Content-Length', pieces: [`${REGISTER}\r\n\r\n`], expect: /^SIP\/2.0 400 Missing Content-Length Header/ },
  {
    name: 'a negative one',
    pieces: [`${REGISTER}\r\nl: -1\r\n\r\n`],
    expect: /^SIP\/2.0 400 Bad Content-Length Header/,
  },
  {
    name: 'a body of 4 GiB',
    pieces: [`${REGISTER}\r\nl: 4294967296\r\n\r\n`],
    expect: /^SIP\/2.0 413 Body Too Large/,
  },
  {
    name: 'two lengths',
    pieces: [`${REGISTER}\r\nl: 0\r\nl: 5\r\n\r\n`],
    expect: /^SIP\/2.0 400 Multiple Content-Length Headers/,
  },
  { name: 'garbage', pieces: ['\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03'.repeat(100), '\r\n\r\n'], expect: /^$/ },
  { name: 'HTTP', pieces: ['GET / HTTP/1.1\r\nHost: x\r\n\r\n'], expect: /^$/ },
  {
    name: 'a header without end',
    pieces: [REGISTER, '\r\nX: ', ...Array<string>(80).fill('x'.repeat(1024))],
    expect: /^SIP\/2.0 513 Headers Too Large/,
  },
  { name: 'a first line without end', pieces: Array<string>(80).fill('x'.repeat(1024)), expect: /^$/ },
  { name: 'half a message', pieces: [REGISTER], expect: /^$/ },
  { name: 'half a body', pieces: [`${REGISTER}\r\nl: 100\r\n\r\nhalf`], expect: /^$/ },
  { name: 'nothing', pieces: [], expect: /^$/ },
];

test('broken streams', async (t) => {
  const scene = await Scene.open(t);
  for (const { name, pieces, expect } of STREAMS) {
    assert.match(await exchange(scene.lab, ...pieces), expect, name);
    await scene.stillServes(name);
  }
  await allClosed(scene.lab);
  scene.checkRest();
});

test('a stream goes on after a faulty message, and ends when it is cut off', async (t) => {
  const scene = await Scene.open(t);
  const faulty = `${REGISTER.replace('1 REGISTER', '1 BYE')}\r\nContent-Length: 0\r\n\r\n`;
  const good = `${REGISTER}\r\nContent-Length: 0\r\n\r\n`;
  const statuses = messagesIn(await exchange(scene.lab, faulty + good + faulty)).map(({ status }) => status);
  assert.deepEqual(statuses, [400, 401, 400]);

  const socket = await open(scene.lab);
  await new Promise((resolve) => socket.write(good.slice(0, 100), resolve));
  await scene.stillServes('half a message');
  assert.equal(scene.lab.read('gatehouse_sip_connections'), 1);
  socket.resetAndDestroy();
  await allClosed(scene.lab);
  scene.checkRest();
});

test('a response without the Via that leads on is dropped, and the right one still counts', async (t) => {
  const lab = await sipLab(t, { script: QUICKSTART, users: { alice: ALICE.password } });
  const [caller, phone] = [await sipClient(t, lab.udp), await sipClient(t, lab.udp)];
  assert.equal(statusOf(await register(phone, ALICE)), 200);
  const uri = `sip:alice@${DOMAIN}`;
  caller.send(request(caller, { method: 'OPTIONS', uri, from: uri, to: uri }));
  const asked = (await phone.receive())!;
  const copied = asked.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq):/.test(line));
  const respond = (status: string, lines: string[]) =>
    phone.send([`SIP/2.0 ${status}`, ...lines, 'Content-Length: 0', '', ''].join('\r\n'));
  for (const broken of ['', `Via: SIP/2.0/]DP ${caller.hostPort}`]) {
    respond('480 Away', copied.map((line, at) => (at === 1 ? broken : line)).filter(Boolean));
  }
  respond('200 OK', copied);
  assert.equal(statusOf(await final(caller)), 200);
  assert.equal(lab.read('gatehouse_sip_dropped_total', 'fault'), 2);
});
