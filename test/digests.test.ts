/** Digests beyond the documents' MD5, as `sip.digest` asks for them, over the wire. RFC 7616, RFC 8760. */
import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { DigestRuleBook, type DigestRules } from '../src/doors/sip/modules/auth/digest-rules.ts';
import { ALICE, Scene } from './auth-manual/scene.ts';
import { statusOf } from './sip-client.ts';
import { DOMAIN } from './sip-lab.ts';

const URI = `sip:${DOMAIN}`;
const NODE_NAME: Readonly<Record<string, string>> = { MD5: 'md5', 'SHA-256': 'sha256', 'SHA-512-256': 'sha512-256' };

const usual: DigestRules = { algorithms: ['MD5'], authInt: false, oneTime: false };
const scene = (t: TestContext, digest: DigestRuleBook, { qop = '1', realm = '' } = {}) =>
  Scene.open(t, {
    digest,
    body: `if (!www_authorize("${realm}", "subscriber")) { www_challenge("${realm}", "${qop}"); exit; };
      sl_send_reply("200", "OK");`,
  });

/** The challenges of a response, in their order. */
function challenges(response: string): string[] {
  return response.split('\r\n').filter((line) => line.startsWith('WWW-Authenticate: '));
}

interface Answering {
  readonly algorithm?: string;
  readonly qop?: 'auth' | 'auth-int';
  readonly password?: string;
  readonly username?: string;
  readonly uri?: string;
  readonly body?: string;
  readonly nc?: number;
}

/** Answers a challenge line by its own rules, but for what is changed. */
function respond(challenge: string, change: Answering = {}): string {
  const value = (name: string) => new RegExp(`\\b${name}="?([^",]*)`).exec(challenge)?.[1];
  const { algorithm = value('algorithm'), password = ALICE.password, username = ALICE.user, uri = URI } = change;
  const h = (text: string) => hash(NODE_NAME[algorithm ?? 'MD5'] ?? 'md5', text);
  const qop = change.qop ?? (challenge.includes('qop=') ? 'auth' : undefined);
  const [nonce, realm] = [value('nonce')!, value('realm')!];
  const body = qop === 'auth-int' ? `:${h(change.body ?? '')}` : '';
  const [cnonce, nc] = [randomBytes(4).toString('hex'), (change.nc ?? 1).toString(16).padStart(8, '0')];
  const middle = qop === undefined ? '' : `:${nc}:${cnonce}:${qop}`;
  const response = h(`${h(`${username}:${realm}:${password}`)}:${nonce}${middle}:${h(`REGISTER:${uri}${body}`)}`);
  const count = qop === undefined ? '' : `, qop=${qop}, nc=${nc}, cnonce="${cnonce}"`;
  const named = algorithm === undefined ? '' : `, algorithm=${algorithm}`;
  return `Authorization: Digest username="${username}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}"${count}${named}`;
}

test('one domain asks for SHA-256 or else MD5, in this order, and all others for MD5 as ever', async (t) => {
  const domains = new Map([[DOMAIN, { algorithms: ['SHA-256', 'MD5'] as const }]]);
  const phone = await scene(t, new DigestRuleBook(usual, domains));
  const asked = challenges(await phone.ask('REGISTER'));
  assert.deepEqual(
    asked.map((line) => line.replace(/"[0-9a-f]{40}"/, '"…"')),
    ['SHA-256', 'MD5'].map(
      (algorithm) => `WWW-Authenticate: Digest realm="${DOMAIN}", nonce="…", qop="auth", algorithm=${algorithm}`,
    ),
  );
  for (const line of asked) assert.equal(statusOf(await phone.ask('REGISTER', [respond(line)])), 200, line);
  const sha = respond(asked[0]!, { password: 'wrong' });
  assert.equal(statusOf(await phone.ask('REGISTER', [sha])), 401);
  for (const algorithm of ['SHA-512-256', 'MD5-sess']) {
    assert.equal(statusOf(await phone.ask('REGISTER', [respond(asked[0]!, { algorithm })])), 401);
  }
  assert.equal(phone.lab.read('gatehouse_sip_digests_total', 'other_algorithm'), 2);
  const elsewhere = await phone.ask('REGISTER', [], { to: 'sip:alice@elsewhere.example' });
  assert.equal(challenges(elsewhere).length, 1);
  assert.doesNotMatch(elsewhere, /algorithm/);
});

test('a domain that wants no MD5 takes none, and asks for qop whatever the script says', async (t) => {
  const rules: DigestRules = { ...usual, algorithms: ['SHA-512-256'] };
  const phone = await scene(t, new DigestRuleBook(rules), { qop: '0' });
  const [line] = challenges(await phone.ask('REGISTER'));
  assert.match(line!, /, qop="auth", algorithm=SHA-512-256$/);
  assert.equal(statusOf(await phone.ask('REGISTER', [respond(line!)])), 200);
  for (const algorithm of ['MD5', 'SHA-256'])
    assert.equal(statusOf(await phone.ask('REGISTER', [respond(line!, { algorithm })])), 401, algorithm);
});

test('auth-int covers the body', async (t) => {
  const phone = await scene(t, new DigestRuleBook({ ...usual, authInt: true }));
  const [line] = challenges(await phone.ask('REGISTER'));
  assert.match(line!, / qop="auth,auth-int"$/);
  const ask = async (credentials: string, sent: string) =>
    statusOf(await phone.ask('REGISTER', [credentials], {}, sent));
  assert.equal(await ask(respond(line!, { qop: 'auth-int' }), ''), 200, 'no body');
  assert.equal(await ask(respond(line!, { qop: 'auth-int', body: 'v=0' }), 'v=0'), 200);
  assert.equal(await ask(respond(line!, { qop: 'auth-int', body: 'v=0' }), 'v=1'), 401, 'changed on the way');
  assert.equal(await ask(respond(line!, { qop: 'auth' }), 'v=1'), 200, 'auth does not cover it');
});

for (const qop of ['0', '1']) {
  test(`one-time nonces, qop "${qop}": each challenge has its own, which is good for one proof`, async (t) => {
    const phone = await scene(t, new DigestRuleBook({ ...usual, oneTime: true }), { qop });
    phone.lab.advance(2000);
    const [first, second] = [await phone.ask('REGISTER'), await phone.ask('REGISTER')].map((r) => challenges(r)[0]!);
    assert.notEqual(first, second);
    const credentials = respond(first!);
    assert.equal(statusOf(await phone.ask('REGISTER', [respond(first!, { password: 'wrong' })])), 401);
    assert.equal(statusOf(await phone.ask('REGISTER', [credentials])), 200, 'a wrong proof did not use it up');
    const again = await phone.ask('REGISTER', [credentials]);
    assert.equal(statusOf(again), 401);
    assert.match(challenges(again)[0]!, /stale=true/);
    assert.match(challenges(await phone.ask('REGISTER', [respond(first!, { nc: 2 })]))[0]!, /stale=true/);
    assert.equal(statusOf(await phone.ask('REGISTER', [respond(challenges(again)[0]!)])), 200);
    assert.equal(statusOf(await phone.ask('REGISTER', [respond(second!)])), 200);
    // A nonce that others may share too, as from before the option was set.
    const shared = await scene(t, new DigestRuleBook(), { qop });
    const [older] = challenges(await shared.ask('REGISTER'));
    assert.match(challenges(await phone.ask('REGISTER', [respond(older!)]))[0]!, /stale=true/);
  });
}

test('a uri that is not the Request-URI is taken, and counted', async (t) => {
  const phone = await scene(t, new DigestRuleBook());
  const [line] = challenges(await phone.ask('REGISTER'));
  assert.equal(statusOf(await phone.ask('REGISTER', [respond(line!)])), 200);
  assert.equal(statusOf(await phone.ask('REGISTER', [respond(line!, { uri: `${URI};user=phone` })])), 200);
  assert.equal(phone.lab.read('gatehouse_sip_digests_total', 'other_uri'), 1);
});
