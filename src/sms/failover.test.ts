import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { MESSAGE, smsLab } from '../core/sms/lab.ts';
import type { SmsConfig } from '../core/sms/types.ts';
import { smsClasses } from './classes.ts';
import { fakeGateway, listening, ok, pem } from './lab.ts';

interface Place {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

/** Where the first gateway should be, and what is wrong there. */
const FAULTS: Readonly<Record<string, (t: TestContext) => Promise<Place>>> = {
  'refuses the connection': async () => {
    const gone = createServer().listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const { port } = gone.address() as AddressInfo;
    await new Promise((closed) => gone.close(closed));
    return { host: '127.0.0.1', port, tls: false };
  },
  'resets it': async (t) => {
    const port = await listening(
      t,
      createServer((socket) => socket.resetAndDestroy()),
    );
    return { host: '127.0.0.1', port, tls: false };
  },
  'has no address': async () => ({ host: 'gateway.invalid', port: 2525, tls: false }),
  'shows a certificate that nobody trusts': async (t) => {
    const server = createTlsServer({ cert: pem('stranger.pem'), key: pem('stranger.key') });
    server.on('tlsClientError', () => {});
    return { host: '127.0.0.1', port: await listening(t, server), tls: true };
  },
  'says nothing, ever': async (t) => ({ host: '127.0.0.1', port: await listening(t, createServer()), tls: false }),
};

const CONFIGS: Readonly<Record<string, (place: Place) => SmsConfig>> = {
  HttpSMSProvider: (place) => ({ URL: urlOf(place), RETURN_SUCCESS: 'ID', TIMEOUT: 1 }),
  RestSMSProvider: (place) => ({
    URL: urlOf(place),
    PAYLOAD: {},
    SMS_PHONENUMBER_KEY: 'to',
    SMS_TEXT_KEY: 'text',
    TIMEOUT: 1,
  }),
  SmtpSMSProvider: ({ host, port, tls }) => ({
    mailserver: `${host}:${port}`,
    mailsender: 'otp@house.example',
    mailto: 'gateway@sms.example',
    use_ssl: tls,
    TIMEOUT: 1,
  }),
  SMPPSMSProvider: ({ host, port, tls }) => ({
    server: host,
    port,
    system_id: 'me',
    password: 'geheim',
    source_addr: 'Gatehouse',
    use_tls: tls,
    TIMEOUT: 1,
  }),
};

for (const [kind, configOf] of Object.entries(CONFIGS)) {
  for (const [fault, placeOf] of Object.entries(FAULTS)) {
    test(`a gateway of ${kind} ${fault}: the second one delivers`, async (t) => {
      const good = await fakeGateway(t, () => ok('ID 7'));
      const [first, second] = await Promise.all([
        provider(t, kind, configOf(await placeOf(t))),
        provider(t, 'HttpSMSProvider', { URL: `http://127.0.0.1:${good.port}/`, RETURN_SUCCESS: 'ID', TIMEOUT: 60 }),
      ]);
      const { sender, policy } = await smsLab({ first: (one) => first.send(one), second: (one) => second.send(one) });
      policy('sms_provider=first second');
      assert.equal((await sender.send(MESSAGE)).provider, 'second');
      assert.equal(good.requests.length, 1);
      assert.match(
        sender.health()[0]!.text,
        /^the SMS provider first cannot be reached, and is passed over for \d+ s: /,
      );
    });
  }
}

async function provider(t: TestContext, kind: string, config: SmsConfig) {
  const opened = await smsClasses({ run: () => assert.fail('no program is run') })
    .find(({ name }) => name === kind)!
    .open(config);
  t.after(() => opened.close());
  return opened;
}

function urlOf({ host, port, tls }: Place): string {
  return `${tls ? 'https' : 'http'}://${host}:${port}/`;
}
