/**
 * One server with all doors, and who comes to each: a telephone, clients of a Wi-Fi, network equipment, a caller on a telephone line, and
 * the gateway that their codes are sent through. The test has to stand in a network of its own (own-network.ts).
 */
import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { connectControl, controlSocketOf } from '../../src/core/control/client.ts';
import { startExchange } from '../../src/doors/dial/exchange/exchange.ts';
import { openSerialLine } from '../../src/doors/dial/line/serial.ts';
import { type Attribute, numberAttribute } from '../../src/platform/radius/attributes.ts';
import { makePapRequest, makeRequest, text } from '../../src/platform/radius/lab.ts';
import { ATTRIBUTE, CODE } from '../../src/platform/radius/numbers.ts';
import { Packet, readPacket } from '../../src/platform/radius/packet.ts';
import { fakeGateway, ok } from '../../src/sms/lab.ts';
import { answer, final, header, register, reply, request, sipClient, statusOf } from '../sip-client.ts';
import { folderFor } from './children.ts';
import { type Instance, makeSite, type Site } from './gatehouse.ts';
import { startNas } from './nas.ts';
import { type LabClient, startLab } from './portal-lab.ts';
import { field, logIn, PORTAL } from './portal-steps.ts';
import { freePort } from './ports.ts';

const SECRET = 'a secret of the tests';
/** As good as any in the example script; the port is not the default one. */
const DOMAIN = '127.0.0.1';
const DEADLINE_MS = 60_000;
/** A second of modems and exchange. */
const SECOND_MS = 100;

export type AllDoors = Awaited<ReturnType<typeof startAllDoors>>;

/** Users have the password `password of NAME`. */
export async function startAllDoors(t: TestContext, users: readonly string[]) {
  const net = await startLab(t, process.pid);
  const folder = folderFor(t, 'all-doors');
  mkdirSync(join(folder, 'lock'));
  const exchange = await startExchange({ directory: join(folder, 'lines'), lines: 2, secondMs: SECOND_MS });
  t.after(() => exchange.close());
  const [far, house] = exchange.lines.map(({ path }) => path) as [string, string];
  const gateway = await fakeGateway(t, () => ok('ID: 7'));
  const nas = await startNas(t, SECRET);
  const [access, accounting] = [await freePort(), await freePort()];
  const hook = programIn(folder);
  const yaml = [
    '  call_back: { telephones: any, pause: 0, ports: 45000-45999 }',
    `portal: { interface: br-lan, login: password, ndsctl_socket: ${folder}/ndsctl.sock }`,
    'dial:',
    `  lock_directory: ${folder}/lock`,
    `  lines: [{ name: front, device: ${house}, flow_control: none }]`,
    '  call_back: { wait: 2, random: 0, retry: 1 }',
    'radius:',
    `  listen: ["127.0.0.1:${access}"]`,
    `  accounting: ["127.0.0.1:${accounting}"]`,
    `  clients: [{ name: switch, address: 127.0.0.1, secret: ${SECRET}, disconnect_port: ${nas.port} }]`,
    `hooks: [{ name: house, program: ${hook.file}, doors: [portal], tell: false, timeout_seconds: 3, again_seconds: 0 }]`,
  ];
  const site = await makeSite(t, { domains: [`${DOMAIN}:5060`], yaml: yaml.join('\n') });
  const server = await site.start();
  const administration = (await connectControl(controlSocketOf(site.folder)))!;
  for (const login of users) await administration.addUser({ login, password: `password of ${login}` });
  const url = `http://127.0.0.1:${gateway.port}/send`;
  const config = { URL: url, SMS_TEXT_KEY: 'text', RETURN_SUCCESS: 'ID' };
  await administration.setSmsProvider({
    name: 'gateway',
    class: 'HttpSMSProvider',
    config,
    timeout: null,
    isDefault: true,
  });

  return {
    site,
    server,
    /** What a command says that has to succeed. */
    async run(...words: string[]): Promise<string> {
      const done = await site.runAside(...words);
      assert.equal(done.status, 0, `${words.join(' ')}: ${done.stdout}${done.stderr}${server.output()}`);
      return done.stdout;
    },
    administration,
    /** Adds or changes a rule for all places and times. */
    rule: (name: string, scope: string, user: string, action: string) =>
      administration.setPolicies([{ name, scope, user, action, realm: '', client: '', time: '', active: true }]),
    nas,
    hook,
    wifi: (number: number) => net.client(number),
    phone: () => phone(t, site),
    equipment: () => equipment(t, access, accounting),
    caller: () => caller(t, far, server),
    /** Of the text that went out last. */
    lastCode(): string {
      const code = /text=\D*(\d{6})/.exec(gateway.requests.at(-1) ?? '')?.[1];
      assert.ok(code, `no code in ${gateway.requests.at(-1)}`);
      return code;
    },
  };
}

/** A hook that does what it was told last; at first it admits. */
function programIn(folder: string) {
  const file = join(folder, 'hook');
  const say = (script: string) => writeFileSync(join(folder, 'mode'), `${script}\n`);
  say('exit 0');
  writeFileSync(file, `#!/bin/sh\n. ${folder}/mode\n`);
  chmodSync(file, 0o755);
  return { file, say };
}

async function phone(t: TestContext, site: Site) {
  const client = await sipClient(t, site.sip);
  const at = (user: string) => `sip:${user}@${DOMAIN}`;
  const calls = new Set<string>();
  /** Of this call, else of a new one; responses, and what is repeated on a busy machine, are passed over. */
  const next = async (method: string, call?: string) => {
    for (;;) {
      const message = await client.receive(DEADLINE_MS);
      assert.ok(message, `no ${method} came`);
      const callId = header(message, 'Call-ID')!;
      if (!message.startsWith(`${method} `) || (call === undefined ? calls.has(callId) : call !== callId)) continue;
      calls.add(callId);
      return message;
    }
  };
  return {
    /** The status, 0 when there was no answer in time. */
    async registers(user: string, password = `password of ${user}`, ms = DEADLINE_MS): Promise<number> {
      return statusOf(await register(client, { domain: DOMAIN, user, password }, ms));
    },
    /** From now on it says 200 to whatever is asked of it. */
    async answers(): Promise<void> {
      for (let message = await client.receive(DEADLINE_MS); message; message = await client.receive(DEADLINE_MS))
        client.send(reply(message, 200, 'OK'));
    },
    /** Calls another user, who answers. */
    async calls(from: string, to: string): Promise<void> {
      const options = {
        method: 'INVITE',
        uri: at(to),
        from: at(from),
        to: at(to),
        callId: `${from}-calls`,
        branch: 'z9hG4bK1',
      };
      const contact = `Contact: <sip:${from}@${client.hostPort}>`;
      client.send(request(client, { ...options, headers: [contact] }));
      const challenge = (await final(client, DEADLINE_MS))!;
      assert.equal(statusOf(challenge), 407, challenge);
      client.send(request(client, { ...options, method: 'ACK', to: header(challenge, 'To')! }));
      const headers = [contact, answer(challenge, 'INVITE', options.uri, from, `password of ${from}`)];
      client.send(request(client, { ...options, branch: 'z9hG4bK2', cseq: 2, headers }));
      const answered = await final(client, DEADLINE_MS);
      assert.equal(statusOf(answered), 200, answered);
    },
    async hearsBye(): Promise<void> {
      for (let message = ''; !message.startsWith('BYE '); ) {
        message = (await client.receive(DEADLINE_MS)) ?? '';
        assert.notEqual(message, '', 'no BYE came');
      }
    },
    /** Takes the next call, presses the key, and is there until the server hangs up. */
    async presses(key: string): Promise<void> {
      const invite = await next('INVITE');
      const callId = header(invite, 'Call-ID')!;
      const sdp = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n';
      const own = [`Contact: <sip:desk@${client.hostPort}>`, 'Content-Type: application/sdp'];
      client.send(reply(invite, 200, 'OK', own).replace('Content-Length: 0', `Content-Length: ${sdp.length}`) + sdp);
      await next('ACK', callId);
      const info = {
        method: 'INFO',
        uri: 'sip:gatehouse@127.0.0.1',
        from: at('desk'),
        fromTag: 'b1',
        cseq: 7,
        body: key,
      };
      const to = header(invite, 'From')!.replace(/^[^<]*/, '');
      client.send(request(client, { ...info, to, callId, headers: ['Content-Type: application/dtmf'] }));
      client.send(reply(await next('BYE', callId), 200, 'OK'));
    },
    /** What a MESSAGE to another user comes to: 200 from his telephone, 404 where he is not in. */
    async reaches(from: string, to: string): Promise<number> {
      const options = { method: 'MESSAGE', uri: at(to), from: at(from), to: at(to) };
      client.send(request(client, options));
      const challenge = await final(client, DEADLINE_MS);
      if (statusOf(challenge) !== 407) return statusOf(challenge);
      const callId = header(challenge!, 'Call-ID')!;
      const credentials = answer(challenge!, 'MESSAGE', options.uri, from, `password of ${from}`);
      client.send(request(client, { ...options, callId, cseq: 2, headers: [credentials] }));
      return statusOf(await final(client, DEADLINE_MS));
    },
  };
}

/** Through the page and, where it is asked for, the code. Gives the last page. */
export async function getIn(
  client: LabClient,
  username: string,
  password: string,
  code: () => string | Promise<string> = () => '',
) {
  const said = await logIn(client, { username, password });
  const transaction = /name="transaction" value="(\d+)"/.exec(said.body)?.[1];
  if (transaction === undefined) return said;
  const [tok, redir] = [field(said.body, 'tok'), field(said.body, 'redir')];
  const form = { tok, redir, username, transaction, code: await code() };
  return client.ask({ url: `${PORTAL}/nodogsplash_auth/`, method: 'POST', body: String(new URLSearchParams(form)) });
}

/** A NAS; each session of it bears the name of the card that it is for. */
async function equipment(t: TestContext, access: number, accounting: number) {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.after(async () => void socket.close());
  const secret = Buffer.from(SECRET);
  let identifier = 0;
  const ask = (bytes: Buffer, port: number, ms?: number) => heard(socket, bytes, port, ms);
  return {
    /** Undefined: nothing was said in time. */
    asks(user: string, password: string, station: string, more: readonly Attribute[] = [], ms?: number) {
      const attributes = [text(ATTRIBUTE.callingStationId, station), text(ATTRIBUTE.acctSessionId, station), ...more];
      return ask(makePapRequest(secret, user, password, { identifier: ++identifier & 255, attributes }), access, ms);
    },
    starts(user: string, station: string, accepted: Packet) {
      const known = accepted.first(ATTRIBUTE.class);
      const attributes = [
        text(ATTRIBUTE.userName, user),
        text(ATTRIBUTE.callingStationId, station),
        text(ATTRIBUTE.acctSessionId, station),
        numberAttribute(ATTRIBUTE.acctStatusType, 1),
        ...(known === undefined ? [] : [{ type: ATTRIBUTE.class, value: known }]),
      ];
      return ask(
        makeRequest(secret, { code: CODE.accountingRequest, identifier: ++identifier & 255, attributes }),
        accounting,
      );
    },
  };
}

async function heard(socket: Socket, bytes: Buffer, port: number, ms = DEADLINE_MS): Promise<Packet | undefined> {
  socket.send(bytes, port, '127.0.0.1');
  for (const signal = AbortSignal.timeout(ms); ; ) {
    const [said] = await once(socket, 'message', { signal }).catch(() => []);
    if (said === undefined) return undefined;
    const packet = readPacket(said);
    assert.ok(packet instanceof Packet);
    if (packet.identifier === bytes[1]) return packet;
  }
}

/** A person with a modem and a terminal program. */
async function caller(t: TestContext, device: string, server: Instance) {
  const line = await openSerialLine(device, { speed: 57_600, flowControl: 'none' });
  t.after(() => line.close());
  let said = '';
  line.listen((bytes) => {
    said += bytes.toString('latin1');
  });
  const type = (words: string) => line.write(Buffer.from(`${words}\r`, 'latin1'));
  /** When the text was there. */
  async function expect(what: string): Promise<number> {
    for (const end = Date.now() + DEADLINE_MS; ; await delay(5)) {
      const at = said.indexOf(what);
      if (at >= 0) {
        said = said.slice(at + what.length);
        return Date.now();
      }
      assert.ok(Date.now() < end, `${what} was not said, but ${JSON.stringify(said)}\n${server.output()}`);
    }
  }
  return {
    expect,
    type,
    /** Asks to be called back, is, and logs in; where he is asked by telephone, too, `meanwhile` he says so there. */
    async getsIn(user: string, alias: string, password: string, meanwhile?: () => Promise<void>): Promise<void> {
      type('ATZ');
      await expect('OK');
      type('ATDT1002');
      await expect('login: ');
      type(user);
      await expect('Call back at: ');
      type(alias);
      await expect('NO CARRIER');
      await expect('RING');
      type('ATA');
      await expect('login: ');
      type(user);
      await expect('Password: ');
      type(password);
      if (meanwhile) {
        await expect('press 1');
        await meanwhile();
        type('');
      }
      await expect('> ');
    },
  };
}
