/** Requests of other servers to end sessions or to change one, over doors that only say what they were asked. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Door, SessionChange, SessionInfo } from '../../../core/doors/types.ts';
import { SessionDirectory } from '../../../core/sessions/directory.ts';
import { checkTerms } from '../../../core/sessions/terms.ts';
import { GatehouseError } from '../../../platform/errors.ts';
import { silentLog } from '../../../platform/log.ts';
import { type Attribute, numberAttribute, numberBytes, vendorAttribute } from '../../../platform/radius/attributes.ts';
import { makeRequest, text } from '../../../platform/radius/lab.ts';
import { ATTRIBUTE, CODE } from '../../../platform/radius/numbers.ts';
import { Packet, readPacket } from '../../../platform/radius/packet.ts';
import type { RadiusSession } from '../sessions/session.ts';
import { VENDOR_TERM } from '../sessions/vendor-terms.ts';
import type { RadiusClient } from './clients.ts';
import type { ChangeAnswer } from './disconnect.ts';
import { DynamicRequests } from './dynamic.ts';
import type { Outcome } from './outcome.ts';
import { type Port, Receiver } from './receiver.ts';

const NOW = 1_700_000_000_000;
const SECRET = Buffer.from('sixteen bytes, at least');
const CLIENT: RadiusClient = {
  name: 'billing',
  secret: SECRET,
  signs: true,
  proof: 'password',
  disconnectPort: 3799,
  mayDisconnect: true,
};
const MAC = '02:00:5e:10:00:01';
const address = (type: number, ...bytes: number[]): Attribute => ({ type, value: Buffer.from(bytes) });
const [NAS1, NAS2] = [text(ATTRIBUTE.nasIdentifier, 'nas1'), text(ATTRIBUTE.nasIdentifier, 'nas2')];
const timeout = (seconds: number) => numberAttribute(ATTRIBUTE.sessionTimeout, seconds);
const user = (name: string) => text(ATTRIBUTE.userName, name);
const id = (name: string) => text(ATTRIBUTE.acctSessionId, name);
const own = (term: keyof typeof VENDOR_TERM, number: number) =>
  vendorAttribute(VENDOR_TERM[term][0], VENDOR_TERM[term][1], numberBytes(number));

function lab() {
  const asked: unknown[] = [];
  const equipment = (name: string, login: string, ...identity: Attribute[]): RadiusSession => ({
    ...{ name, user: login, place: '', equipment: 'switch', address: '192.0.2.7', station: '', identity },
    ...{ started: 0, ends: 0, heard: 0, sent: 0, received: 0 },
  });
  const all = [
    equipment(
      'radius:1',
      'alice@hotel',
      user('Alice'),
      id('one'),
      NAS1,
      text(ATTRIBUTE.callingStationId, '02-00-5E-10-00-09'),
    ),
    equipment('radius:2', 'bob', user('bob'), id('two'), NAS1, address(ATTRIBUTE.framedIpAddress, 10, 0, 0, 9)),
    equipment('radius:3', 'bob', user('bob'), id('two'), NAS2),
    equipment('radius:4', '', id('nobody'), NAS2),
  ];
  const answer: { next: ChangeAnswer } = { next: { isDone: true, text: 'ack' } };
  const sessions = {
    all: () => all.values(),
    ask: async (name: string, change: SessionChange) => {
      asked.push([name, change]);
      return answer.next;
    },
  };
  const fault: { next: GatehouseError | undefined } = { next: undefined };
  const door = (name: string, open: Partial<SessionInfo>[], can?: (keyof SessionChange)[]): Door => {
    const infos = open.map((one) => ({
      door: name,
      user: '',
      client: '',
      started: 0,
      expires: 0,
      detail: {},
      session: '',
      ...one,
    }));
    const known = (session: string) => infos.some((one) => one.session === session);
    return {
      ...{ name, sessions: () => infos.values() },
      end: async (session: string) => known(session) && asked.push(['end', session]) > 0,
      ...(can && {
        change: async (session: string, change: SessionChange) => {
          if (!known(session)) return false;
          checkTerms(session, change, can as []);
          if (fault.next) throw fault.next;
          return asked.push([session, change]) > 0;
        },
      }),
    } as unknown as Door;
  };
  const directory = new SessionDirectory(() => [
    door(
      'portal',
      [
        { session: 'portal:1', user: 'carol', client: '10.0.0.7', detail: { mac: MAC } },
        { session: 'portal:2', user: 'dora', client: '2001:db8::7' },
      ],
      ['seconds', 'upload', 'uploadRate'],
    ),
    door(
      'dial',
      [{ session: 'dial:1', user: 'erin', client: '+12025550100', detail: { line: 'modem2' } }],
      ['seconds'],
    ),
    door('sip', [{ session: 'sip:1', user: 'carol', client: '10.0.0.7' }]),
    door(
      'radius',
      all.map(({ name }) => ({ session: name })),
    ),
  ]);
  const clock = { now: () => NOW, monotonic: () => NOW };
  const requests = new DynamicRequests({ sessions, directory, clock, log: silentLog });
  const packetOf = (code: number, attributes: readonly Attribute[]) => {
    const packet = readPacket(makeRequest(SECRET, { code, attributes }));
    assert.ok(packet instanceof Packet);
    return packet;
  };
  const told = async (code: number, attributes: readonly Attribute[], client = CLIENT): Promise<string> =>
    words(await requests.answer(packetOf(code, attributes), client));
  return {
    ...{ asked, answer, fault, requests, clock },
    coa: (...attributes: Attribute[]) => told(CODE.coaRequest, attributes),
    disconnect: (...attributes: Attribute[]) => told(CODE.disconnectRequest, attributes),
    told,
  };
}

function words(outcome: Outcome): string {
  if (typeof outcome === 'string') return outcome;
  const name = { [CODE.coaAck]: 'ack', [CODE.coaNak]: 'nak', [CODE.disconnectAck]: 'out', [CODE.disconnectNak]: 'in' };
  const [cause] = outcome.attributes.filter(({ type }) => type === ATTRIBUTE.errorCause);
  return [name[outcome.code as keyof typeof name], cause?.value.readUInt32BE()].filter(Boolean).join(' ');
}

const BY = 'RADIUS client billing';

test('a session is found by whatever names it, as its equipment or its door knows it', async () => {
  const { coa, asked } = lab();
  const names: [string, ...Attribute[]][] = [
    ['radius:1', user('Alice')],
    ['radius:1', user('alice@hotel')],
    ['radius:1', id('radius:1')],
    ['radius:1', text(ATTRIBUTE.callingStationId, '0200.5e10.0009'), NAS1],
    ['radius:2', id('two'), NAS1],
    ['radius:2', address(ATTRIBUTE.framedIpAddress, 10, 0, 0, 9), user('bob')],
    ['radius:3', id('two'), user('bob'), NAS2],
    ['portal:1', user('carol')],
    ['portal:1', id('portal:1')],
    ['portal:1', address(ATTRIBUTE.framedIpAddress, 10, 0, 0, 7)],
    ['portal:1', text(ATTRIBUTE.callingStationId, '02-00-5E-10-00-01')],
    ['portal:2', address(ATTRIBUTE.framedIpv6Address, 0x20, 1, 0xd, 0xb8, ...Array(11).fill(0), 7)],
    ['dial:1', text(ATTRIBUTE.callingStationId, '+12025550100'), text(ATTRIBUTE.nasPortId, 'modem2')],
  ];
  for (const [session, ...named] of names) {
    assert.equal(await coa(...named, timeout(60)), 'ack', session);
    const [found] = asked.splice(0) as [string, SessionChange][];
    assert.equal(found?.[0], session);
    assert.deepEqual([found?.[1].seconds, found?.[1].by], [60, BY]);
  }
});

test('each reason not to do it has its Error-Cause, and nothing is changed then', async () => {
  const { coa, disconnect, told, asked, answer, fault } = lab();
  const to = [id('one'), timeout(60)];
  const microsoft = vendorAttribute(311, 16, Buffer.alloc(34));
  const said: [string, Promise<string>][] = [
    ['nak 401', coa(id('one'), text(ATTRIBUTE.class, 'gatehouse::eve'), timeout(60))],
    ['nak 401', coa(id('one'), { type: ATTRIBUTE.tunnelPassword, value: Buffer.alloc(19) })],
    ['nak 401', coa(id('one'), microsoft)],
    ['nak 401', coa(user('carol'), timeout(60), text(11, 'guests'))],
    ['nak 401', coa(user('carol'), vendorAttribute(9, 1, Buffer.from('subscriber:x=y')))],
    ['nak 401', coa(user('carol'), numberAttribute(28, 60))],
    ['nak 401', coa(user('erin'), own('upload', 5))],
    ['nak 401', coa(id('sip:1'), timeout(60))],
    ['nak 402', coa(timeout(60))],
    ['nak 402', coa(NAS1, numberAttribute(ATTRIBUTE.nasPort, 1), timeout(60))],
    ['nak 403', coa(...to, NAS2)],
    ['nak 403', coa(user('carol'), NAS1, timeout(60))],
    ['nak 404', coa(id('one'))],
    ['nak 404', coa(id('one'), text(ATTRIBUTE.sessionTimeout, '60'))],
    ['nak 404', coa(...to, timeout(70))],
    ['nak 405', coa(id('one'), numberAttribute(ATTRIBUTE.serviceType, 17), text(ATTRIBUTE.state, 'x'))],
    ['nak 407', coa(id('one'), timeout(0))],
    ['nak 501', told(CODE.coaRequest, to, { ...CLIENT, mayDisconnect: false })],
    ['nak 503', coa(id('one'), user('bob'), timeout(60))],
    ['nak 503', coa(user(''), timeout(60))],
    ['nak 508', coa(user('bob'), timeout(60))],
    ['silent', coa(...to, numberAttribute(ATTRIBUTE.eventTimestamp, NOW / 1000 - 301))],
    ['in 401', disconnect(id('one'), timeout(60))],
    ['in 402', disconnect(NAS1)],
    ['in 403', disconnect(id('one'), NAS2)],
    ['in 405', disconnect(id('one'), numberAttribute(ATTRIBUTE.serviceType, 17))],
    ['in 501', told(CODE.disconnectRequest, [id('one')], { ...CLIENT, mayDisconnect: false })],
    ['in 503', disconnect(id('nobody here'))],
  ];
  for (const [i, [expected, answered]] of said.entries()) assert.equal(await answered, expected, String(i));
  assert.deepEqual(asked, []);
  // What the equipment says goes back as it is; 502 is that it says nothing, 506 an error of ours.
  answer.next = { isDone: false, text: 'nak 407', cause: 407 };
  assert.equal(await coa(...to), 'nak 407');
  answer.next = { isDone: false, text: 'nak', cause: undefined };
  assert.equal(await coa(...to), 'nak');
  answer.next = { isDone: false, text: 'no answer', cause: 502 };
  assert.equal(await coa(...to), 'nak 502');
  fault.next = new GatehouseError('PORTAL_FIREWALL', 'nft refused');
  assert.equal(await coa(user('carol'), timeout(60)), 'nak 506');
});

test('equipment gets all as it came, and a door of ours what it has words for', async () => {
  const { coa, asked } = lab();
  const terms = [text(11, 'guests'), own('uploadRate', 64_000), vendorAttribute(9, 1, Buffer.from('x=y'))];
  assert.equal(await coa(id('one'), NAS1, text(ATTRIBUTE.proxyState, 'p'), timeout(60), ...terms), 'ack');
  assert.deepEqual(asked.splice(0), [['radius:1', { by: BY, attributes: terms, seconds: 60 }]]);
  assert.equal(await coa(user('carol'), own('uploadRate', 64_000), own('upload', 1_000_000)), 'ack');
  assert.deepEqual(asked, [['portal:1', { uploadRate: 64_000, upload: 1_000_000, by: BY }]]);
});

test('State goes back, whatever the answer is', async () => {
  const { requests } = lab();
  for (const named of [id('one'), id('none')]) {
    const attributes = [named, timeout(60), text(ATTRIBUTE.state, 'from there')];
    const packet = readPacket(makeRequest(SECRET, { code: CODE.coaRequest, attributes }));
    assert.ok(packet instanceof Packet);
    const outcome = await requests.answer(packet, CLIENT);
    assert.ok(typeof outcome === 'object');
    assert.equal(outcome.attributes.find(({ type }) => type === ATTRIBUTE.state)?.value.toString(), 'from there');
  }
});

test('all sessions that are meant end, at whichever door; a telephone by its own name alone', async () => {
  const { disconnect, asked } = lab();
  assert.equal(await disconnect(user('bob')), 'out');
  assert.deepEqual(asked.splice(0), [
    ['end', 'radius:2'],
    ['end', 'radius:3'],
  ]);
  assert.equal(await disconnect(user('carol')), 'out');
  assert.equal(await disconnect(id('sip:1')), 'out');
  assert.deepEqual(asked, [
    ['end', 'portal:1'],
    ['end', 'sip:1'],
  ]);
});

test('a request that is sent again is answered again, and done once', async () => {
  const { requests, clock, asked } = lab();
  const receiver = new Receiver({ find: () => CLIENT } as unknown as Receiver['clients'], {
    handlers: { access: requests, accounting: requests, dynamic: requests },
    ...{ clock, log: silentLog },
  });
  const answered = Promise.withResolvers<void>();
  const sent: Buffer[] = [];
  const port: Port = {
    kind: 'dynamic',
    name: 'test',
    send(reply) {
      sent.push(reply);
      answered.resolve();
    },
  };
  const request = makeRequest(SECRET, { code: CODE.coaRequest, attributes: [id('one'), timeout(60)] });
  const from = { address: '192.0.2.9', port: 40_000 };
  receiver.receive(request, from, port);
  receiver.receive(request, from, port);
  await answered.promise;
  receiver.receive(request, from, port);
  assert.equal(asked.length, 1);
  assert.equal(sent.length, 2);
  assert.ok(sent[0]!.equals(sent[1]!));
  assert.equal(sent[0]![0], CODE.coaAck);
  assert.deepEqual([receiver.counters.acks, receiver.counters.duplicates], [1, 2]);
  const bent = Buffer.from(request);
  bent[bent.length - 1]! ^= 1;
  receiver.receive(bent, from, port);
  assert.equal(receiver.counters.dropped['wrong-secret'], 1);
});
