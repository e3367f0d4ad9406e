/** EAP through the door: what goes on to the server that ends it, what comes back, and that the gate has the last word. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Knock, Verdict } from '../../../core/gate/types.ts';
import type { Account } from '../../../core/users/types.ts';
import type { Peer, Question } from '../../../platform/radius/asker.ts';
import { type Attribute, vendorAttribute } from '../../../platform/radius/attributes.ts';
import { makeRequest, text } from '../../../platform/radius/lab.ts';
import { ATTRIBUTE, CODE } from '../../../platform/radius/numbers.ts';
import { Packet, readPacket } from '../../../platform/radius/packet.ts';
import { writeReply } from '../../../platform/radius/reply.ts';
import { hideTunnelPassword, revealTunnelPassword } from '../../../platform/radius/user-password.ts';
import type { RadiusClient } from './clients.ts';
import { EapRequests } from './eap.ts';

const CLIENT = { name: 'ap', secret: Buffer.from('of the client') } as RadiusClient;
const PEER: Peer = { address: '192.0.2.1', port: 1812, secret: Buffer.from('of the server'), signs: true };
const EAP = { type: ATTRIBUTE.eapMessage, value: Buffer.of(2, 9, 0, 5, 1) };

function lab(code: 2 | 3 | 11 | undefined, reply: (asked: Question) => Attribute[]) {
  const asked: Question[] = [];
  const knocks: Knock[] = [];
  const verdict = { next: undefined as Verdict | undefined };
  const account = { login: 'alice@hotel' } as Account;
  const eap = new EapRequests({
    peer: PEER,
    clock: { now: () => 0, monotonic: () => 0 },
    asker: {
      async ask(peer, question) {
        asked.push(question);
        const request = packetOf(makeRequest(peer.secret, question));
        return code && packetOf(writeReply(code, request, peer.secret, reply(question))!);
      },
    },
    gate: {
      prove(knock) {
        knocks.push(knock);
        const { client, time } = knock;
        return verdict.next ?? { verdict: 'proven', ticket: { door: 'radius', account, client, time } };
      },
      admit: () => ({ admitted: true, terms: { seconds: 60 } }),
    },
  });
  const request = packetOf(
    makeRequest(CLIENT.secret, {
      attributes: [text(ATTRIBUTE.userName, 'anonymous'), EAP, text(ATTRIBUTE.proxyState, 'p')],
    }),
  );
  return { asked, knocks, verdict, request, answer: () => eap.answer(request, CLIENT, '192.0.2.7') };
}

function packetOf(bytes: Buffer): Packet {
  const packet = readPacket(bytes);
  assert.ok(packet instanceof Packet);
  return packet;
}

test('a challenge passes both ways, without what is signed or said anew', async () => {
  const { asked, answer, knocks } = lab(11, () => [EAP, text(ATTRIBUTE.state, 's')]);
  assert.deepEqual(await answer(), { code: CODE.accessChallenge, attributes: [EAP, text(ATTRIBUTE.state, 's')] });
  assert.deepEqual(
    asked[0]?.attributes.map(({ type }) => type),
    [ATTRIBUTE.userName, ATTRIBUTE.eapMessage, ATTRIBUTE.proxyState],
  );
  assert.equal(knocks.length, 0);
});

test("an Accept is the gate's to give: for who he is inside of the tunnel, with keys that the client can read", async () => {
  const key = Buffer.alloc(32, 7);
  const { answer, knocks, request } = lab(2, ({ authenticator }) => [
    EAP,
    text(ATTRIBUTE.userName, 'alice@hotel'),
    vendorAttribute(311, 16, hideTunnelPassword(key, 0, authenticator, PEER.secret)),
  ]);
  const said = await answer();
  assert.ok(typeof said !== 'string' && said.code === CODE.accessAccept);
  assert.deepEqual([knocks[0]?.user, knocks[0]?.domain, knocks[0]?.proof.kind], ['alice', 'hotel', 'external']);
  const reply = packetOf(writeReply(said.code, request, CLIENT.secret, said.attributes)!);
  assert.deepEqual(revealTunnelPassword(reply.vendor(311, 16)!, request.authenticator, CLIENT.secret), key);
  assert.equal(reply.number(ATTRIBUTE.sessionTimeout), 60);
});

test('whom the gate refuses hears EAP-Failure; while the other server is silent, so are we', async () => {
  const { answer, verdict } = lab(2, () => [EAP]);
  verdict.next = { verdict: 'refused', reason: 'locked', silent: false };
  const said = await answer();
  assert.ok(typeof said !== 'string' && said.code === CODE.accessReject);
  assert.deepEqual(said.attributes[0], { type: ATTRIBUTE.eapMessage, value: Buffer.of(4, 9, 0, 4) });
  verdict.next = { verdict: 'refused', reason: 'unavailable', silent: false };
  assert.equal(await answer(), 'later');
  assert.equal(await lab(undefined, () => []).answer(), 'later');
});
