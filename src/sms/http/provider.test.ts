import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { SmsConfig } from '../../core/sms/types.ts';
import { type Answer, fakeGateway, fixture, httpProxy, ok, pem, socksProxy } from '../lab.ts';
import { openHttpProvider } from './provider.ts';

const MESSAGE = { number: '+49 170/1234567', text: 'Ihr Code: 287082 (gültig)' };
const KEYS = { SMS_TEXT_KEY: 'text', SMS_PHONENUMBER_KEY: 'to', RETURN_SUCCESS: 'ID' };

async function sent(t: TestContext, config: SmsConfig, answer: Answer = () => ok('ID: 7'), path = '/send') {
  const gateway = await fakeGateway(t, answer);
  const provider = openHttpProvider({ URL: `http://127.0.0.1:${gateway.port}${path}`, ...KEYS, ...config });
  t.after(() => provider.close());
  const said = await provider.send(MESSAGE);
  return { said, requests: gateway.requests, request: gateway.requests.at(-1)! };
}

const firstLine = (request: string) => request.slice(0, request.indexOf('\r\n'));
const bodyOf = (request: string) => request.slice(request.indexOf('\r\n\r\n') + 4);
const headerOf = (request: string, name: string) => new RegExp(`^${name}: (.*)\r$`, 'im').exec(request)?.[1];
const FIELDS = 'to=%2B49+170%2F1234567&text=Ihr+Code%3A+287082+%28g%C3%BCltig%29';

test('a GET appends number, text and PARAMETER, in this order, to the query that is there', async (t) => {
  const { request, said } = await sent(
    t,
    { HTTP_Method: 'get', PARAMETER: { user: 'a b', api_id: 12980436 } },
    undefined,
    '/send?x=1',
  );
  assert.equal(firstLine(request), `GET /send?x=1&${FIELDS}&user=a+b&api_id=12980436 HTTP/1.1`);
  assert.equal(said, 'status 200, ID: 7');
});

test('a POST is the default, and sends a form; the query stays', async (t) => {
  const { request } = await sent(t, {}, undefined, '/send?x=1');
  assert.equal(firstLine(request), 'POST /send?x=1 HTTP/1.1');
  assert.equal(headerOf(request, 'content-type'), 'application/x-www-form-urlencoded');
  assert.equal(bodyOf(request), FIELDS);
});

test('PARAMETER may take the place of number and text; of ASCII only letters, digits and -_.~ stay', async (t) => {
  const { request } = await sent(t, { PARAMETER: { to: 'fixed', odd: "-_.~!*'()&=+%\r\n" } });
  assert.equal(
    bodyOf(request),
    'to=fixed&text=Ihr+Code%3A+287082+%28g%C3%BCltig%29&odd=-_.~%21%2A%27%28%29%26%3D%2B%25%0D%0A',
  );
});

test('the names of the fields default to phone and sms', async (t) => {
  const { request } = await sent(t, { SMS_TEXT_KEY: undefined, SMS_PHONENUMBER_KEY: undefined, MSISDN: 'True' });
  assert.match(bodyOf(request), /^phone=%2B491701234567&sms=Ihr/);
});

test('SUPPRESS_PREFIX cuts what is left of the number', async (t) => {
  const { request } = await sent(t, { MSISDN: 'True', SUPPRESS_PREFIX: '+49' });
  assert.match(bodyOf(request), /^to=1701234567&/);
});

test('whichever library is preferred, the message is the same', async (t) => {
  for (const PREFERRED_HTTPLIB of ['requests', 'urllib', 'httplib'])
    assert.equal(bodyOf((await sent(t, { PREFERRED_HTTPLIB })).request), FIELDS);
});

test('HEADERS are merged in; timeout and TIMEOUT are known', async (t) => {
  const config = {
    HEADERS: { Authorization: 'Bearer abc', 'X-A': '1' },
    timeout: '5,10',
    TIMEOUT: '(5,20)',
  };
  const { request } = await sent(t, config);
  assert.deepEqual([headerOf(request, 'authorization'), headerOf(request, 'x-a')], ['Bearer abc', '1']);
});

test('basic authentication from USERNAME and PASSWORD, else from the address', async (t) => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
  const given = await sent(t, { USERNAME: 'me', PASSWORD: 'geheim' });
  assert.equal(headerOf(given.request, 'authorization'), basic('me:geheim'));
  const empty = await sent(t, { USERNAME: 'me', PASSWORD: '' });
  assert.equal(headerOf(empty.request, 'authorization'), basic('me:'));
  const gateway = await fakeGateway(t, () => ok('ID'));
  const provider = openHttpProvider({ ...KEYS, URL: `http://me:p%40ss@127.0.0.1:${gateway.port}/` });
  t.after(() => provider.close());
  await provider.send(MESSAGE);
  assert.equal(headerOf(gateway.requests[0]!, 'authorization'), basic('me:p@ss'));
});

test('digest authentication answers the challenge of a gateway that demands it', async (t) => {
  const challenge = 'WWW-Authenticate: Digest realm="sms", nonce="abc", qop="auth,auth-int", opaque="o"\r\n';
  const demanding: Answer = (request) => {
    const value = (name: string) =>
      new RegExp(`${name}="?([^",\r]*)`).exec(headerOf(request, 'authorization') ?? '')?.[1];
    const ha1 = hash('md5', 'me:sms:geheim');
    const ha2 = hash('md5', `POST:${value('uri')}`);
    const right = hash('md5', `${ha1}:abc:00000001:${value('cnonce')}:auth:${ha2}`);
    return value('response') === right ? ok('ID: 7') : ok('', '401 Unauthorized', challenge);
  };
  const login = { USERNAME: 'me', PASSWORD: 'geheim', AUTH_TYPE: 'digest' };
  const { requests } = await sent(t, login, demanding);
  assert.equal(requests.length, 2);
  assert.equal(bodyOf(requests[1]!), FIELDS);
  await assert.rejects(sent(t, { ...login, PASSWORD: 'falsch' }, demanding), {
    code: 'SMS_REFUSED',
    message: /status 401/,
  });
});

const REPLIES: readonly [tests: SmsConfig, body: string, taken: boolean][] = [
  [{ RETURN_SUCCESS: 'ok' }, 'okay', true],
  [{ RETURN_SUCCESS: 'ok' }, 'OK', false],
  [{ RETURN_SUCCESS: 'ok' }, 'not ok', false],
  [{ RETURN_SUCCESS_REGEX: '(result:0|success)' }, '{"result:0"}', true],
  [{ RETURN_SUCCESS_REGEX: '(result:0|success)' }, 'error', false],
  [{ RETURN_FAIL: 'ERR' }, 'ERR 1', false],
  [{ RETURN_FAIL: 'ERR' }, 'fine', true],
  [{ RETURN_FAIL_REGEX: 'err' }, 'an error', false],
  [{ RETURN_FAIL_REGEX: 'err' }, 'fine', true],
  // Only the first of those that are there counts, in the order above.
  [{ RETURN_SUCCESS: 'ID', RETURN_FAIL: 'ID' }, 'ID', true],
  [{ RETURN_SUCCESS_REGEX: 'x', RETURN_SUCCESS: 'ID' }, 'ID', false],
  [{ RETURN_FAIL_REGEX: 'x', RETURN_SUCCESS: 'no' }, 'ID', true],
  // A pattern that would take for ever means that nothing is known.
  [{ RETURN_SUCCESS_REGEX: '^(a+)+$' }, `${'a'.repeat(60)}!`, false],
];

for (const [tests, body, taken] of REPLIES) {
  test(`${JSON.stringify(tests)} and ${body.slice(0, 20)}: ${taken ? 'taken' : 'refused'}`, async (t) => {
    const config = { RETURN_SUCCESS: undefined, ...tests };
    if (taken) await sent(t, config, () => ok(body));
    else
      await assert.rejects(
        sent(t, config, () => ok(body)),
        { code: 'SMS_REFUSED' },
      );
  });
}

test('the status says nothing, unless RETURN_STATUS is there', async (t) => {
  await sent(t, {}, () => ok('ID', '500 Oops'));
  await assert.rejects(
    sent(t, { RETURN_STATUS: '2xx' }, () => ok('ID', '500 Oops')),
    { code: 'SMS_REFUSED', message: /status 500/ },
  );
  await sent(t, { RETURN_SUCCESS: undefined, RETURN_STATUS: '200,202' }, () => ok('', '202 Accepted'));
});

test('a redirect is followed; a 302 makes a GET of a POST', async (t) => {
  const { requests } = await sent(t, {}, (request) =>
    request.startsWith('POST') ? ok('', '302 Found', 'Location: /there?a=1\r\n') : ok('ID'),
  );
  assert.deepEqual(requests.map(firstLine), ['POST /send HTTP/1.1', 'GET /there?a=1 HTTP/1.1']);
});

test('a gateway that hangs, cuts off or is not there is unreachable; a gigabyte is not read', async (t) => {
  const patience = { TIMEOUT: 0.2 };
  await assert.rejects(
    sent(t, patience, () => undefined),
    { code: 'SMS_UNREACHABLE', message: /did not answer in time/ },
  );
  await assert.rejects(
    sent(t, {}, () => ''),
    { code: 'SMS_UNREACHABLE' },
  );
  const gone = createServer().listen(0, '127.0.0.1');
  await once(gone, 'listening');
  const { port } = gone.address() as AddressInfo;
  await new Promise((closed) => gone.close(closed));
  for (const [at, why] of [
    [port, /^http:\/\/127\.0\.0\.1:\d+\/: ECONNREFUSED$/],
    [6000, /belongs to another protocol/],
  ] as const) {
    const provider = openHttpProvider({ ...KEYS, URL: `http://127.0.0.1:${at}/?secret=1` });
    t.after(() => provider.close());
    await assert.rejects(provider.send(MESSAGE), { code: 'SMS_UNREACHABLE', message: why });
  }
  const endless = `HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\nID${'x'.repeat(1 << 20)}`;
  await sent(t, {}, () => endless);
});

test('HTTPS: the certificate is looked at, against the CAs of the system or those of SERVER_CERTIFICATE', async (t) => {
  const gateway = await fakeGateway(t, () => ok('ID'), { cert: pem('gate.pem'), key: pem('gate.key') });
  const url = `https://127.0.0.1:${gateway.port}/`;
  const send = async (config: SmsConfig) => {
    const provider = openHttpProvider({ ...KEYS, URL: url, ...config });
    t.after(() => provider.close());
    return provider.send(MESSAGE);
  };
  await assert.rejects(send({}), { code: 'SMS_UNREACHABLE', message: /not trusted/ });
  await assert.rejects(send({ SERVER_CERTIFICATE: '' }), { code: 'SMS_UNREACHABLE' });
  await send({ SERVER_CERTIFICATE: 'False' });
  await send({ SERVER_CERTIFICATE: false });
  await send({ SERVER_CERTIFICATE: fixture('authority.pem') });
  await send({ SERVER_CERTIFICATE: fixture('.') });
  for (const path of ['/nowhere.pem', fixture('make.sh')])
    assert.throws(() => openHttpProvider({ ...KEYS, URL: url, SERVER_CERTIFICATE: path }), {
      code: 'SMS_CONFIG',
      where: 'SERVER_CERTIFICATE',
    });
});

test('CLIENT_CERTIFICATE_FILE is shown to a gateway that demands it', async (t) => {
  const demanding = { cert: pem('gate.pem'), key: pem('gate.key'), ca: pem('authority.pem'), requestCert: true };
  const gateway = await fakeGateway(t, () => ok('ID'), demanding);
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-sms-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'client.pem');
  writeFileSync(file, Buffer.concat([pem('telephone.pem'), pem('telephone.key')]));
  const URL = `https://127.0.0.1:${gateway.port}/`;
  const send = async (config: SmsConfig) => {
    const provider = openHttpProvider({ ...KEYS, URL, SERVER_CERTIFICATE: fixture('authority.pem'), ...config });
    t.after(() => provider.close());
    return provider.send(MESSAGE);
  };
  await assert.rejects(send({}), { code: 'SMS_UNREACHABLE' });
  await send({ CLIENT_CERTIFICATE_FILE: file });
  assert.throws(() => openHttpProvider({ ...KEYS, URL, CLIENT_CERTIFICATE_FILE: '/nowhere' }), { code: 'SMS_CONFIG' });
});

test('PROXY: an HTTP proxy with a password, for either scheme, one over TLS, and a SOCKS5 proxy', async (t) => {
  const plain = await fakeGateway(t, () => ok('ID'));
  const secure = await fakeGateway(t, () => ok('ID'), { cert: pem('gate.pem'), key: pem('gate.key') });
  const proxy = await httpProxy(t, 'user:pass');
  const socks = await socksProxy(t, 'user', 'pass');
  const send = async (URL: string, PROXY: unknown) => {
    const provider = openHttpProvider({ ...KEYS, URL, PROXY, SERVER_CERTIFICATE: fixture('authority.pem') });
    t.after(() => provider.close());
    return provider.send(MESSAGE);
  };
  const [http, https] = [`http://127.0.0.1:${plain.port}/a`, `https://127.0.0.1:${secure.port}/b`];
  await send(http, `http://user:pass@127.0.0.1:${proxy.port}`);
  await send(https, `http://user:pass@127.0.0.1:${proxy.port}`);
  assert.deepEqual(proxy.requests, [`POST ${http} HTTP/1.1`, `CONNECT 127.0.0.1:${secure.port} HTTP/1.1`]);
  await send(http, { https: `http://127.0.0.1:1` });
  assert.equal(proxy.requests.length, 2);
  await send(https, { https: `socks5://user:pass@127.0.0.1:${socks.port}` });
  await send(http, `socks5://user:pass@127.0.0.1:${socks.port}`);
  assert.deepEqual(socks.requests, [`127.0.0.1:${secure.port}`, `127.0.0.1:${plain.port}`]);
  const overTls = await httpProxy(t, 'user:pass', { cert: pem('gate.pem'), key: pem('gate.key') });
  await send(https, `https://user:pass@127.0.0.1:${overTls.port}`);
  assert.deepEqual(overTls.requests, [`CONNECT 127.0.0.1:${secure.port} HTTP/1.1`]);
  await assert.rejects(send(https, `http://user:wrong@127.0.0.1:${proxy.port}`), { code: 'SMS_UNREACHABLE' });
  await assert.rejects(send(http, `socks5://user:wrong@127.0.0.1:${socks.port}`), { code: 'SMS_UNREACHABLE' });
});

const FAULTS: readonly [config: SmsConfig, key: string, why: RegExp][] = [
  [{ URL: undefined }, 'URL', /missing/],
  [{ URL: 'ftp://h/' }, 'URL', /begins with http/],
  [{ RETURN_SUCCESS: undefined }, 'RETURN_SUCCESS', /nothing says/],
  [{ RETURN_SUCESS: 'ID' }, 'RETURN_SUCESS', /no such key/],
  [{ HTTP_Method: 'PUT' }, 'HTTP_Method', /GET/],
  [{ PARAMETER: 'a=b' }, 'PARAMETER', /record|object/],
  [{ PROXY: 'ftp://h' }, 'PROXY', /http:\/\/USER/],
  [{ TIMEOUT: 'soon' }, 'TIMEOUT', /write seconds/],
  [{ TIMEOUT: '1,2,3' }, 'TIMEOUT', /write seconds/],
  [{ RETURN_SUCCESS_REGEX: '(' }, 'RETURN_SUCCESS_REGEX', /cannot be read/],
  [{ AUTH_TYPE: 'ntlm' }, 'AUTH_TYPE', /basic/],
];

for (const [change, key, why] of FAULTS) {
  test(`a configuration with ${JSON.stringify(change)} is refused at ${key}`, () => {
    const config = Object.fromEntries(
      Object.entries({ URL: 'http://h/', ...KEYS, ...change }).filter(([, value]) => value !== undefined),
    );
    assert.throws(() => openHttpProvider(config), { code: 'SMS_CONFIG', where: key, message: why });
  });
}
