/**
 * No secret, PIN, code or gateway password stands in anything that is written: a server at log level debug runs through enrolment, logins,
 * refusals and faults with secrets that are known here, and then its log, its data directory, the files of its database, its replies, its
 * metrics and what its commands printed are searched for all of them, in whatever form.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { hotp } from '../src/core/tokens/hotp.ts';
import { fakeGateway, listening, ok } from '../src/sms/lab.ts';
import { bytesOf, leaksIn, type Secret } from './leaks.ts';
import { otpSite } from './otp-lab.ts';
import { folderFor } from './peers/children.ts';

const PINS = { sms: 'Pin-Ä&+%"\'7', device: 'pin of the device', fresh: 'a fresh pin=1', wrong: 'quite-a-wrong-pin' };
const PASSWORDS = { http: 'gate-http-Paß/wort', rest: 'gate-rest-password', bearer: 'bearer-of-the-gateway' };
const MORE = {
  proxy: 'proxy-password-x',
  smtp: 'mail-password-yz',
  smpp: 'smpp-pw9',
  ldap: 'bind-dn-password',
  sql: 'table-password',
};
const SEEDS = { sms: 'the seed of messages', device: 'the seed of a device' };
const NUMBER = '+491709876543';
const USER_PASSWORD = 'password of hans';
const CLIENT = '192.0.2.7';
const PAGE = 4096;
const EMPTY_PAGE = Buffer.alloc(PAGE);

const codesOf = (seed: string) =>
  Array.from({ length: 25 }, (_, counter) => hotp(Buffer.from(seed), counter, 8, 'sha1'));
const hexOf = (text: string) => Buffer.from(text).toString('hex');

/** A database elsewhere: its address, and the folder of its files once its server has ended. */
export interface OtherDatabase {
  readonly url: string;
  end(): Promise<string>;
}

/** `other`: absent is SQLite, in the data directory. */
export async function nothingWrittenHoldsSecrets(t: TestContext, other?: OtherDatabase): Promise<void> {
  const lab = await otpSite(t, other?.url);
  const { site, server, url, answers, value, admin, check } = lab;
  // The table of tokens has it, and administrators may read it there.
  const number: Secret = { what: 'number', text: NUMBER.slice(1) };
  const secrets: Secret[] = [
    ...Object.entries({ ...PINS, ...PASSWORDS, ...MORE }).map(([what, text]) => ({ what, text })),
    ...Object.entries(SEEDS).flatMap(([what, text]) => [
      { what: `seed: ${what}`, text },
      ...codesOf(text).map((code, counter) => ({ what: `code ${counter}: ${what}`, text: code, digits: true })),
    ]),
    { what: 'password of a user', text: USER_PASSWORD },
    { what: 'password of the administrator', text: 'a password of the tests' },
  ];
  await lab.enrol('hans');
  await setProviders(t, lab);
  await value('/system/setConfig', { SMSBlockingTimeout: '0', DefaultOtpLen: '8' });
  const said = await faults(lab);
  await value('/admin/init', {
    ...{ type: 'sms', user: 'hans', serial: 'SMS1', phone: NUMBER, pin: PINS.sms },
    otpkey: hexOf(SEEDS.sms),
  });
  await value('/admin/init', {
    type: 'hmac',
    user: 'hans',
    serial: 'DEV1',
    pin: PINS.device,
    otpkey: hexOf(SEEDS.device),
  });
  await value('/admin/set', { serial: 'DEV1', pin: PINS.fresh });

  const sms = codesOf(SEEDS.sms);
  const device = codesOf(SEEDS.device);
  // What every provider makes of a message: one delivers, the others say no, repeat what they got, or are not there.
  for (const name of ['first', 'rest', 'smtp', 'smpp', 'device', 'echo', 'proxied']) {
    await value('/system/setPolicy', {
      name: 'p',
      scope: 'authentication',
      realm: '*',
      action: `sms_provider=${name}`,
    });
    const reply = await check({ user: 'hans', pass: PINS.sms, client: CLIENT });
    said.push(JSON.stringify(reply));
    await admin('/system/testProvider', { type: 'sms', name, phone: NUMBER, message: `Test ${sms[0]}` });
  }
  await value('/system/setPolicy', { name: 'p', scope: 'authentication', realm: '*', action: 'sms_provider=first' });
  const sent = await check({ user: 'hans', pass: PINS.sms, client: CLIENT });
  const transactionid = String(sent.detail?.transactionid);
  const code = /text=(\d{8})/.exec(lab.gateway.requests.at(-1)!)![1]!;
  assert.ok(sms.includes(code));
  const isRight = async (fields: Record<string, string>, path?: string) =>
    (await check({ user: 'hans', client: CLIENT, ...fields }, path)).result.value;
  assert.equal(await isRight({ pass: `${PINS.wrong}${code}` }), false);
  assert.equal(await isRight({ pass: code, transactionid }), true);
  assert.equal(await isRight({ pass: code, transactionid }), false);
  assert.equal(await isRight({ pass: `${PINS.fresh}${device[0]}` }), true);
  assert.equal(await isRight({ pass: `${PINS.fresh}${device[0]}` }), false);
  assert.equal(await isRight({ pass: `${PINS.fresh}${device[1]}`, realm: 'nowhere' }), false);
  // In the address, as old plug-ins do.
  const query = new URLSearchParams({ user: 'hans', pass: `${PINS.fresh}${device[2]}`, client: CLIENT });
  for (const path of ['check', 'simplecheck', 'samlcheck', 'check_s', 'smspin', 'nothing', 'check_status'])
    said.push(await textOf(`${url}/validate/${path}?${query}`));
  assert.equal(await value('/admin/resync', { serial: 'DEV1', otp1: device[7]!, otp2: device[8]! }), true);
  assert.equal(await value('/admin/resync', { serial: 'DEV1', otp1: device[9]!, otp2: device[1]! }), false);
  await value('/system/setPolicy', { name: 'q', scope: 'authentication', realm: '*', action: 'otppin=1' });
  assert.equal(await isRight({ pass: `${USER_PASSWORD}${device[10]}` }), true);

  const command = async (...args: string[]) => {
    const { stdout, stderr } = await site.runAside(...args);
    said.push(stdout, stderr);
  };
  await command('token', 'set', 'DEV1', '--pin', PINS.device);
  await Promise.all([command('sms', 'log', '--json'), command('sms', 'show', 'proxied')]);
  for (const path of [
    '/system/getProvider?type=sms',
    '/system/getResolvers',
    '/system/getConfig',
    '/admin/show',
    '/audit/search?rp=500',
  ])
    said.push(await textOf(url + path, { authorization: `Basic ${btoa('admin:a password of the tests')}` }));
  const metrics = await textOf(`${url}/metrics`);
  assert.match(metrics, /^gatehouse_sms_tries_total\{/m);
  assert.equal(await server.stop(), 0);

  const files = filesIn(site.folder);
  const tables = other === undefined ? files.filter((path) => path.endsWith('.db')) : filesIn(await other.end());
  assert.ok(files.some((path) => path.includes('audit')));
  const written = [
    ...new Set([...files, ...tables]).values().map((path) => [path, usedPagesOf(path)] as const),
    ['the log', bytesOf(server.output())],
    ['the metrics', bytesOf(metrics)],
    ...[...answers, ...said].map((text) => [`what was said: ${text.slice(0, 200)}`, bytesOf(text)] as const),
  ] as const;
  // The search finds what is there: in what reached the gateway.
  const atGateway = leaksIn(bytesOf(lab.gateway.requests.join('\n')), [...secrets, number]);
  for (const what of [`code ${sms.indexOf(code)}: sms (clear)`, 'number (clear)'])
    assert.ok(atGateway.includes(what), what);
  assert.ok(tables.some((path) => leaksIn(usedPagesOf(path), [number]).includes('number (clear)')));
  for (const [where, text] of written) {
    const isTrail = where === 'the log' || where.includes('audit');
    assert.deepEqual(leaksIn(text, isTrail ? [...secrets, number] : secrets), [], where);
  }
}

/** Without MariaDB's tables about itself. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => !/^(?:mysql|sys|performance_schema)\//.test(name))
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

/** Without pages that are empty: a log of a database is a hundred megabytes of them. */
function usedPagesOf(path: string): string {
  const all = readFileSync(path);
  const pages = Array.from({ length: Math.ceil(all.length / PAGE) }, (_, i) => all.subarray(i * PAGE, (i + 1) * PAGE));
  return bytesOf(Buffer.concat(pages.filter((page) => !page.equals(EMPTY_PAGE.subarray(0, page.length)))));
}

/** One provider of each class with its passwords: gateways that refuse, that tell all that they were told, or that are not there. */
async function setProviders(t: TestContext, { value, gateway }: Awaited<ReturnType<typeof otpSite>>): Promise<void> {
  const echo = await fakeGateway(t, (request) => ok(`no: ${request.split('\r\n').toReversed().join(' ')}`));
  const refusing = await fakeGateway(t, (request) => ok(JSON.stringify({ error: request }), '403 No'));
  const mail = await listening(
    t,
    createServer((socket) => {
      socket.on('error', () => {});
      socket.write('220 mail\r\n');
      // Repeats what it is told.
      socket.setEncoding('latin1').on('data', (text: string) => {
        if (text.startsWith('EHLO')) socket.write('250-mail\r\n250 AUTH PLAIN LOGIN\r\n');
        else socket.end(`535 you said ${text.trim().replaceAll(/\s+/g, ' ')}\r\n`);
      });
    }),
  );
  const folder = folderFor(t, 'gnokii');
  writeFileSync(join(folder, 'gnokiirc'), '[global]\n');
  const keys = { SMS_TEXT_KEY: 'text', SMS_PHONENUMBER_KEY: 'to' };
  const http = { ...keys, RETURN_SUCCESS: 'ID' };
  const set = (name: string, kind: string, config: object) =>
    value('/system/setProvider', { name, type: 'sms', class: kind, timeout: '', config: JSON.stringify(config) });
  await set('first', 'HttpSMSProvider', {
    ...http,
    URL: `http://127.0.0.1:${gateway.port}/send`,
    PARAMETER: { user: 'me', password: PASSWORDS.http },
    USERNAME: 'me',
    PASSWORD: PASSWORDS.http,
  });
  await set('echo', 'HttpSMSProvider', {
    ...http,
    URL: `http://me:${encodeURIComponent(PASSWORDS.http)}@127.0.0.1:${echo.port}/send`,
    HEADERS: { 'X-Api-Key': PASSWORDS.bearer },
    HTTP_Method: 'GET',
  });
  await set('proxied', 'HttpSMSProvider', {
    ...http,
    URL: 'http://192.0.2.1/send',
    PROXY: `http://me:${MORE.proxy}@127.0.0.1:${echo.port}`,
  });
  await set('rest', 'RestSMSProvider', {
    URL: `http://127.0.0.1:${refusing.port}/send`,
    PAYLOAD: { to: '<phone>', text: '<message>', key: PASSWORDS.bearer },
    ...keys,
    USERNAME: 'me',
    PASSWORD: PASSWORDS.rest,
    HEADERS: { 'X-Api-Key': PASSWORDS.bearer },
  });
  await set('smtp', 'SmtpSMSProvider', {
    mailserver: '127.0.0.1',
    mailserver_port: mail,
    mailsender: 'otp@house.example',
    mailto: 'gateway@sms.example',
    mailuser: 'me',
    mailpassword: MORE.smtp,
  });
  await set('smpp', 'SMPPSMSProvider', {
    server: '127.0.0.1',
    port: mail,
    system_id: 'me',
    password: MORE.smpp,
    source_addr: '4711',
    TIMEOUT: 2,
  });
  await set('device', 'DeviceSMSProvider', { CONFIGFILE: join(folder, 'gnokiirc'), TIMEOUT: 5 });
}

/** Calls that are refused with a secret in them: what was answered. */
async function faults({ url, admin, post }: Awaited<ReturnType<typeof otpSite>>): Promise<string[]> {
  const said: string[] = [];
  const refused = async (path: string, fields: Record<string, string>) => {
    const { result } = await admin(path, fields);
    assert.equal(result.status, false, `${path}: ${JSON.stringify(result)}`);
  };
  const provider = { type: 'sms', timeout: '' };
  const odd = [
    `{'URL': 'http://h/', 'PASSWORD': '${PASSWORDS.http}'}`,
    JSON.stringify({ URL: 'http://h/', PASSWORT: PASSWORDS.http, RETURN_SUCCESS: 'x' }),
    JSON.stringify({ URL: `ftp://me:${MORE.proxy}@h/`, RETURN_SUCCESS: 'x' }),
    JSON.stringify({ URL: 'http://h/', PASSWORD: [PASSWORDS.http], RETURN_SUCCESS: 'x' }),
    JSON.stringify({ URL: 'http://h/', PROXY: `gopher://me:${MORE.proxy}@h`, RETURN_SUCCESS: 'x' }),
  ];
  for (const config of odd)
    await refused('/system/setProvider', { ...provider, name: 'odd', class: 'HttpSMSProvider', config });
  const token = { type: 'hmac', user: 'hans' };
  await refused('/admin/init', { ...token, otpkey: SEEDS.device });
  await refused('/admin/init', { ...token, otpkey: hexOf(SEEDS.device), pin: `${PINS.device}\u0007` });
  await refused('/admin/init', { ...token, otpkey: hexOf(SEEDS.device), hashlib: 'md5', pin: PINS.device });
  await refused('/admin/set', { serial: 'none', pin: PINS.device });
  const ldap = { LDAPURI: 'ldap://127.0.0.1:9', LDAPBASE: 'dc=x', BINDDN: 'cn=x', BINDPW: MORE.ldap };
  await refused('/system/setResolver', { name: 'people', type: 'ldapresolver', ...ldap, TIMEOUT: MORE.ldap });
  const users = { ...ldap, LOGINNAMEATTRIBUTE: 'uid', LDAPSEARCHFILTER: '(uid=*)', LDAPFILTER: '(uid=%s)' };
  const made = await admin('/system/setResolver', {
    name: 'people',
    type: 'ldapresolver',
    ...users,
    USERINFO: '{"username": "uid"}',
  });
  said.push(JSON.stringify(made));
  await admin('/system/setResolver', { name: 'table', type: 'sqlresolver', Password: MORE.sql, Server: '127.0.0.1' });
  await admin('/admin/login', { username: 'admin', password: `${USER_PASSWORD}` }).catch((error) =>
    said.push(String(error)),
  );
  for (const [path, text] of [
    ['/admin/init', `${PINS.sms}`],
    ['/validate/check', `user=hans&pass=%zz${PINS.wrong}`],
  ])
    said.push(await textOf(url + path, {}, text));
  const reply = await post('/admin/show', {}, { authorization: `Basic ${btoa(`admin:${MORE.ldap}`)}` }).catch(String);
  said.push(reply);
  return said;
}

async function textOf(url: string, headers: Record<string, string> = {}, body?: string): Promise<string> {
  const reply = await fetch(url, {
    headers: { connection: 'close', ...headers },
    ...(body === undefined ? {} : { method: 'POST', body }),
  });
  return `${[...reply.headers].join('\n')}\n${await reply.text()}`;
}
