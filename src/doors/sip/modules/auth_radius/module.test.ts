/** Credentials as a RADIUS server on loopback is asked about them, and what the script sees of its answers. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Knock, Ticket, Verdict } from '../../../../core/gate/types.ts';
import { CODE } from '../../../../platform/radius/numbers.ts';
import type { Packet } from '../../../../platform/radius/packet.ts';
import { startLabServer } from '../../../../platform/radius/server-lab.ts';
import type { ParameterValues } from '../../script/types.ts';
import { DigestRuleBook } from '../auth/digest-rules.ts';
import { auth } from '../auth/module.ts';
import { Nonces } from '../auth/nonce.ts';
import { load, outcome, request, services, withDefaults } from '../lab.ts';
import { authRadius } from './module.ts';

const NOW = 1_000_000_000_000;
const RESPONSE = '0123456789abcdef0123456789abcdef';

interface Lab {
  parameters?: ParameterValues;
  dictionary?: string;
  more?: string;
  rules?: DigestRuleBook;
}

async function lab(t: TestContext, { parameters = {}, dictionary, more = '', rules = new DigestRuleBook() }: Lab = {}) {
  const server = await startLabServer(t);
  const folder = mkdtempSync(join(tmpdir(), 'auth-radius-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const { port, secret } = server.peer;
  const lines = [`authserver 127.0.0.1:${port}`, 'servers servers', more];
  if (dictionary !== undefined) {
    lines.push('dictionary dictionary');
    writeFileSync(join(folder, 'dictionary'), dictionary);
  }
  writeFileSync(join(folder, 'servers'), `127.0.0.1 ${secret}\n`);
  writeFileSync(join(folder, 'radiusclient.conf'), lines.join('\n'));
  const knocks: Knock[] = [];
  const fakes = services({ gate: { prove }, options: { digest: rules, folder } });
  const [call] = await load(authRadius, {
    parameters: { radius_config: 'radiusclient.conf', ...parameters },
    others: { auth: withDefaults(auth, { secret: 's' }) },
    calls: [['radius_www_authorize', '']],
    services: fakes,
  });
  return { server, call: call!, knocks };

  /** As the gate: the account says whether the digest is right. */
  async function prove(knock: Knock): Promise<Verdict> {
    knocks.push(knock);
    const account = await knock.source!.find(knock.user, knock.domain);
    const right = await account!.askDigest!();
    if (!right) return { verdict: 'refused', reason: 'wrong-proof', silent: false };
    return { verdict: 'proven', ticket: { door: 'sip', account } as Ticket };
  }
}

function register(more = '', body = '') {
  // Later than the start, since which counts are known.
  const nonce = new Nonces('s', 300, 0).create(NOW + 1000);
  const header = `Authorization: Digest username="1000", realm="example.com", nonce="${nonce}", uri="sip:example.com", response="${RESPONSE}"`;
  return { ...request('REGISTER sip:other.example', [header + more], { body }), nonce };
}

/** The sub-attributes of all Digest-Attributes. */
function packedIn(packet: Packet): Record<number, string> {
  const texts: Record<number, string> = {};
  for (const value of packet.all(207)) {
    assert.equal(value[1], value.length);
    texts[value[0]!] = value.subarray(2).toString();
  }
  return texts;
}

test('OpenSER’s form: Digest-Attributes and Digest-Response, who says that he sends it, and the type of service', async (t) => {
  const { server, call, knocks } = await lab(t);
  const built = register(', qop=auth, nc=00000001, cnonce="c"');
  assert.equal(await outcome(call, built), 1);
  const [asked] = server.heard;
  const packed = { 1: 'example.com', 2: built.nonce, 3: 'REGISTER', 4: 'sip:example.com', 10: '1000' };
  assert.deepEqual(packedIn(asked!), { ...packed, 5: 'auth', 8: 'c', 9: '00000001' });
  assert.deepEqual(
    [1, 206, 208].map((type) => asked!.text(type)),
    ['1000@example.com', RESPONSE, '1000'],
  );
  assert.equal(asked!.number(6), 15);
  assert.deepEqual([knocks[0]!.user, knocks[0]!.domain], ['1000', 'example.com']);
  assert.equal(built.run.authorised?.ticket.account.login, '1000@example.com');
});

test('the form of RFC 5090, where the script says so or the dictionary numbers it so', async (t) => {
  const dictionary = 'ATTRIBUTE Digest-Realm 104 string\nATTRIBUTE Sip-Uri-User 220 string\n';
  for (const how of [{ parameters: { digest_attributes: 'rfc5090' } }, { dictionary }]) {
    const { server, call } = await lab(t, how);
    const built = register();
    assert.equal(await outcome(call, built), 1);
    const [asked] = server.heard;
    const texts = [103, 104, 105, 108, 109, 115, 122].map((type) => asked!.text(type));
    const sent = [RESPONSE, 'example.com', built.nonce, 'REGISTER', 'sip:example.com', '1000', 'sip:1000@example.com'];
    assert.deepEqual(texts, sent);
    assert.equal(asked!.has(207), false);
    assert.equal(asked!.text('dictionary' in how ? 220 : 208), '1000');
  }
});

test('other algorithms and auth-int are told, with the hash of the body', async (t) => {
  const rules = new DigestRuleBook({ algorithms: ['SHA-256'], authInt: true, oneTime: false });
  const { server, call } = await lab(t, { rules, parameters: { service_type: 7 } });
  const built = register(', algorithm=SHA-256, qop=auth-int, nc=00000001, cnonce="c"', 'body');
  assert.equal(await outcome(call, built), 1);
  const { 5: qop, 6: algorithm, 7: body } = packedIn(server.heard[0]!);
  assert.deepEqual([qop, algorithm], ['auth-int', 'SHA-256']);
  assert.equal(body, '230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5');
  assert.equal(server.heard[0]!.number(6), 7);
});

test('use_ruri_flag: the Request-URI in place of the digest’s, where the flag is set', async (t) => {
  const { server, call } = await lab(t, { parameters: { use_ruri_flag: 22 } });
  const flagged = register();
  flagged.run.flags = 1 << 22;
  for (const built of [register(), flagged]) await outcome(call, built);
  assert.deepEqual(
    server.heard.map((asked) => packedIn(asked)[4]),
    ['sip:example.com', 'sip:other.example'],
  );
});

test('each SIP-AVP becomes the AVP that it names, Sip-Rpid the one of rpid_avp', async (t) => {
  const { server, call } = await lab(t);
  const given = ['rpid:sip:+1@x', 'tier#7', '#13:text', '#14#-15', 'nothing', '#:', 'a#b:c'];
  const attributes = given.map((text) => ({ type: 225, value: Buffer.from(text) }));
  attributes.push({ type: 213, value: Buffer.from('sip:+2@x') });
  server.answer = { code: CODE.accessAccept, attributes };
  const built = register();
  assert.equal(await outcome(call, built), 1);
  assert.deepEqual(
    [...built.run.avps!.entries()],
    [
      ['s:rpid', 'sip:+2@x'],
      ['i:14', -15],
      ['i:13', 'text'],
      ['s:tier', 7],
      ['s:rpid', 'sip:+1@x'],
    ],
  );
});

test('a Reject and a Challenge are -2, and give no AVPs; credentials that do not fit a packet are not asked about', async (t) => {
  const { server, call } = await lab(t);
  for (const code of [CODE.accessReject, CODE.accessChallenge]) {
    server.answer = { code, attributes: [{ type: 225, value: Buffer.from('a:b') }] };
    const built = register();
    assert.equal(await outcome(call, built), -2);
    assert.equal(built.run.avps, undefined);
  }
  const long = register(`, qop=auth, nc=00000001, cnonce="${'c'.repeat(252)}"`);
  assert.equal(await outcome(call, long), -2);
  assert.equal(server.heard.length, 2);
});

test('where no server answers the request gets 503', async (t) => {
  const { server, call } = await lab(t, { more: 'radius_timeout 1\nradius_retries 1' });
  server.answer = undefined;
  const built = register();
  assert.equal(await outcome(call, built), 0);
  assert.equal(built.host.replies[0]?.status, 503);
});

test('nobody is asked about a nonce of others, or without credentials', async (t) => {
  const { server, call } = await lab(t);
  assert.equal(call(request('REGISTER sip:example.com').run), -4);
  const digest = 'Authorization: Digest username="1000", realm="example.com", uri="sip:x", response="00", nonce="n"';
  assert.equal(call(request('REGISTER sip:example.com', [digest]).run), -3);
  assert.equal(server.heard.length, 0);
});
