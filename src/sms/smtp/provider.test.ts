import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import type { SmsConfig } from '../../core/sms/types.ts';
import { fixture, listening, pem } from '../lab.ts';
import { readSmtpConfig, serverOf } from './config.ts';
import { openSmtpProvider } from './provider.ts';

const MESSAGE = { number: '+491701234567', text: '372873' };
const MAIL = { mailsender: 'otp@house.example', mailto: 'gateway@sms.example' };
const TRUST = { SERVER_CERTIFICATE: fixture('authority.pem') };
const PAIR = { cert: pem('gate.pem'), key: pem('gate.key') };
const WITHOUT = { disabledCommands: ['AUTH', 'STARTTLS'] };

interface Got {
  readonly sender: string;
  readonly recipients: readonly string[];
  readonly text: string;
  readonly user: string | undefined;
  readonly secure: boolean;
}

async function mailServer(t: TestContext, options: SMTPServerOptions) {
  const got: Got[] = [];
  const server = new SMTPServer({
    disableReverseLookup: true,
    authOptional: true,
    ...PAIR,
    onAuth({ username, password }, _session, done) {
      if (username === 'me' && password === 'geheim') done(null, { user: username });
      else done(Object.assign(new Error(`no ${password} for ${username}`), { responseCode: 535 }));
    },
    onRcptTo({ address }, _session, done) {
      if (!address.startsWith('reject')) return done();
      done(Object.assign(new Error('5.1.1 no such number'), { responseCode: 550 }));
    },
    onData(stream, session, done) {
      const pieces: Buffer[] = [];
      stream.on('data', (piece: Buffer) => pieces.push(piece));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        got.push({
          sender: mailFrom ? mailFrom.address : '',
          recipients: rcptTo.map(({ address }) => address),
          text: Buffer.concat(pieces).toString('latin1'),
          user: session.user,
          secure: session.secure,
        });
        done(null, '2.0.0 queued as 7');
      });
    },
    ...options,
  });
  server.on('error', () => {});
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  t.after(() => new Promise<void>((closed) => server.close(closed)));
  return { port: (server.server.address() as AddressInfo).port, got };
}

const send = (port: number, config: SmsConfig, message = MESSAGE) =>
  openSmtpProvider({ mailserver: '127.0.0.1', mailserver_port: port, TIMEOUT: 60, ...MAIL, ...config }).send(message);

async function sent(t: TestContext, config: SmsConfig, options: SMTPServerOptions = WITHOUT, message = MESSAGE) {
  const { port, got } = await mailServer(t, options);
  const said = await send(port, config, message);
  return { said, ...got[0]!, count: got.length };
}

const stable = (text: string) =>
  text
    .replace(/^Date: [A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000\r$/m, 'Date: then\r')
    .replace(/^Message-ID: <[0-9a-f-]{36}@/m, 'Message-ID: <id@');

const HEAD = 'From: otp@house.example\r\nTo: gateway@sms.example\r\n';
const DATED = 'Date: then\r\nMessage-ID: <id@house.example>\r\n';

test('plain: the mail of the manual, byte for byte', async (t) => {
  const got = await sent(t, { subject: '<phone>', body: 'Your code: <otp>' });
  assert.deepEqual([got.sender, got.recipients, got.count], ['otp@house.example', ['gateway@sms.example'], 1]);
  assert.equal(stable(got.text), `${HEAD}Subject: +491701234567\r\n${DATED}\r\nYour code: 372873\r\n`);
  assert.equal(got.said, '250 2.0.0 queued as 7');
});

test('subject and body have defaults; both tags stand anywhere, and what they bring is not looked at again', async (t) => {
  const plain = await sent(t, {});
  assert.equal(stable(plain.text), `${HEAD}Subject: [LinOTP]\r\n${DATED}\r\n372873\r\n`);
  const odd = { number: '+49 170', text: '<phone> $& <otp>' };
  const tags = await sent(t, { subject: '<otp>,<phone>', body: '<phone>:<otp>\n.\n' }, WITHOUT, odd);
  assert.equal(
    stable(tags.text),
    `${HEAD}Subject: <phone> $& <otp>,+49 170\r\n${DATED}\r\n+49 170:<phone> $& <otp>\r\n.\r\n`,
  );
});

test('the number in the address, MSISDN and SUPPRESS_PREFIX, and names beside addresses', async (t) => {
  const config = {
    mailsender: 'Gate "3" <otp@example.com>',
    mailto: 'Händy <<phone>@sms.example>',
    MSISDN: 'True',
    SUPPRESS_PREFIX: '+',
  };
  const got = await sent(t, config, WITHOUT, { ...MESSAGE, number: ' +49 170/1234567 ' });
  assert.deepEqual([got.sender, got.recipients], ['otp@example.com', ['491701234567@sms.example']]);
  assert.match(got.text, /^From: "Gate \\"3\\"" <otp@example\.com>\r\nTo: =\?UTF-8\?Q\?H=C3=A4ndy\?= <4917/);
});

test('what is not ASCII: an encoded subject and a MIME body', async (t) => {
  const text = `Ihr Zugang für 5 €: 372873 ${'ä'.repeat(40)}`;
  const got = await sent(t, { subject: 'für <phone>: <otp>', body: '<otp>' }, WITHOUT, { ...MESSAGE, text });
  assert.match(got.text, /^[\r\n -~]*$/);
  assert.ok(got.text.split('\r\n').every((line) => line.length <= 78));
  const [head = '', body = ''] = got.text.split('\r\n\r\n');
  const words = /^Subject: ((?:.*\r\n )*.*)/m.exec(head)![1]!;
  const subject = words
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?UTF-8\?Q\?(.*?)\?=/g, (_all, word: string) => word.replaceAll('_', ' '));
  assert.equal(fromQuoted(subject), `für +491701234567: ${text}`);
  assert.match(
    head,
    /\r\nMIME-Version: 1\.0\r\nContent-Type: text\/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable$/,
  );
  assert.equal(fromQuoted(body), `${text}\r\n`);
});

function fromQuoted(text: string): string {
  const bytes = text.replaceAll('=\r\n', '').replace(/=([0-9A-F]{2})/g, (_all, hex: string) => {
    return String.fromCharCode(Number.parseInt(hex, 16));
  });
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

test('no line is longer than a server must take', async (t) => {
  const text = 'x '.repeat(900);
  const got = await sent(t, { subject: '<otp>' }, WITHOUT, { ...MESSAGE, text });
  assert.ok(got.text.split('\r\n').every((line) => line.length <= 998));
  assert.equal(fromQuoted(got.text.split('\r\n\r\n')[1]!), `${text}\r\n`);
});

test('nothing that comes from outside makes a header or another address', async (t) => {
  const text = 'a\r\nBcc: evil@evil.example\0\r\n\r\nb\rc';
  const got = await sent(t, { subject: 'x <otp>', body: '<otp>' }, WITHOUT, { ...MESSAGE, text });
  assert.equal(
    stable(got.text),
    `${HEAD}Subject: x a Bcc: evil@evil.example b c\r\n${DATED}\r\na\r\nBcc: evil@evil.example\r\n\r\nb\r\nc\r\n`,
  );
  const { port, got: arrived } = await mailServer(t, WITHOUT);
  const mailto = { mailto: 'X <<phone>@gw.example>' };
  for (const number of ['1>\r\nDATA', '1\0', '1 2', 'a@b', 'a@b> <c', '1,2', '"1"', 'ü', '1>']) {
    await assert.rejects(send(port, mailto, { ...MESSAGE, number }), { code: 'SMS_NUMBER' }, JSON.stringify(number));
  }
  assert.equal(arrived.length, 0);
});

test('mailuser: AUTH, in the clear and under STARTTLS; a wrong password is refused and not shown', async (t) => {
  const login = { mailuser: 'me', mailpassword: 'geheim' };
  const clear = await sent(t, login, { disabledCommands: ['STARTTLS'], allowInsecureAuth: true });
  assert.deepEqual([clear.user, clear.secure], ['me', false]);
  const secured = await sent(t, { ...login, start_tls: 'True', ...TRUST }, {});
  assert.deepEqual([secured.user, secured.secure], ['me', true]);
  const { port, got } = await mailServer(t, {});
  const wrong = { ...login, mailpassword: 'falsch', start_tls: true, ...TRUST };
  await assert.rejects(send(port, wrong), {
    code: 'SMS_REFUSED',
    message: `127.0.0.1:${port} said to AUTH PLAIN: 535 no … for me`,
  });
  assert.equal(got.length, 0);
});

test('AUTH that is wanted and not offered: nothing is sent, unless that is allowed', async (t) => {
  const login = { mailuser: 'me', mailpassword: 'geheim' };
  const { port, got } = await mailServer(t, WITHOUT);
  await assert.rejects(send(port, login), { code: 'SMS_REFUSED', message: /offers no AUTH/ });
  assert.equal(got.length, 0);
  await send(port, { ...login, allow_unauthenticated: 'true' });
  assert.equal(got[0]!.user, undefined);
});

test('start_tls: never in the clear', async (t) => {
  const { port, got } = await mailServer(t, WITHOUT);
  await assert.rejects(send(port, { start_tls: 'true', ...TRUST }), {
    code: 'SMS_REFUSED',
    message: /STARTTLS: 5\d\d/,
  });
  const secure = await mailServer(t, {});
  await assert.rejects(send(secure.port, { start_tls: 'true' }), { code: 'SMS_UNREACHABLE', message: /not trusted/ });
  await send(secure.port, { start_tls: 'true', SERVER_CERTIFICATE: 'false' });
  assert.deepEqual([got.length, secure.got.length, secure.got[0]!.secure], [0, 1, true]);
});

test('use_ssl, also as user_ssl: TLS from the first byte, before start_tls', async (t) => {
  for (const config of [{ use_ssl: 'True' }, { user_ssl: 'True', start_tls: 'True' }]) {
    assert.ok((await sent(t, { ...config, ...TRUST }, { secure: true })).secure);
  }
  const { port } = await mailServer(t, { secure: true });
  await assert.rejects(send(port, { use_ssl: true }), { code: 'SMS_UNREACHABLE', message: /not trusted/ });
});

test('certfile and keyfile are shown to a server that demands them', async (t) => {
  const demanding = { ca: pem('authority.pem'), requestCert: true, rejectUnauthorized: true };
  const files = { certfile: fixture('telephone.pem'), keyfile: fixture('telephone.key') };
  for (const [how, options] of [
    [{ use_ssl: 'True' }, { ...demanding, secure: true }],
    [{ start_tls: 'True' }, demanding],
  ] as const) {
    const { port, got } = await mailServer(t, options);
    await assert.rejects(send(port, { ...how, ...TRUST }), { code: 'SMS_UNREACHABLE' });
    await send(port, { ...how, ...TRUST, ...files });
    assert.equal(got.length, 1);
  }
});

test('a recipient that is refused: the words of the server', async (t) => {
  const { port } = await mailServer(t, WITHOUT);
  await assert.rejects(send(port, { mailto: 'reject@x' }), {
    code: 'SMS_REFUSED',
    message: `127.0.0.1:${port} said to RCPT TO: 550 5.1.1 no such number`,
  });
});

/** A server that says what it is told to. */
const talker = (t: TestContext, talk: (socket: Socket) => void) =>
  listening(
    t,
    createServer((socket) => {
      socket.on('error', () => {});
      talk(socket);
    }),
  );

test('a server that hangs or trickles is given up in time', async (t) => {
  const trickle = (socket: Socket) => {
    const timer = setInterval(() => socket.write('220-x\r\n'), 20);
    socket.on('close', () => clearInterval(timer));
  };
  for (const talk of [() => {}, trickle]) {
    const sending = send(await talker(t, talk), { TIMEOUT: '60,0.3' });
    await assert.rejects(sending, { code: 'SMS_UNREACHABLE', message: /did not answer in time/ });
  }
});

test('a server that talks nonsense or hangs up is unreachable; one that says why it will not refuses', async (t) => {
  const talks: readonly [talk: (socket: Socket) => void, why: RegExp][] = [
    [(socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'), /does not speak SMTP: SSH-2\.0/],
    [(socket) => socket.write('\u0000\u0001\u0002\r\n220 x\r\n'), /does not speak SMTP: $/],
    [(socket) => socket.end(), /it hung up/],
    [(socket) => socket.resetAndDestroy(), /./],
  ];
  for (const [talk, why] of talks)
    await assert.rejects(send(await talker(t, talk), {}), { code: 'SMS_UNREACHABLE', message: why });
  const full = await talker(t, (socket) => socket.write('421 4.3.2 busy\r\n'));
  await assert.rejects(send(full, {}), { code: 'SMS_REFUSED', message: /said: 421 4\.3\.2 busy$/ });
});

test('a gigabyte is not read, in lines, without lines, as empty lines, under TLS', async (t) => {
  const pieces = ['220-x\r\n', 'x', '\r\n', '250 x\r\n'].map((piece) => Buffer.from(piece.repeat(65_536)));
  for (const piece of pieces) {
    const flood = (socket: Socket) => {
      const more = () => {
        while (!socket.destroyed && socket.write(piece));
      };
      socket.on('error', () => {});
      socket.on('drain', more);
      more();
    };
    const secure = createTlsServer(PAIR, flood);
    secure.on('tlsClientError', () => {});
    for (const [port, config] of [
      [await talker(t, flood), {}],
      [await listening(t, secure), { use_ssl: true, ...TRUST }],
    ] as const)
      await assert.rejects(send(port, config), { code: 'SMS_UNREACHABLE' });
  }
});

test('a server that is not there: unreachable, or with raise_exception false the end of it', async () => {
  const gone = createServer().listen(0, '127.0.0.1');
  await once(gone, 'listening');
  const { port } = gone.address() as AddressInfo;
  await new Promise((closed) => gone.close(closed));
  await assert.rejects(send(port, {}), { code: 'SMS_UNREACHABLE', message: /ECONNREFUSED/ });
  await assert.rejects(send(port, { raise_exception: 'False' }), { code: 'SMS_REFUSED', message: /ECONNREFUSED/ });
  await assert.rejects(send(port, { mailserver: 'no-such-host.invalid', TIMEOUT: 5 }), { code: 'SMS_UNREACHABLE' });
});

/** A server of few words, with an answer for each command; none for what is not there. */
const simple = (t: TestContext, answers: Readonly<Record<string, string>>) =>
  talker(t, (socket) => {
    const all: Record<string, string> = {
      EHLO: '250 x',
      HELO: '250 x',
      MAIL: '250 ok',
      RCPT: '250 ok',
      DATA: '354 go',
    };
    socket.write('220 x\r\n');
    socket.setEncoding('latin1').on('data', (data: string) => {
      const answer = { ...all, From: '250 taken', ...answers }[data.slice(0, 4)];
      if (answer) socket.write(`${answer}\r\n`);
    });
  });

test('a server that never answers QUIT has taken the message', async (t) => {
  assert.equal(await send(await simple(t, {}), {}), '250 taken');
});

test('a server that knows only HELO is sent no password', async (t) => {
  const port = await simple(t, { EHLO: '502 no', AUTH: '235 you gave me a password', QUIT: '221 x' });
  const login = { mailuser: 'me', mailpassword: 'geheim' };
  await assert.rejects(send(port, login), { code: 'SMS_REFUSED', message: /offers no AUTH/ });
  assert.equal(await send(port, { ...login, allow_unauthenticated: true }), '250 taken');
});

test('the configurations of the manual, its slips corrected, all send', async (t) => {
  const manual = {
    mailserver: '127.0.0.1',
    mailsender: 'otp@house.example',
    mailuser: 'me',
    mailpassword: 'geheim',
    mailto: 'gateway@sms.example',
    subject: '<phone>',
    body: 'Your code: <otp>',
    TIMEOUT: 60,
  };
  const files = { certfile: fixture('telephone.pem'), keyfile: fixture('telephone.key') };
  for (const [config, options] of [
    [{}, { allowInsecureAuth: true }],
    [{ start_tls: 'True', ...files, ...TRUST }, {}],
    [{ user_ssl: 'True', ...TRUST }, { secure: true }],
    [{ use_ssl: 'True', ...files, ...TRUST }, { secure: true }],
  ] as const) {
    const { port, got } = await mailServer(t, options);
    await openSmtpProvider({ ...manual, ...config, mailserver_port: String(port) }).send(MESSAGE);
    await openSmtpProvider({ ...manual, ...config, mailserver: `127.0.0.1:${port}`, mailserver_port: '' }).send(
      MESSAGE,
    );
    assert.deepEqual(
      got.map(({ user, text }) => [user, /^Subject: (.*)\r$/m.exec(text)?.[1], text.split('\r\n\r\n')[1]]),
      Array(2).fill(['me', '+491701234567', 'Your code: 372873\r\n']),
    );
  }
});

const SERVERS: readonly [config: SmsConfig, host: string, port: number][] = [
  [{}, 'mail.example', 25],
  [{ start_tls: 'TRUE' }, 'mail.example', 587],
  [{ start_tls: 'true', use_ssl: 'true' }, 'mail.example', 465],
  [{ user_ssl: true, mailserver_port: 4465 }, 'mail.example', 4465],
  [{ mailserver: 'mail.example:2525' }, 'mail.example', 2525],
  [{ mailserver: 'mail.example:2525', mailserver_port: '26' }, 'mail.example', 26],
  [{ mailserver: '[::1]:2525' }, '::1', 2525],
  [{ mailserver: '::1' }, '::1', 25],
];

for (const [config, host, port] of SERVERS) {
  test(`${JSON.stringify(config)} means ${host}, port ${port}`, () => {
    const server = serverOf(readSmtpConfig({ mailserver: 'mail.example', ...MAIL, ...config }));
    assert.deepEqual([server.host, server.port], [host, port]);
  });
}

const FAULTS: readonly [config: SmsConfig, key: string, why: RegExp][] = [
  [{ mailserver: undefined }, 'mailserver', /missing/],
  [{ mailserver: 'smtp://h' }, 'mailserver', /no name of a server/],
  [{ mailserver: 'h\r\nx' }, 'mailserver', /one line/],
  [{ mailsender: undefined }, 'mailsender', /missing/],
  [{ mailsender: 'a@b\r\nBcc: c@d' }, 'mailsender', /one line/],
  [{ mailsender: 'a b@c' }, 'mailsender', /no mail address/],
  [{ mailsender: 'ä@b' }, 'mailsender', /no mail address/],
  [{ mailto: 'a@b> <c@d' }, 'mailto', /no mail address/],
  [{ mailto: 'a@b\0' }, 'mailto', /one line/],
  [{ subject: 'a\nb' }, 'subject', /one line/],
  [{ mailserver_port: 'smtp' }, 'mailserver_port', /write a port/],
  [{ mailserver_port: 65_536 }, 'mailserver_port', /write a port/],
  [{ start_tls: 'yes' }, 'start_tls', /"True" or "False"/],
  [{ mailuser: 'me' }, 'mailpassword', /missing/],
  [{ certfile: fixture('telephone.pem') }, 'certfile', /never shown/],
  [{ start_tls: true, certfile: '/nowhere.pem' }, 'certfile', /cannot be read/],
  [{ start_tls: true, keyfile: fixture('telephone.key') }, 'certfile', /keyfile without it/],
  [{ start_tls: true, certfile: fixture('telephone.pem') }, 'keyfile', /does not go with/],
  [{ start_tls: true, certfile: fixture('telephone.pem'), keyfile: fixture('gate.key') }, 'keyfile', /does not go/],
  [{ SERVER_CERTIFICATE: '/nowhere' }, 'SERVER_CERTIFICATE', /cannot be read/],
  [{ TIMEOUT: 'soon' }, 'TIMEOUT', /write seconds/],
  [{ mailServer: 'h' }, 'mailServer', /no such key/],
];

for (const [change, key, message] of FAULTS) {
  test(`a configuration with ${JSON.stringify(change)} is refused at ${key}`, () => {
    const all = Object.entries({ mailserver: 'h', ...MAIL, ...change });
    const config = Object.fromEntries(all.filter(([, value]) => value !== undefined));
    assert.throws(() => openSmtpProvider(config), { code: 'SMS_CONFIG', where: key, message });
  });
}
