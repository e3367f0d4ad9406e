/** radclient asks a real server: PAP, CHAP, wrong passwords, wrong secrets, unsigned and repeated requests, Status-Server, garbage. */
// peers: radclient freeradius
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { makeRequest } from '../../src/platform/radius/lab.ts';
import { ATTRIBUTE, CODE } from '../../src/platform/radius/numbers.ts';
import { endWith } from './children.ts';
import type { Cleanup } from './cleanup.ts';
import { startFreeRadiusProxy } from './freeradius-proxy.ts';
import { makeSite } from './gatehouse.ts';
import { startNas } from './nas.ts';
import { freePort } from './ports.ts';

const SECRET = 'a secret of the tests';
const OTHER_SECRET = 'another secret of the tests';
/** RFC 4226 appendix D, and its first two values. */
const SEED = Buffer.from('12345678901234567890').toString('hex');
const [FIRST, SECOND] = ['755224', '287082'];
const FILTER_ID = 11;
const SIGNED = 'Message-Authenticator=0x00';

/** What radclient heard; `tries`: of two seconds each. */
async function radclient(t: Cleanup, port: number, kind: string, request: string, secret = SECRET, tries = 8) {
  const args = ['-x', '-r', String(tries), '-t', '2', `127.0.0.1:${port}`, kind, secret];
  const child = spawn('radclient', args, { stdio: ['pipe', 'pipe', 'pipe'] });
  endWith(t, child);
  child.stdin.end(`${request}\n`);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  const received = /Received (\S+) /.exec(stdout)?.[1] ?? 'nothing';
  return { received, all: stdout + stderr };
}

/** What another client of Debian's said. */
async function said(t: Cleanup, program: string, args: readonly string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  endWith(t, child);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return stdout + stderr;
}

test('radclient is let in, refused and not heard, as it should be', async (t) => {
  const port = await freePort();
  const accounting = await freePort();
  const dynamic = await freePort();
  const nas = await startNas(t, SECRET);
  const yaml = [
    'radius:',
    `  listen: ["127.0.0.1:${port}"]`,
    `  accounting: ["127.0.0.1:${accounting}"]`,
    `  dynamic: ["127.0.0.1:${dynamic}"]`,
    '  dictionaries: [/usr/share/freeradius/dictionary]',
    '  clients:',
    '    - name: tests',
    '      address: 127.0.0.0/8',
    `      secret: ${SECRET}`,
    `      disconnect_port: ${nas.port}`,
    '      may_disconnect: true',
  ];
  const site = await makeSite(t, { yaml: yaml.join('\n') });
  assert.equal(site.import(['1000,open sesame,a@b.example', 'User,clientPass,b@b.example']).status, 0);
  const server = await site.start();
  const ask = (request: string, kind = 'auth', ...more: [secret?: string, tries?: number]) =>
    radclient(t, port, kind, request, ...more);
  const heard = async (...asked: Parameters<typeof ask>) => (await ask(...asked)).received;

  const pap = (password: string) => `User-Name=1000,User-Password="${password}"`;
  assert.equal(await heard(`${pap('open sesame')},${SIGNED}`), 'Access-Accept');
  assert.equal(await heard(`${pap('open')},${SIGNED}`), 'Access-Reject');
  assert.equal(await heard(`User-Name=nobody,User-Password=x,${SIGNED}`), 'Access-Reject');
  assert.equal(await heard(`User-Name=1000,CHAP-Password="open sesame",${SIGNED}`), 'Access-Accept');
  assert.equal(await heard(`User-Name=1000,CHAP-Password="open",${SIGNED}`), 'Access-Reject');
  const eap = await ask(`User-Name=1000,EAP-Message=0x0201000501,${SIGNED}`);
  assert.match(eap.all, /Received Access-Reject[\s\S]*Reply-Message = "EAP is not spoken here\."/);
  assert.equal(await heard(SIGNED, 'status'), 'Access-Accept');

  // MS-CHAP, of which radclient computes version 1; version 2 is RFC 2759's example.
  assert.equal(await heard(`User-Name=1000,MS-CHAP-Password="open sesame",${SIGNED}`), 'Access-Accept');
  assert.equal(await heard(`User-Name=1000,MS-CHAP-Password="open",${SIGNED}`), 'Access-Reject');
  const example = [
    'User-Name=User',
    'MS-CHAP-Challenge=0x5b5d7c7d7b3f2f3e3c2c602132262628',
    `MS-CHAP2-Response=0x0700${'21402324255e262a28295f2b3a337c7e'}${'00'.repeat(8)}82309ecd8d708b5ea08faa3981cd83544233114a3d85d6df`,
    SIGNED,
  ];
  const proven = (await ask(example.join(','))).all;
  const knows = Buffer.from('S=407A5589115FD0D6209F510FE9C04566932CDA56').toString('hex');
  assert.ok(proven.includes(`MS-CHAP2-Success = 0x07${knows}`), proven);
  assert.match(proven, /MS-MPPE-Send-Key = 0x8b7cdc149b993a1ba118cb153f56dccb/);
  assert.match(proven, /MS-MPPE-Recv-Key = 0xd5f0e9521e3ea9589645e86051c82226/);

  // radtest by each method; and FreeRADIUS in front, which adds its Proxy-State to what it passes on.
  const front = { auth: await freePort(), acct: await freePort() };
  const radtests = ['pap', 'chap', 'mschap'].map(async (method) => {
    const args = ['-t', method, '1000', 'open sesame', `127.0.0.1:${port}`, '7', SECRET, '', '192.0.2.9'];
    assert.match(await said(t, 'radtest', args), /Received Access-Accept/, method);
  });
  await Promise.all([...radtests, startFreeRadiusProxy(t, front, { auth: port, acct: accounting }, SECRET)]);
  const through = (request: string) => radclient(t, front.auth, 'auth', `${request},${SIGNED}`);
  assert.equal((await through(pap('open sesame'))).received, 'Access-Accept');
  assert.equal((await through('User-Name=1000,CHAP-Password="open sesame"')).received, 'Access-Accept');
  assert.equal((await through('User-Name=1000,MS-CHAP-Password="open sesame"')).received, 'Access-Accept');
  assert.equal((await through(pap('open'))).received, 'Access-Reject');
  const told = 'User-Name=1000,Acct-Session-Id=front,NAS-Identifier=behind,Acct-Status-Type=';
  for (const status of ['Start', 'Stop']) {
    const answer = await radclient(t, front.acct, 'acct', told + status);
    assert.equal(answer.received, 'Accounting-Response', answer.all);
  }

  const unheard = Promise.all([
    heard(pap('open sesame'), 'auth', SECRET, 1),
    heard(`${pap('open sesame')},${SIGNED}`, 'auth', 'another secret', 1),
  ]);

  const given =
    'session_seconds=600,vlan=20,reply.Airespace-Interface-Name=guests,reply.Callback-Number=+12025550100,reply.Framed-IP-Address=10.0.0.9';
  const rule = await site.runAside(...'policy set short --scope radius --action'.split(' '), given);
  assert.equal(rule.status, 0, rule.stderr);
  const accept = await ask(`${pap('open sesame')},${SIGNED}`);
  for (const line of [
    'Session-Timeout = 600',
    'Tunnel-Type:0 = VLAN',
    'Tunnel-Medium-Type:0 = IEEE-802',
    'Tunnel-Private-Group-Id:0 = "20"',
    'Airespace-Interface-Name = "guests"',
    'Callback-Number = "+12025550100"',
    'Framed-IP-Address = 10.0.0.9',
  ])
    assert.ok(accept.all.includes(line), accept.all);
  // Equipment that is added while the server runs is heard at once, and with the secret that is its own; removed, it is not.
  const add = await site.runAside(...'radius client add exact 127.0.0.1 --proof otp --secret'.split(' '), OTHER_SECRET);
  assert.equal(add.status, 0, add.stderr);
  assert.equal(await heard(SIGNED, 'status', OTHER_SECRET), 'Access-Accept');
  // There it is PIN and code, in one go or one after the other: the PIN alone is challenged, and the code comes with its State.
  const token = ['token', 'enroll', '1000', '--type', 'hmac', '--pin', 'pin', '--seed', SEED];
  const asks = 'policy set asks --scope authentication --action challenge_response=hmac'.split(' ');
  for (const words of [token, asks]) {
    const done = await site.runAside(...words);
    assert.equal(done.status, 0, done.stderr);
  }
  const types = (typed: string, more = '') => ask(`${pap(typed)}${more},${SIGNED}`, 'auth', OTHER_SECRET);
  const challenge = (await types('pin')).all;
  assert.match(challenge, /Received Access-Challenge[\s\S]*Reply-Message = "Please enter your otp value: "/);
  const state = `,State=${/State = (0x[0-9a-f]+)/.exec(challenge)?.[1]}`;
  assert.equal((await types('000000', state)).received, 'Access-Reject');
  assert.equal((await types(FIRST, state)).received, 'Access-Accept');
  assert.equal((await types(FIRST, state)).received, 'Access-Reject', 'it is used up');
  assert.equal((await types(`pin${SECOND}`)).received, 'Access-Accept');
  assert.equal((await types('open sesame')).received, 'Access-Reject', 'the password is none');
  assert.equal(site.run(...'radius client rm exact'.split(' ')).status, 0);
  const closed = 'policy set not-this --scope radius --client 02:00:5e:10:00:01 --action allow=false';
  assert.equal((await site.runAside(...closed.split(' '))).status, 0);
  const refused = await ask(`${pap('open sesame')},Calling-Station-Id=02-00-5E-10-00-01,${SIGNED}`);
  assert.match(refused.all, /Received Access-Reject[\s\S]*Reply-Message = "You may not come in here, or not now."/);

  assert.equal(await heard(SIGNED, 'status'), 'Access-Accept');

  // A session: begun, seen, put out by an administrator, who is heard at the equipment, and ended with its last figures.
  const account = (status: string, name: string, more = '') =>
    radclient(t, accounting, 'acct', `User-Name=1000,Acct-Session-Id=${name},Acct-Status-Type=${status}${more}`);
  const took = async (...told: Parameters<typeof account>) =>
    assert.equal((await account(...told)).received, 'Accounting-Response');
  const who = () =>
    JSON.parse(site.run('who', '--json').stdout).sessions as {
      door: string;
      user: string;
      session: string;
      detail: object;
    }[];
  const metrics = async () => (await fetch(`http://127.0.0.1:${site.httpPort}/metrics`)).text();
  const sessions = async () => /\ngatehouse_radius_sessions (\d+)/.exec(await metrics())?.[1];
  await took('Start', 'one', ',Framed-IP-Address=10.0.0.9');
  await took('Start', 'two');
  await took('Interim-Update', 'one', ',Acct-Input-Octets=5,Acct-Output-Octets=7,Framed-IP-Address=10.0.0.9');
  const [one] = who().filter(({ door }) => door === 'radius');
  assert.equal(one?.user, '1000');
  assert.deepEqual(one?.detail, { equipment: 'tests', address: '10.0.0.9', sent: 5, received: 7 });
  // Other terms for it, which the equipment takes.
  nas.answer = CODE.coaAck;
  const changed = await site.runAside('radius', 'coa', one!.session, 'Filter-Id=guests', 'session_seconds=600');
  assert.equal(changed.status, 0, changed.stderr);
  const asked = nas.heard.splice(0);
  assert.deepEqual(
    asked.map((packet) => [packet.code, packet.text(ATTRIBUTE.acctSessionId), packet.number(ATTRIBUTE.sessionTimeout)]),
    [[CODE.coaRequest, 'one', 600]],
  );
  assert.equal(asked[0]?.text(FILTER_ID), 'guests');
  nas.answer = CODE.disconnectAck;
  const kicked = await site.runAside('kick', '1000');
  assert.equal(kicked.status, 0, kicked.stderr);
  assert.deepEqual(nas.heard.map((packet) => packet.text(ATTRIBUTE.acctSessionId)).sort(), ['one', 'two']);
  assert.equal(await sessions(), '0');
  await took('Stop', 'one', ',Acct-Input-Octets=50,Acct-Output-Octets=70');
  // Another server has one changed, and ended: the equipment is asked in its turn. A wrong name does nothing to anybody.
  await took('Start', 'three');
  const coa = async (request: string) => (await radclient(t, dynamic, 'coa', request)).all;
  nas.answer = CODE.coaAck;
  const given3 = 'Acct-Session-Id=three,Session-Timeout=600,Filter-Id=guests,State=0x0102';
  assert.match(await coa(given3), /Received CoA-ACK[\s\S]*State = 0x0102/);
  assert.deepEqual(
    [nas.heard.at(-1)?.code, nas.heard.at(-1)?.number(ATTRIBUTE.sessionTimeout), nas.heard.at(-1)?.text(FILTER_ID)],
    [CODE.coaRequest, 600, 'guests'],
  );
  assert.match(await coa('Acct-Session-Id=four,Session-Timeout=5'), /CoA-NAK[\s\S]*= Session-Context-Not-Found/);
  assert.match(await coa('User-Name=1000,Service-Type=Authorize-Only'), /CoA-NAK[\s\S]*= Unsupported-Service/);
  nas.answer = CODE.coaNak;
  assert.match(await coa(given3), /Received CoA-NAK/);
  const [three] = who().filter(({ door }) => door === 'radius');
  assert.equal(site.run('session', 'set', three!.session, '--seconds', '60').status, 1);
  nas.answer = CODE.disconnectAck;
  const end = (name: string) => radclient(t, dynamic, 'disconnect', `Acct-Session-Id=${name}`);
  assert.match((await end('four')).all, /Received Disconnect-NAK[\s\S]*Error-Cause = Session-Context-Not-Found/);
  assert.equal((await end('three')).received, 'Disconnect-ACK');
  assert.equal(nas.heard.at(-1)?.text(ATTRIBUTE.acctSessionId), 'three');
  // The NAS starts anew: nobody is in behind it.
  await took('Start', 'five');
  assert.equal(
    (await radclient(t, accounting, 'acct', 'Acct-Status-Type=Accounting-On')).received,
    'Accounting-Response',
  );
  assert.equal(await sessions(), '0');

  assert.deepEqual(await unheard, ['nothing', 'nothing']);
  await Promise.all([flood(port), flood(accounting), flood(dynamic)]);
  assert.equal(await heard(SIGNED, 'status'), 'Access-Accept');
  const counted = await metrics();
  assert.match(counted, /gatehouse_radius_dropped_total\{reason="malformed"\} [1-9]/);
  assert.match(counted, /gatehouse_radius_dropped_total\{reason="unsigned"\} [1-9]/);
  assert.equal(await server.stop(), 0, server.output());
});

/** Some thousand packets, the same ones each time: requests with bytes changed, cut off, or of nothing but noise. */
async function flood(port: number): Promise<void> {
  const socket = createSocket('udp4');
  const random = generator(20_261_122);
  try {
    for (let i = 0; i < 2000; i++) {
      const secret = Buffer.from(SECRET);
      const value = Buffer.from(Array.from({ length: random(40) }, () => random(256)));
      const attributes = Array.from({ length: random(6) }, () => ({ type: random(256), value }));
      const code = [1, 4, 12, random(256)][random(4)]!;
      const packet = makeRequest(secret, { code, identifier: random(256), attributes });
      // Half of them are signed, and carry nonsense.
      for (let changes = random(2) * random(4); changes > 0; changes--) packet[random(packet.length)] = random(256);
      const cut = random(8) === 0 ? packet.subarray(0, random(packet.length)) : packet;
      await new Promise((sent) => socket.send(cut, port, '127.0.0.1', sent));
    }
  } finally {
    socket.close();
  }
}

/** Numbers below what is asked for, the same ones for a seed. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
