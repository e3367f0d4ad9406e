/** Datagrams in, answers out: over a gate that says what a test wants, without sockets. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer } from '../../../core/answer.ts';
import type { Knock, Verdict } from '../../../core/gate/types.ts';
import { StoredAccount } from '../../../core/users/stored-account.ts';
import type { Account } from '../../../core/users/types.ts';
import { silentLog } from '../../../platform/log.ts';
import { vendorAttribute } from '../../../platform/radius/attributes.ts';
import { packetDigest } from '../../../platform/radius/authenticators.ts';
import { makePapRequest, makeRequest, text } from '../../../platform/radius/lab.ts';
import { ATTRIBUTE, CODE } from '../../../platform/radius/numbers.ts';
import { Packet, readPacket } from '../../../platform/radius/packet.ts';
import { revealTunnelPassword } from '../../../platform/radius/user-password.ts';
import { configuredClients, radiusConfig } from '../config.ts';
import { AccessRequests } from './access.ts';
import { Clients } from './clients.ts';
import { type Port, Receiver } from './receiver.ts';

const SECRET = Buffer.from('sixteen bytes, at least');
const FROM = { address: '192.0.2.7', port: 40_000 };
type ClientText = { name: string; address: string; secret?: string; message_authenticator?: string; proof?: string };

function clientsOf(...clients: ClientText[]) {
  const { clients: read } = radiusConfig.parse({ clients: clients.map((one) => ({ secret: String(SECRET), ...one })) });
  return configuredClients(read);
}

function lab(options: { client?: Partial<ClientText>; mostWaiting?: number; seconds?: number } = {}) {
  const time = { now: 1_700_000_000_000 };
  const clock = { now: () => time.now, monotonic: () => time.now };
  const knocks: Knock[] = [];
  const verdict = { next: (knock: Knock): Answer<Verdict> => proven(knock) };
  const gate = {
    prove(knock: Knock) {
      knocks.push(knock);
      return verdict.next(knock);
    },
    admit: () => ({
      admitted: true as const,
      terms: options.seconds === undefined ? {} : { seconds: options.seconds },
    }),
  };
  const realms = { split: (name: string) => ({ login: name, realm: 'staff' }) };
  const clients = new Clients(clientsOf({ name: 'switch', address: '192.0.2.0/24', ...options.client }));
  const access = new AccessRequests({ gate, realms, clock, log: silentLog });
  const { mostWaiting } = options;
  const receiver = new Receiver(clients, {
    handlers: { access, accounting: access, dynamic: access },
    clock,
    log: silentLog,
    ...(mostWaiting === undefined ? {} : { mostWaiting }),
  });
  const sent: Buffer[] = [];
  const port: Port = { kind: 'access', name: 'test', send: (reply) => void sent.push(reply) };
  const receive = (datagram: Buffer, from = FROM, on = port) => receiver.receive(datagram, from, on);
  const answers = () => sent.map((reply) => readPacket(reply)).filter((one) => one instanceof Packet);
  return { receiver, receive, sent, answers, knocks, verdict, time, port, dropped: receiver.counters.dropped };
}

function proven(knock: Knock): Verdict {
  const account = { id: 'local:1', login: knock.user } as Partial<Account> as Account;
  return { verdict: 'proven', ticket: { door: 'radius', account, client: knock.client, time: knock.time } };
}

const pap = (...more: Parameters<typeof makePapRequest>[3][]) => makePapRequest(SECRET, 'alice', 'secret', more[0]);

test('a password is a knock, and what the gate says is the answer', () => {
  const { receive, answers, knocks, verdict } = lab({ seconds: 600 });
  receive(pap({ attributes: [text(ATTRIBUTE.callingStationId, '02-00-5E-10-00-01')] }));
  const refused = (reason: 'wrong-proof' | 'locked') => () => ({ verdict: 'refused', reason, silent: false }) as const;
  verdict.next = refused('wrong-proof');
  receive(pap());
  verdict.next = refused('locked');
  receive(pap());
  assert.deepEqual(knocks[0], {
    door: 'radius',
    user: 'alice',
    domain: '',
    client: { address: '02:00:5e:10:00:01', port: 0 },
    proof: { kind: 'password', password: 'secret' },
    time: 1_700_000_000_000,
  });
  assert.equal(knocks[1]?.client.address, FROM.address);
  const [accept, wrong, locked] = answers();
  assert.deepEqual([accept?.code, wrong?.code, locked?.code], [2, 3, 3]);
  assert.equal(accept?.number(ATTRIBUTE.sessionTimeout), 600);
  assert.equal(wrong?.has(ATTRIBUTE.replyMessage), false);
  assert.equal(locked?.text(ATTRIBUTE.replyMessage), 'This user is locked.');
});

test('CHAP takes its challenge from the attribute, else from the authenticator', () => {
  const { receive, knocks } = lab();
  const response = { type: ATTRIBUTE.chapPassword, value: Buffer.alloc(17, 5) };
  const attributes = [text(ATTRIBUTE.userName, 'alice@hotel.example'), response];
  const authenticator = Buffer.alloc(16, 9);
  receive(makeRequest(SECRET, { authenticator, attributes }));
  receive(makeRequest(SECRET, { identifier: 2, attributes: [...attributes, text(ATTRIBUTE.chapChallenge, 'abc')] }));
  const challenges = knocks.map(
    ({ proof }) => proof.kind === 'chap' && Buffer.from(proof.challenge).toString('latin1'),
  );
  assert.deepEqual(challenges, [authenticator.toString('latin1'), 'abc']);
  assert.deepEqual([knocks[0]?.user, knocks[0]?.domain], ['alice', 'hotel.example']);
});

test('a challenge goes out with State, and comes back with it', () => {
  for (const proof of ['password', 'otp']) {
    const { receive, answers, knocks, verdict } = lab({ client: { proof } });
    verdict.next = () => ({
      verdict: 'challenge',
      transaction: '123456',
      via: 'sms',
      prompt: 'sms submitted',
      tokens: [],
    });
    receive(makePapRequest(SECRET, 'alice', '1234'));
    const [challenge] = answers();
    assert.equal(challenge?.code, CODE.accessChallenge);
    assert.equal(challenge?.text(ATTRIBUTE.replyMessage), 'sms submitted');
    const state = { type: ATTRIBUTE.state, value: challenge!.first(ATTRIBUTE.state)! };
    receive(makePapRequest(SECRET, 'alice', '287082', { identifier: 2, attributes: [state] }));
    assert.deepEqual(
      knocks.map((knock) => knock.proof),
      proof === 'otp'
        ? [
            { kind: 'otp', pass: '1234' },
            { kind: 'otp', pass: '287082', transaction: '123456' },
          ]
        : [
            { kind: 'password', password: '1234' },
            { kind: 'answer', transaction: '123456', code: '287082' },
          ],
    );
    assert.equal(knocks[0]?.domain, proof === 'otp' ? 'staff' : '');
  }
});

test('what proves nothing is refused without the gate, and methods that are not there are named', () => {
  const { receive, answers, knocks } = lab();
  const name = text(ATTRIBUTE.userName, 'alice');
  const chap = { type: ATTRIBUTE.chapPassword, value: Buffer.alloc(17) };
  const nothing = [
    [name],
    [{ type: ATTRIBUTE.userPassword, value: Buffer.alloc(16) }],
    [name, { type: ATTRIBUTE.userPassword, value: Buffer.alloc(15) }],
    [name, chap, { type: ATTRIBUTE.userPassword, value: Buffer.alloc(16) }],
    [name, chap, text(ATTRIBUTE.state, '1')],
    [text(ATTRIBUTE.userName, 'a\0b'), chap],
    [name, { type: ATTRIBUTE.eapMessage, value: Buffer.of(2, 9, 0, 5, 1) }],
    [name, { type: ATTRIBUTE.vendorSpecific, value: Buffer.from([0, 0, 1, 55, 25, 3, 0]) }],
  ];
  for (const [identifier, attributes] of nothing.entries()) receive(makeRequest(SECRET, { identifier, attributes }));
  receive(pap({ attributes: [text(ATTRIBUTE.state, 'not of ours')], identifier: 99 }));
  assert.deepEqual(knocks, []);
  assert.deepEqual(
    answers().map(({ code }) => code),
    new Array(9).fill(CODE.accessReject),
  );
  assert.match(answers()[6]!.text(ATTRIBUTE.replyMessage)!, /^EAP /);
  assert.deepEqual(answers()[6]!.first(ATTRIBUTE.eapMessage), Buffer.of(4, 9, 0, 4));
});

/** MS-CHAPv2: the example of RFC 2759 section 9.2, whose password is clientPass. */
const MS_CHAP = {
  challenge: vendorAttribute(311, 11, Buffer.from('5b5d7c7d7b3f2f3e3c2c602132262628', 'hex')),
  response: vendorAttribute(
    311,
    25,
    Buffer.from(
      `0700${'21402324255e262a28295f2b3a337c7e'}${'00'.repeat(8)}82309ecd8d708b5ea08faa3981cd83544233114a3d85d6df`,
      'hex',
    ),
  ),
};

test('MS-CHAPv2: who is accepted hears that we know the password, and the keys; who is not, may try again', () => {
  const { receive, answers, knocks, verdict } = lab();
  const account = new StoredAccount(
    { id: 'local:1', name: 'User', domain: '', locked: false, values: [] },
    { password: () => 'clientPass', ha1: () => undefined },
  );
  verdict.next = (knock) => {
    assert.equal(knock.proof.kind === 'ms-chap' && account.checkMsChap(knock.proof), true);
    return { verdict: 'proven', ticket: { door: 'radius', account, client: knock.client, time: knock.time } };
  };
  const name = text(ATTRIBUTE.userName, 'HOTEL\\User');
  const authenticator = Buffer.alloc(16, 7);
  const attributes = [name, MS_CHAP.challenge, MS_CHAP.response];
  receive(makeRequest(SECRET, { authenticator, attributes }));
  const accept = answers()[0]!;
  assert.equal(accept.code, CODE.accessAccept);
  assert.equal(String(accept.vendor(311, 26)), '\u0007S=407A5589115FD0D6209F510FE9C04566932CDA56');
  const key = (type: number) => revealTunnelPassword(accept.vendor(311, type)!, authenticator, SECRET)?.toString('hex');
  assert.equal(key(16), '8b7cdc149b993a1ba118cb153f56dccb');
  assert.equal(key(17), 'd5f0e9521e3ea9589645e86051c82226');
  assert.notDeepEqual(accept.vendor(311, 16)!.subarray(0, 2), accept.vendor(311, 17)!.subarray(0, 2));

  verdict.next = () => ({ verdict: 'refused', reason: 'wrong-proof', silent: false });
  receive(makeRequest(SECRET, { identifier: 2, attributes }));
  assert.match(String(answers()[1]!.vendor(311, 2)), /^\u0007E=691 R=1 C=[0-9A-F]{32} V=3 M=/);
  verdict.next = () => ({ verdict: 'refused', reason: 'locked', silent: false });
  receive(makeRequest(SECRET, { identifier: 3, attributes }));
  assert.match(String(answers()[2]!.vendor(311, 2)), /^\u0007E=647 R=0 /);
  // Without its challenge, or beside a password, it proves nothing.
  const asked = knocks.length;
  receive(makeRequest(SECRET, { identifier: 4, attributes: [name, MS_CHAP.response] }));
  receive(pap({ identifier: 5, attributes: [MS_CHAP.challenge, MS_CHAP.response] }));
  assert.deepEqual([answers()[3]?.code, answers()[4]?.code, knocks.length - asked], [3, 3, 0]);
});

test('CHAP and MS-CHAP are no way round the one-time passwords of a client', () => {
  const { receive, answers, knocks } = lab({ client: { proof: 'otp' } });
  const name = text(ATTRIBUTE.userName, 'alice');
  const chap = { type: ATTRIBUTE.chapPassword, value: Buffer.alloc(17) };
  receive(makeRequest(SECRET, { attributes: [name, chap] }));
  receive(makeRequest(SECRET, { identifier: 2, attributes: [name, MS_CHAP.challenge, MS_CHAP.response] }));
  assert.deepEqual([answers()[0]?.code, answers()[1]?.code, knocks.length], [CODE.accessReject, CODE.accessReject, 0]);
});

test('strangers, wrong secrets, missing signatures and other codes hear nothing', () => {
  const { receive, sent, dropped, knocks, port } = lab();
  const other = Buffer.from('another secret, not ours');
  receive(pap(), { address: '198.51.100.1', port: 1 });
  receive(makePapRequest(other, 'alice', 'secret'));
  receive(pap({ signed: false }));
  receive(makeRequest(SECRET, { code: CODE.statusServer, signed: false }));
  receive(makeRequest(SECRET, { code: CODE.accountingRequest }));
  receive(makeRequest(SECRET, { code: CODE.accessAccept }));
  receive(pap(), FROM, { ...port, kind: 'accounting' });
  receive(Buffer.from('garbage'));
  assert.deepEqual([sent.length, knocks.length], [0, 0]);
  const { unsigned, unexpected, malformed, 'unknown-client': unknown, 'wrong-secret': wrong } = dropped;
  assert.deepEqual([unknown, wrong, unsigned, unexpected, malformed], [1, 1, 2, 3, 1]);
});

test('old equipment may leave the signature out, but not where a forger needs that', () => {
  const { receive, answers, dropped } = lab({ client: { message_authenticator: 'optional' } });
  receive(pap({ signed: false }));
  receive(pap({ signed: false, attributes: [text(ATTRIBUTE.proxyState, 'x')] }));
  receive(makeRequest(SECRET, { signed: false, attributes: [text(ATTRIBUTE.eapMessage, 'x')] }));
  assert.deepEqual([answers().length, dropped.unsigned], [1, 2]);
  assert.equal(answers()[0]?.find(ATTRIBUTE.messageAuthenticator), 20);
});

test('what is sent again is answered again and not done again, for half a minute', async () => {
  const { receive, sent, knocks, verdict, time, receiver } = lab();
  const request = pap();
  const waiting = Promise.withResolvers<Verdict>();
  verdict.next = () => waiting.promise;
  receive(request);
  receive(request);
  assert.deepEqual([sent.length, receiver.waiting], [0, 1]);
  waiting.resolve({ verdict: 'refused', reason: 'wrong-proof', silent: false });
  await new Promise(setImmediate);
  assert.deepEqual([sent.length, receiver.waiting], [1, 0]);
  receive(request);
  assert.deepEqual([sent.length, knocks.length, receiver.counters.duplicates], [2, 1, 2]);
  assert.deepEqual(sent[0], sent[1]);
  // The same identifier for something new, and the same port elsewhere.
  receive(pap());
  receive(request, { ...FROM, address: '192.0.2.8' });
  assert.equal(knocks.length, 3);
  time.now += 30_001;
  receive(request, { ...FROM, address: '192.0.2.8' });
  assert.equal(knocks.length, 4);
});

test('over a limit nothing is said, also again; without the users another server shall be asked, and we too once more', () => {
  const { receive, sent, knocks, verdict } = lab();
  const request = pap();
  verdict.next = () => ({ verdict: 'refused', reason: 'unavailable', silent: false });
  receive(request);
  receive(request);
  assert.deepEqual([sent.length, knocks.length], [0, 2]);
  verdict.next = () => ({ verdict: 'refused', reason: 'slowed', silent: true });
  receive(request);
  receive(request);
  assert.deepEqual([sent.length, knocks.length], [0, 3]);
});

test('no more requests wait than may, and an error of ours is no end', async () => {
  const { receive, sent, verdict, receiver, dropped } = lab({ mostWaiting: 2 });
  const waiting = Promise.withResolvers<Verdict>();
  verdict.next = () => waiting.promise;
  for (let identifier = 0; identifier < 5; identifier++) receive(pap({ identifier }));
  assert.deepEqual([receiver.waiting, dropped.busy], [2, 3]);
  waiting.reject(new Error('of a test'));
  await new Promise(setImmediate);
  assert.deepEqual([receiver.waiting, dropped.fault, sent.length], [0, 2, 0]);
  verdict.next = () => {
    throw new Error('of a test');
  };
  receive(pap());
  assert.equal(dropped.fault, 3);
});

test('an answer that cannot be sent ends nothing, and to port 0 none is', () => {
  const { receive, sent, dropped, port } = lab();
  const send = () => {
    throw new Error('of a test');
  };
  const status = makeRequest(SECRET, { code: CODE.statusServer });
  receive(status, FROM, { ...port, send });
  receive(pap(), FROM, { ...port, name: 'other', send });
  assert.equal(dropped.fault, 2);
  receive(status, { ...FROM, port: 0 });
  assert.deepEqual([dropped.malformed, sent.length], [1, 0]);
});

test('a Status-Server hears that we are there, with a code that fits the port', () => {
  const { receive, answers, sent, port } = lab();
  const request = makeRequest(SECRET, { code: CODE.statusServer, authenticator: Buffer.alloc(16, 3) });
  receive(request);
  receive(request, FROM, { ...port, kind: 'accounting' });
  assert.deepEqual(
    answers().map(({ code }) => code),
    [CODE.accessAccept, CODE.accountingResponse],
  );
  const digest = packetDigest(sent[1]!, Buffer.alloc(16, 3), SECRET);
  assert.deepEqual(digest, answers()[1]?.authenticator);
});

test('of several clients the most exact one counts', () => {
  const clients = new Clients(
    clientsOf(
      { name: 'all', address: '192.0.0.0/8' },
      { name: 'six', address: '2001:DB8:0::/48' },
      { name: 'one', address: '192.0.2.7' },
      { name: 'net', address: '192.0.2.0/24' },
      { name: 'host', address: '2001:DB8:0:0::7' },
    ),
  );
  const names = ['192.0.2.7', '192.0.2.8', '192.9.9.9', '2001:db8::7', '2001:db8::8', 'fe80::1%eth0', '198.51.100.1'];
  assert.deepEqual(
    names.map((address) => clients.find(address)?.name),
    ['one', 'net', 'all', 'host', 'six', undefined, undefined],
  );
});
