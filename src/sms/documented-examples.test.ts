/** Every example configuration that LinOTP documents sends, its slips corrected: only hosts, ports and paths are those of the test. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { folderFor } from '../../test/peers/children.ts';
import type { SmsConfig } from '../core/sms/types.ts';
import type { ProgramRun } from '../platform/helper/types.ts';
import { smsClasses } from './classes.ts';
import { fakeGateway, fixture, httpProxy, ok, pem } from './lab.ts';
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
  const provider = await classes.find((one) => one.name === name)!.open(config);
  t.after(() => provider.close());
  await provider.send(MESSAGE);
}

const headOf = (request: string) => request.slice(0, request.indexOf('\r\n\r\n')).split('\r\n');
const bodyOf = (request: string) => request.slice(request.indexOf('\r\n\r\n') + 4);

test('HttpSMSProvider: the form, and Clickatell by way of a proxy', async (t) => {
  const gateway = await fakeGateway(t, () => ok('ID: 7'));
  const proxy = await httpProxy(t, 'user:pass');
  const fields = { from: '0170111111', password: 'yoursecret', sender: 'name', account: 'company_ltd' };
  await send(t, 'HttpSMSProvider', {
    URL: `http://127.0.0.1:${gateway.port}/sms_send_api.cgi`,
    PARAMETER: fields,
    SMS_TEXT_KEY: 'text',
    SMS_PHONENUMBER_KEY: 'to',
    HTTP_Method: 'POST',
    RETURN_SUCCESS: 'ID',
  });
  assert.equal(
    bodyOf(gateway.requests[0]!),
    'to=%2B491701234567&text=372873&from=0170111111&password=yoursecret&sender=name&account=company_ltd',
  );
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

test('SMPPSMSProvider', async (t) => {
  const smsc = await fakeSmsc(t);
  await send(t, 'SMPPSMSProvider', {
    ...{ server: '127.0.0.1', port: String(smsc.port), system_id: 'login-name', system_type: '', password: 'password' },
    ...{ source_addr: 'displayed-source-address', source_addr_npi: '0', source_addr_ton: '5' },
  });
  const text = (one: string) => Buffer.from(one).toString('hex');
  assert.deepEqual(smsc.bodies('00000009'), [`${text('login-name\0password\0\0')}34000000`]);
  const addresses = `000500${text('displayed-source-address\0')}0101${text('+491701234567\0')}`;
  assert.deepEqual(smsc.bodies('00000004'), [`${addresses}00000000000000030006${text('372873')}`]);
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
