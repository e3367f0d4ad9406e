/** Every example configuration that LinOTP and docs/sms.md have sends, slips corrected: only hosts, ports and paths are those of the test. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { SMTPServer } from 'smtp-server';
import { folderFor } from '../../test/peers/children.ts';
import type { SmsConfig } from '../core/sms/types.ts';
import type { ProgramRun } from '../platform/helper/types.ts';
import { smsClasses } from './classes.ts';
import { fakeGateway, fixture, httpProxy, ok, pem, socksProxy } from './lab.ts';
import { fakeSmsc } from './smpp/lab.ts';

const MESSAGE = { number: '+491701234567', text: '372873' };
const runs: ProgramRun[] = [];
const classes = smsClasses({
  async run(run) {
    runs.push(run);
    return { exitCode: 0, signal: null, stdout: Buffer.of(), stderr: Buffer.of(), timedOut: false };
  },
});

async function send(t: TestContext, name: string, config: SmsConfig): Promise<void> {
  // Where an example says nothing of time: a busy machine has more of it.
  const patience = name === 'FileSMSProvider' ? {} : { TIMEOUT: 60 };
  const provider = await classes.find((one) => one.name === name)!.open({ ...patience, ...config });
  t.after(() => provider.close());
  await provider.send(MESSAGE);
}

const headOf = (request: string) => request.slice(0, request.indexOf('\r\n\r\n')).split('\r\n');
const bodyOf = (request: string) => request.slice(request.indexOf('\r\n\r\n') + 4);

test('HttpSMSProvider: the first example, and Clickatell, both by way of a proxy', async (t) => {
  const gateway = await fakeGateway(t, () => ok('ID: 7'));
  const [first, proxy] = [await httpProxy(t, 'username:password'), await httpProxy(t, 'user:pass')];
  await send(t, 'HttpSMSProvider', {
    URL: `http://127.0.0.1:${gateway.port}/sms_send_api.cgi`,
    PARAMETER: { from: '0170111111', password: 'yoursecret', sender: 'name', account: 'company_ltd' },
    SMS_TEXT_KEY: 'text',
    SMS_PHONENUMBER_KEY: 'destination',
    HTTP_Method: 'GET',
    PROXY: `http://username:password@127.0.0.1:${first.port}`,
    RETURN_SUCCESS: 'ID',
  });
  const fixed = 'from=0170111111&password=yoursecret&sender=name&account=company_ltd';
  assert.equal(
    headOf(gateway.requests[0]!)[0],
    `GET /sms_send_api.cgi?destination=%2B491701234567&text=372873&${fixed} HTTP/1.1`,
  );
  assert.equal(first.requests.length, 1);
  await send(t, 'HttpSMSProvider', {
    URL: `http://127.0.0.1:${gateway.port}/http/sendmsg`,
    PARAMETER: { user: 'username', password: 'askme', api_id: '12980436' },
    SMS_TEXT_KEY: 'text',
    SMS_PHONENUMBER_KEY: 'to',
    HTTP_Method: 'GET',
    PROXY: `http://user:pass@127.0.0.1:${proxy.port}`,
    RETURN_SUCCESS: 'ID',
  });
  const query = 'to=%2B491701234567&text=372873&user=username&password=askme&api_id=12980436';
  assert.equal(headOf(gateway.requests[1]!)[0], `GET /http/sendmsg?${query} HTTP/1.1`);
  assert.equal(proxy.requests.length, 1);
});

test('RestSMSProvider: Swisscom and CLX, over HTTPS', async (t) => {
  const tls = { cert: pem('gate.pem'), key: pem('gate.key') };
  const gateway = await fakeGateway(t, () => ok('{}', '201 Created'), tls);
  const SERVER_CERTIFICATE = fixture('authority.pem');
  await send(t, 'RestSMSProvider', {
    URL: `https://127.0.0.1:${gateway.port}/rest/1.0.0/submit_sm/123456`,
    PAYLOAD: {
      ...{ destination_addr: '<phone>', source_addr: '123456', short_message: 'Your OTP is: <message>' },
      ...{ source_addr_ton: 6, source_addr_npi: 0, dest_addr_ton: 1, dest_addr_npi: 1 },
    },
    SMS_TEXT_KEY: 'short_message',
    SMS_PHONENUMBER_KEY: 'destination_addr',
    PASSWORD: 'SECRET',
    USERNAME: '123456',
    SERVER_CERTIFICATE,
  });
  await send(t, 'RestSMSProvider', {
    URL: `https://127.0.0.1:${gateway.port}/xms/v1/customer27421/batches`,
    PAYLOAD: { to: ['<phone>'], from: '123456789', body: 'Your OTP is: <message>' },
    HEADERS: { Authorization: 'Bearer abc', 'Content-Type': 'application/json' },
    SMS_TEXT_KEY: 'body',
    SMS_PHONENUMBER_KEY: 'to',
    SERVER_CERTIFICATE,
  });
  const [swisscom = '', clx = ''] = gateway.requests;
  assert.equal(
    bodyOf(swisscom),
    '{"destination_addr":"+491701234567","source_addr":"123456","short_message":"Your OTP is: 372873",' +
      '"source_addr_ton":6,"source_addr_npi":0,"dest_addr_ton":1,"dest_addr_npi":1}',
  );
  assert.match(swisscom, new RegExp(`^authorization: Basic ${btoa('123456:SECRET')}\r$`, 'im'));
  assert.equal(bodyOf(clx), '{"to":["+491701234567"],"from":"123456789","body":"Your OTP is: 372873"}');
  assert.match(clx, /^authorization: Bearer abc\r$/im);
});

test('RestSMSProvider: the keys as placeholders, digest, a client certificate, and SOCKS proxies by scheme', async (t) => {
  const tls = { cert: pem('gate.pem'), key: pem('gate.key'), ca: pem('authority.pem'), requestCert: true };
  const challenge = 'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"\r\n';
  const isLoggedIn = (request: string) => /^authorization: digest username="customernumber"/im.test(request);
  const gateway = await fakeGateway(t, (one) => (isLoggedIn(one) ? ok('{}') : ok('', '401 No', challenge)), tls);
  const proxy = await socksProxy(t, 'user', 'pass');
  const certificate = join(folderFor(t, 'sms'), 'sms_client_certificate.pem');
  writeFileSync(certificate, Buffer.concat([pem('telephone.pem'), pem('telephone.key')]));
  const through = `socks5://user:pass@127.0.0.1:${proxy.port}`;
  await send(t, 'RestSMSProvider', {
    URL: `https://127.0.0.1:${gateway.port}/xms/v1/1234567/batches`,
    PAYLOAD: { to: ['<phone>'], from: '123456789', body: 'Your OTP is: <message>' },
    SMS_TEXT_KEY: 'message',
    SMS_PHONENUMBER_KEY: 'phone',
    USERNAME: 'customernumber',
    PASSWORD: 'secret',
    AUTHENTICATION: 'DIGEST',
    PROXY: { http: through, https: through },
    TIMEOUT: '(5,20)',
    CLIENT_CERTIFICATE_FILE: certificate,
    SERVER_CERTIFICATE: fixture('authority.pem'),
  });
  assert.equal(
    bodyOf(gateway.requests.at(-1)!),
    '{"to":["+491701234567"],"from":"123456789","body":"Your OTP is: 372873"}',
  );
  assert.ok(proxy.requests.length > 0 && proxy.requests.every((one) => one === `127.0.0.1:${gateway.port}`));
});

test('SMPPSMSProvider', async (t) => {
  const smsc = await fakeSmsc(t);
  await send(t, 'SMPPSMSProvider', {
    ...{ server: '127.0.0.1', port: String(smsc.port), system_id: 'login-name', system_type: '', password: 'password' },
    ...{ source_addr: 'displayed-source-address', source_addr_npi: '0', source_addr_ton: '5' },
  });
  const octets = (one: string) => Buffer.from(one).toString('hex');
  assert.deepEqual(smsc.bodies('00000009'), [`${octets('login-name\0password\0\0')}34000000`]);
  const addresses = `000500${octets('displayed-source-address\0')}0101${octets('+491701234567\0')}`;
  assert.deepEqual(smsc.bodies('00000004'), [`${addresses}00000000000000030006${octets('372873')}`]);
});

test('DeviceSMSProvider', async (t) => {
  const CONFIGFILE = join(folderFor(t, 'gnokii'), 'gnokiirc');
  writeFileSync(CONFIGFILE, '[global]\nmodel = AT\nport = /dev/ttyACM1\nconnection = serial\n');
  await send(t, 'DeviceSMSProvider', { CONFIGFILE });
  const [{ file, args, stdin } = {} as ProgramRun] = runs;
  assert.deepEqual(
    [file, args, String(stdin)],
    ['gnokii', ['--config', CONFIGFILE, '--sendsms', MESSAGE.number], '372873'],
  );
});

test('the examples of docs/sms.md', async (t) => {
  const gateway = await fakeGateway(t, () => ok('ID: 7'));
  const smsc = await fakeSmsc(t);
  const mails: string[] = [];
  const mail = await mailServer(t, mails);
  const folder = folderFor(t, 'sms');
  const [CONFIGFILE, file] = [join(folder, 'gnokiirc'), join(folder, 'sms.txt')];
  writeFileSync(CONFIGFILE, '[global]\n');
  const here: Readonly<Record<string, SmsConfig>> = {
    HttpSMSProvider: { URL: `http://127.0.0.1:${gateway.port}/send` },
    RestSMSProvider: { URL: `http://127.0.0.1:${gateway.port}/batches` },
    SmtpSMSProvider: { mailserver: `127.0.0.1:${mail}`, SERVER_CERTIFICATE: fixture('authority.pem') },
    SMPPSMSProvider: { server: '127.0.0.1', port: smsc.port },
    DeviceSMSProvider: { CONFIGFILE },
    FileSMSProvider: { file: 'sms.txt', here: folder },
  };
  const document = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'sms.md'), 'utf8');
  const examples = [...document.matchAll(/^## (\w+SMSProvider)\n+```json\n([\s\S]*?)```/gm)];
  assert.deepEqual(
    examples.map(([, name]) => name),
    Object.keys(here),
  );
  runs.length = 0;
  for (const [, name, example] of examples) await send(t, name!, { ...JSON.parse(example!), ...here[name!] });
  assert.match(headOf(gateway.requests[0]!)[0]!, /^GET \/send\?to=%2B491701234567&text=372873&account=me&password=/);
  assert.equal(
    bodyOf(gateway.requests[1]!),
    '{"to":["+491701234567"],"from":"123456789","body":"Your code is 372873"}',
  );
  assert.match(mails[0]!, /^Subject: \+491701234567\r\n[\s\S]*\r\n\r\nYour code is 372873\r\n$/m);
  assert.equal(smsc.bodies('00000004').length, 1);
  assert.deepEqual(
    runs.map(({ args, stdin }) => [args.at(-1), String(stdin)]),
    [[MESSAGE.number, MESSAGE.text]],
  );
  assert.equal(readFileSync(file, 'utf8'), '+491701234567:372873');
});

async function mailServer(t: TestContext, mails: string[]): Promise<number> {
  const server = new SMTPServer({
    disableReverseLookup: true,
    cert: pem('gate.pem'),
    key: pem('gate.key'),
    onAuth: (_login, _session, done) => done(null, { user: 'otp' }),
    onData(stream, _session, done) {
      text(stream).then((mail) => {
        mails.push(mail);
        done();
      }, done);
    },
  });
  server.on('error', () => {});
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  t.after(() => new Promise<void>((closed) => server.close(closed)));
  return (server.server.address() as AddressInfo).port;
}
