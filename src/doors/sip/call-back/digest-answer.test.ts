import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkDigest } from '../../../core/proofs/digest.ts';
import { digestHa1 } from '../../../core/proofs/digest-hash.ts';
import { parseCredentials } from '../message/credentials.ts';
import { parseMessage } from '../message/parse.ts';
import { digestAnswer } from './digest-answer.ts';

const LOGIN = { username: 'trunk "1"', password: 'geheim' };
const URI = 'sip:2000@192.0.2.9';

function answerTo(status: number, ...challenges: string[]): string | undefined {
  const head = ['SIP/2.0 401 No', 'Via: SIP/2.0/UDP h', 'From: <sip:a@b>;tag=1', 'To: <sip:c@d>;tag=2', 'Call-ID: x'];
  const name = status === 407 ? 'Proxy-Authenticate' : 'WWW-Authenticate';
  const lines = [...head, 'CSeq: 1 INVITE', ...challenges.map((one) => `${name}: ${one}`), '', ''];
  return digestAnswer(parseMessage(lines.join('\r\n').replace('401', String(status)))!, 'INVITE', URI, LOGIN);
}

test('a challenge is answered so that who knows the password accepts it', () => {
  const nonce = 'abc';
  for (const algorithm of ['MD5', 'SHA-256'] as const) {
    for (const qop of [undefined, 'auth'] as const) {
      const asked = `Digest realm="a \\"realm\\"", nonce="${nonce}", opaque="o", algorithm=${algorithm}`;
      const line = answerTo(407, `${asked}${qop ? `, qop="auth-int, ${qop}"` : ''}`)!;
      const given = parseCredentials(/^Proxy-Authorization: (.*)\r\n$/.exec(line)![1]!)!;
      const { username, realm, uri, response, cnonce, nc } = given;
      assert.deepEqual(
        [username, realm, uri, given.opaque, given.qop],
        [LOGIN.username, 'a "realm"', URI, 'o', qop ?? ''],
      );
      const proof = { username, realm, nonce, uri, response, cnonce, nc, ncValue: 1, qop, algorithm, method: 'INVITE' };
      const ha1 = digestHa1(username, realm, LOGIN.password, algorithm);
      assert.ok(checkDigest({ ...proof, kind: 'digest', body: '', replay: 'none', expired: false }, ha1));
    }
  }
});

test('of several challenges the first that can be answered; none, and nothing is sent', () => {
  const good = 'Digest realm="r", nonce="n"';
  assert.match(answerTo(401, 'Basic realm="r"', 'Digest realm="x", nonce="n", algorithm=MD4', good)!, /realm="r"/);
  for (const bad of ['Digest realm="r"', 'Digest realm="r", nonce="n", qop="auth-int"', 'NTLM x', 'Digest realm="'])
    assert.equal(answerTo(401, bad), undefined, bad);
  assert.equal(answerTo(401), undefined);
});
