import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { folderFor } from '../../../test/peers/children.ts';
import type { SmsConfig } from '../../core/sms/types.ts';
import { type Answer, fakeGateway, fixture, httpProxy, ok, pem } from '../lab.ts';
import { openRestProvider } from './provider.ts';

const MESSAGE = { number: '+49 170/1234567', text: 'Ihr "Code": 287082 – gültig' };
const CONFIG = {
  PAYLOAD: { to: ['<phone>'], from: '123456789', body: 'Your OTP is: <message>' },
  SMS_TEXT_KEY: 'body',
  SMS_PHONENUMBER_KEY: 'to',
};

async function sent(t: TestContext, config: SmsConfig, answer: Answer = () => ok('{"id":7}', '201 Created')) {
  const gateway = await fakeGateway(t, answer);
  const provider = openRestProvider({ URL: `http://127.0.0.1:${gateway.port}/xms/v1?a=b`, ...CONFIG, ...config });
  t.after(() => provider.close());
  const said = await provider.send(MESSAGE);
  const request = gateway.requests.at(-1)!;
  const [head = '', body = ''] = request.split('\r\n\r\n');
  const header = (name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(head.replaceAll('\r', ''))?.[1];
  return { said, head, body, header, requests: gateway.requests };
}

test('a POST of the filled PAYLOAD, in ASCII', async (t) => {
  const { said, head, body, header } = await sent(t, { MSISDN: 'True', SUPPRESS_PREFIX: '+' });
  assert.match(head, /^POST \/xms\/v1\?a=b HTTP\/1\.1\r\n/);
  assert.equal(
    body,
    '{"to":["491701234567"],"from":"123456789","body":"Your OTP is: Ihr \\"Code\\": 287082 \\u2013 g\\u00fcltig"}',
  );
  assert.deepEqual([header('content-type'), header('accept')], ['application/json', 'application/json']);
  assert.equal(said, 'status 201, {"id":7}');
});

test('HEADERS take the place of ours in any case', async (t) => {
  const { header, head } = await sent(t, { HEADERS: { 'CONTENT-TYPE': 'application/x', Authorization: 'Bearer abc' } });
  assert.deepEqual([header('content-type'), header('authorization')], ['application/x', 'Bearer abc']);
  assert.equal(head.match(/content-type/gi)?.length, 1);
});

test('basic and digest authentication', async (t) => {
  const basic = await sent(t, { USERNAME: '123456', PASSWORD: 'SECRET' });
  assert.equal(basic.header('authorization'), `Basic ${Buffer.from('123456:SECRET').toString('base64')}`);
  const challenge = 'WWW-Authenticate: Digest realm="r", nonce="n", algorithm=SHA-256, qop="auth"\r\n';
  const login = { USERNAME: '123456', PASSWORD: 'SECRET', AUTHENTICATION: 'digest' };
  const digest = await sent(t, login, (request) =>
    /^authorization: digest/im.test(request) ? ok('{}') : ok('', '401 No', challenge),
  );
  assert.equal(digest.requests.length, 2);
  assert.match(
    digest.header('authorization')!,
    /^Digest username="123456", realm="r", nonce="n", uri="\/xms\/v1\?a=b", algorithm=SHA-256, /,
  );
});

test('a status below 400 means taken, whatever the body; any other refused', async (t) => {
  await sent(t, {}, () => ok('error', '202 Accepted'));
  for (const status of ['400 Bad', '401 No', '503 Busy'])
    await assert.rejects(
      sent(t, {}, () => ok('{"error":"no\u0007"}', status)),
      { code: 'SMS_REFUSED', message: /error":"no "/ },
    );
});

test('of a list of addresses the first is used', async (t) => {
  const gateway = await fakeGateway(t, () => ok(''));
  const provider = openRestProvider({ ...CONFIG, URL: `http://127.0.0.1:${gateway.port}/a, http://127.0.0.1:9/b` });
  t.after(() => provider.close());
  await provider.send(MESSAGE);
  assert.equal(gateway.requests.length, 1);
});

test('PROXY as text and by scheme, TIMEOUT in its spellings, certificates of both sides', async (t) => {
  const tls = { cert: pem('gate.pem'), key: pem('gate.key'), ca: pem('authority.pem'), requestCert: true };
  const secure = await fakeGateway(t, () => ok('{}'), tls);
  const [plain, proxy] = [await fakeGateway(t, () => ok('{}')), await httpProxy(t, 'user:pass')];
  const file = join(folderFor(t, 'sms'), 'client.pem');
  writeFileSync(file, Buffer.concat([pem('telephone.pem'), pem('telephone.key')]));
  const [http, https] = [`http://127.0.0.1:${plain.port}/a`, `https://127.0.0.1:${secure.port}/b`];
  const send = async (config: SmsConfig) => {
    const provider = openRestProvider({ ...CONFIG, ...config });
    t.after(() => provider.close());
    return provider.send(MESSAGE);
  };
  const own = { SERVER_CERTIFICATE: fixture('authority.pem'), CLIENT_CERTIFICATE_FILE: file };
  const address = `http://user:pass@127.0.0.1:${proxy.port}`;
  for (const TIMEOUT of ['(5,20)', '5,20', [5, 20], 20]) await send({ URL: http, PROXY: address, TIMEOUT });
  await send({ URL: https, PROXY: { https: address, http: 'http://127.0.0.1:1' }, timeout: '20', ...own });
  const asked = `POST ${http} HTTP/1.1`;
  assert.deepEqual(proxy.requests, [...Array(4).fill(asked), `CONNECT 127.0.0.1:${secure.port} HTTP/1.1`]);
  await assert.rejects(send({ URL: https, SERVER_CERTIFICATE: own.SERVER_CERTIFICATE }), { code: 'SMS_UNREACHABLE' });
  await assert.rejects(send({ URL: https, CLIENT_CERTIFICATE_FILE: file }), { code: 'SMS_UNREACHABLE' });
  await send({ URL: https, SERVER_CERTIFICATE: 'false', CLIENT_CERTIFICATE_FILE: file });
});

const FAULTS: readonly [config: SmsConfig, key: string][] = [
  [{ PAYLOAD: undefined }, 'PAYLOAD'],
  [{ PAYLOAD: 'text' }, 'PAYLOAD'],
  [{ SMS_TEXT_KEY: undefined }, 'SMS_TEXT_KEY'],
  [{ SMS_PHONENUMBER_KEY: 'a[' }, 'SMS_PHONENUMBER_KEY'],
  [{ AUTHENTICATION: 'NTLM' }, 'AUTHENTICATION'],
  [{ HTTP_Method: 'GET' }, 'HTTP_Method'],
  [{ URL: 'gateway.example' }, 'URL'],
];

for (const [change, key] of FAULTS) {
  test(`a configuration with ${JSON.stringify(change)} is refused at ${key}`, () => {
    const all = Object.entries({ URL: 'http://h/', ...CONFIG, ...change });
    const config = Object.fromEntries(all.filter(([, value]) => value !== undefined));
    assert.throws(() => openRestProvider(config), { code: 'SMS_CONFIG', where: key });
  });
}
