/**
 * The RADIUS door under packets that are bent, cut and spliced, half of them rightly signed all the same. FUZZ_MESSAGES sets how many,
 * FUZZ_SEED which. What counts: nothing throws, each answer is whole and belongs to its request, nothing is left behind.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Change } from '../../src/core/journal/types.ts';
import { StoredAccount } from '../../src/core/users/stored-account.ts';
import { configuredClients, radiusConfig } from '../../src/doors/radius/config.ts';
import { AccessRequests } from '../../src/doors/radius/server/access.ts';
import { AccountingRequests } from '../../src/doors/radius/server/accounting.ts';
import { Clients } from '../../src/doors/radius/server/clients.ts';
import { DynamicRequests } from '../../src/doors/radius/server/dynamic.ts';
import { type Port, type PortKind, Receiver } from '../../src/doors/radius/server/receiver.ts';
import { RadiusSessions } from '../../src/doors/radius/sessions/sessions.ts';
import { silentLog } from '../../src/platform/log.ts';
import { type Attribute, numberAttribute, vendorAttribute } from '../../src/platform/radius/attributes.ts';
import { checkReply } from '../../src/platform/radius/authenticators.ts';
import { text } from '../../src/platform/radius/lab.ts';
import { ATTRIBUTE } from '../../src/platform/radius/numbers.ts';
import { MAX_PACKET, Packet, readPacket } from '../../src/platform/radius/packet.ts';
import { writeRequest } from '../../src/platform/radius/request.ts';
import { generator, type Random } from './mutate.ts';

const seed = Number(process.env.FUZZ_SEED ?? 20_261_122);
const count = Number(process.env.FUZZ_MESSAGES ?? (process.env.GATEHOUSE_TEST_LONG ? 1_000_000 : 30_000));
const SECRET = Buffer.from('a secret of the tests');
const PLACE = '192.0.2.7';
const MAX_GROWTH = 48 << 20;
const KINDS: readonly PortKind[] = ['access', 'accounting', 'dynamic'];
const CODES = [1, 4, 12, 40, 43];

/** A door without sockets and without a database, that a second passes for with each hundred packets. */
function door() {
  let now = 1_700_000_000_000;
  const clock = { now: () => now, monotonic: () => now };
  const journal = {
    append: (_unit: readonly Change[], waiter?: { settled(error: undefined): void }) =>
      void setImmediate(() => waiter?.settled(undefined)),
    drain: async () => {},
  };
  const account = new StoredAccount(
    { id: 'local:1', name: 'alice', domain: '', locked: false, values: [] },
    { password: () => 'secret', ha1: () => undefined },
  );
  const gate = {
    prove: ({ proof, client }: { proof: { kind: string }; client: { address: string; port: number } }) =>
      proof.kind === 'otp'
        ? ({ verdict: 'refused', reason: 'wrong-proof', silent: false } as const)
        : ({ verdict: 'proven', ticket: { door: 'radius', account, client, time: now } } as const),
    admit: () => ({ admitted: true as const, terms: { seconds: 60 } }),
    opened: () => [],
    ended: () => [],
    refreshed: () => {},
  };
  const isOut = { isOut: true, text: 'ack' };
  const sessions = new RadiusSessions({
    gate,
    journal,
    clock,
    disconnect: async () => isOut,
    changeTerms: async () => ({ isDone: true, text: 'ack' }),
  });
  const { clients } = radiusConfig.parse({
    clients: [
      {
        name: 'tests',
        address: PLACE,
        secret: String(SECRET),
        message_authenticator: 'optional',
        may_disconnect: true,
      },
    ],
  });
  const realms = { split: (name: string) => ({ login: name, realm: '' }) };
  const directory = {
    in: () => [],
    end: (name: string) => sessions.end(name, 'kicked'),
    change: async () => false,
  };
  const parts = { gate, realms, clock, log: silentLog, sessions, directory, users: { find: () => account } };
  const receiver = new Receiver(new Clients(configuredClients(clients)), {
    clock,
    log: silentLog,
    handlers: {
      access: new AccessRequests(parts),
      accounting: new AccountingRequests(parts),
      dynamic: new DynamicRequests(parts),
    },
  });
  return { receiver, sessions, pass };

  function pass(ms: number): void {
    now += ms;
  }
}

/** Attributes that the door looks at, with values of their form or not. */
function attributeOf(random: Random): Attribute {
  const any = () => Buffer.from(Array.from({ length: random(random(8) === 0 ? 254 : 24) }, () => random(256)));
  const known = Object.values(ATTRIBUTE);
  const type = known[random(known.length)]!;
  switch (random(6)) {
    case 0:
      return { type: 1 + random(255), value: any() };
    case 1:
      return vendorAttribute(random(2) === 0 ? 311 : random(65_536), random(30), any().subarray(0, 247));
    case 2:
      return numberAttribute(type, random(16));
    case 3:
      return text(ATTRIBUTE.acctSessionId, String(random(50)));
    case 4:
      return numberAttribute(ATTRIBUTE.acctStatusType, 1 + random(8));
    default:
      return { type, value: any() };
  }
}

function packetOf(random: Random): Buffer {
  const attributes = [
    text(ATTRIBUTE.userName, `user${random(20)}`),
    ...Array.from({ length: random(12) }, () => attributeOf(random)),
  ];
  const authenticator = Buffer.from(Array.from({ length: 16 }, () => random(256)));
  const code = random(20) === 0 ? random(256) : CODES[random(CODES.length)]!;
  const packet = writeRequest({ code, identifier: random(256), authenticator, attributes }, SECRET, {
    signed: random(4) > 0,
  });
  if (random(2) === 0) return packet;
  for (let changes = 1 + random(4); changes > 0; changes--) packet[random(packet.length)] = random(256);
  return random(4) === 0 ? packet.subarray(0, random(packet.length + 1)) : packet;
}

test('whatever comes, nothing throws, answers are whole, and nothing is left behind', async () => {
  const { receiver, sessions, pass } = door();
  const random = generator(seed);
  /** By port: what was sent from there last. */
  const asked = new Map<number, Buffer>();
  let answered = 0;
  // What fails here counts as a fault of the receiver.
  const send: Port['send'] = (reply, { port }) => {
    const packet = readPacket(reply);
    assert.ok(packet instanceof Packet && reply.length <= MAX_PACKET);
    const request = asked.get(port)!;
    assert.equal(packet.identifier, request[1]);
    assert.notEqual(checkReply(packet, request.subarray(4, 20), SECRET), 'wrong');
    answered++;
  };
  const ports = KINDS.map((kind): Port => ({ kind, name: kind, send }));
  let growth = 0;
  for (let n = 0; n < count; n++) {
    const datagram = packetOf(random);
    const port = 1000 + (n % 1000);
    asked.set(port, datagram);
    receiver.receive(datagram, { address: PLACE, port }, ports[random(ports.length)]!);
    if (n % 100 === 99) {
      pass(1000);
      sessions.sweep();
      await turn();
    }
    if (n === Math.floor(count / 10)) growth = -heap();
  }
  while (receiver.waiting > 0) await turn();
  growth += heap();
  assert.equal(receiver.counters.dropped.fault, 0);
  assert.ok(answered > count / 10, `${answered} of ${count} were answered`);
  assert.ok(receiver.duplicates.size <= 32_768 && sessions.size < 1_000, `${sessions.size} sessions`);
  assert.ok(growth < MAX_GROWTH, `${growth} bytes more are in use than before`);
});

function heap(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}
