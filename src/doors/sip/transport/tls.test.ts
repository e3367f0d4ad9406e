import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect as connectTcp, createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ConnectionOptions, connect, createServer, type TLSSocket } from 'node:tls';
import { silentLog } from '../../../platform/log.ts';
import { Certificates, type TlsOptions } from '../../../platform/tls/certificates.ts';
import type { ConnectionLimits } from './connections.ts';
import { failure, lab, ok, target } from './lab.ts';
import { checkSipIdentity } from './tls.ts';
import type { Listen } from './transport.ts';

const folder = join(import.meta.dirname, '..', '..', '..', '..', 'test', 'fixtures', 'tls');
const file = (name: string) => join(folder, name);
const pem = (name: string) => readFileSync(file(name));
const pair = (name: string) => ({ certificate: file(`${name}.pem`), key: file(`${name}.key`) });
const shown = (name: string) => ({ cert: pem(`${name}.pem`), key: pem(`${name}.key`) });

const tls4: Listen = { protocol: 'tls', address: '127.0.0.1', port: 0 };
const gate: TlsOptions = {
  ...pair('gate'),
  names: [],
  ca: file('authority.pem'),
  clientCertificate: 'none',
  verifyServer: true,
};

function tlsLab(t: TestContext, tls: Partial<TlsOptions> = {}, limits: Partial<ConnectionLimits> = {}) {
  return lab(t, [tls4], limits, { tls: { ...gate, ...tls } });
}

/** A telephone's side; it has shaken hands. */
async function dial(t: TestContext, port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', ca: pem('authority.pem'), ...options });
  t.after(() => socket.destroy());
  await once(socket, 'secureConnect');
  return socket.on('error', () => {});
}

/** Also when it ends with an error. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => void socket.on('close', () => resolve()));
}

/** The names in the certificate that a client is shown. */
async function namesFor(t: TestContext, port: number, servername?: string): Promise<string | undefined> {
  const socket = await dial(t, port, { rejectUnauthorized: false, ...(servername ? { servername } : {}) });
  return socket.getPeerX509Certificate()?.subjectAltName;
}

/** Somebody else's server: keeps what it is sent. */
async function peer(t: TestContext, name: string) {
  const heard: string[] = [];
  const sockets: TLSSocket[] = [];
  const server = createServer(shown(name), (socket) => {
    sockets.push(socket);
    socket
      .on('error', () => {})
      .on('data', (data) => {
        heard.push(data.toString('latin1'));
        socket.write(ok());
      });
  });
  server.on('tlsClientError', () => {});
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { heard, sockets, port: (server.address() as { port: number }).port };
}

test('TLS: a message, the answer over the same connection, a ping', async (t) => {
  const { transport, messages, count, point } = await tlsLab(t);
  assert.equal(point.name, `tls:127.0.0.1:${point.port}`);
  const socket = await dial(t, point.port);
  socket.write(ok('a'));
  await count(1);
  const { source } = messages[0]!;
  assert.equal(messages[0]!.text, ok('a'));
  assert.deepEqual([source.point, source.port], [point, socket.localPort]);
  transport.send('by connection', target('tls', 1, { connection: source.connection }));
  transport.send('by address', target('tls', socket.localPort!));
  socket.write('\r\n\r\n');
  let answer = '';
  while (answer.length < 25) answer += String((await once(socket, 'data'))[0]);
  assert.equal(answer, 'by connectionby address\r\n');
  assert.equal(transport.stats().connections, 1);
});

test('TLS: the certificate is that of the name asked for; TLS 1.1 is not spoken', async (t) => {
  const { point } = await tlsLab(t, { names: [{ name: '*.other.test', ...pair('other') }] });
  assert.match((await namesFor(t, point.port, 'sip.Other.test'))!, /DNS:other\.test/);
  assert.match((await namesFor(t, point.port, 'gate.test'))!, /DNS:gate\.test/);
  assert.match((await namesFor(t, point.port))!, /DNS:gate\.test/);
  await assert.rejects(dial(t, point.port, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1' }));
});

test('TLS: a server must prove the name or the address; what it does not prove, it is not told', async (t) => {
  const { transport, count } = await tlsLab(t);
  const good = await peer(t, 'gate');
  transport.send('one', target('tls', good.port, { name: 'gate.test' }));
  await count(1);
  transport.send('two', target('tls', good.port, { name: 'gate.test' }));
  await count(2);
  assert.equal(good.sockets.length, 1, 'one connection for both');
  transport.send('three', target('tls', good.port));
  await count(3);
  assert.equal(good.sockets.length, 2, 'the address is another name');
  const byUri = await peer(t, 'domain');
  transport.send('four', target('tls', byUri.port, { name: 'domain.test' }));
  await count(4);

  const stranger = await peer(t, 'stranger');
  const cases = [
    [target('tls', good.port, { name: 'other.test' }), 'ERR_TLS_CERT_ALTNAME_INVALID'],
    [target('tls', stranger.port, { name: 'gate.test' }), 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ] as const;
  for (const [to, code] of cases) {
    const failed = failure();
    transport.send('secret', to, failed);
    assert.equal(await failed.code, code);
  }
  assert.deepEqual(good.heard, ['one', 'two', 'three']);
  assert.deepEqual(stranger.heard, []);
});

test('TLS: verifyServer false trusts everybody', async (t) => {
  const { transport, count } = await tlsLab(t, { verifyServer: false });
  const stranger = await peer(t, 'stranger');
  transport.send('x', target('tls', stranger.port, { name: 'whoever.test' }));
  await count(1);
});

test('TLS: certificates of clients, wanted or demanded', async (t) => {
  for (const clientCertificate of ['verify', 'require'] as const) {
    const { count, point } = await tlsLab(t, { clientCertificate });
    const known = await dial(t, point.port, shown('telephone'));
    known.write(ok());
    await count(1);
    const stranger = await dial(t, point.port, shown('stranger'));
    await closed(stranger);
    const nobody = await dial(t, point.port);
    nobody.write(ok());
    if (clientCertificate === 'verify') await count(2);
    else await closed(nobody);
  }
});

test('TLS: new certificates are for new connections; the old ones go on; what does not fit is not taken', async (t) => {
  const here = mkdtempSync(join(tmpdir(), 'tls-'));
  t.after(() => rmSync(here, { recursive: true, force: true }));
  const options = { ...gate, certificate: join(here, 'now.pem'), key: join(here, 'now.key') };
  const put = (name: string, ending: 'pem' | 'key') =>
    copyFileSync(file(`${name}.${ending}`), join(here, `now.${ending}`));
  put('gate', 'pem');
  put('gate', 'key');
  const certificates = new Certificates(options, silentLog);
  t.after(() => certificates.close());
  const server = createServer(certificates.serverOptions(), (socket) => socket.on('error', () => {}).pipe(socket));
  t.after(() => server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  certificates.serves(server);
  const { port } = server.address() as { port: number };
  const old = await dial(t, port);
  put('other', 'pem');
  assert.throws(() => certificates.prepare(options), { code: 'TLS_CERTIFICATE', where: options.key });
  assert.match((await namesFor(t, port))!, /gate\.test/);
  put('other', 'key');
  certificates.prepare(options)();
  assert.match((await namesFor(t, port))!, /other\.test/);
  assert.match((await namesFor(t, port, 'sip.test'))!, /other\.test/);
  old.write('still here');
  assert.equal(String((await once(old, 'data'))[0]), 'still here');
});

test('TLS: garbage, half a handshake and a slow one cost a connection and count as one', async (t) => {
  // Handshakes are timed by the real clock.
  const { point } = await tlsLab(t, {}, { messageMs: 2_000, perPlace: 3, accepted: 3 });
  const bare = () => {
    const socket = connectTcp(point.port, '127.0.0.1').on('error', () => {});
    t.after(() => socket.destroy());
    return socket.resume();
  };
  const garbage = bare();
  garbage.write('OPTIONS sip:a SIP/2.0\r\n\r\n');
  await closed(garbage);
  const silent = bare();
  const half = bare();
  const slow = bare();
  const hello = Buffer.from('16030100ff010000fb0303', 'hex');
  half.write(hello);
  let at = 0;
  const drip = setInterval(() => slow.write(hello.subarray(at, ++at)), 20);
  t.after(() => clearInterval(drip));
  await Promise.all([once(silent, 'connect'), once(half, 'connect'), once(slow, 'connect')]);
  const fourth = bare();
  await closed(fourth);
  assert.equal(silent.destroyed || half.destroyed || slow.destroyed, false, 'only the fourth was turned away');
  await Promise.all([silent, half, slow].map((socket) => closed(socket)));
  await dial(t, point.port);
});

test('TLS: a server that never shakes hands is given up', async (t) => {
  const { transport, pass } = await tlsLab(t);
  const mute = createTcpServer((socket) => void socket.on('error', () => {}).resume());
  t.after(() => mute.close());
  await once(mute.listen(0, '127.0.0.1'), 'listening');
  const reached = once(mute, 'connection');
  const failed = failure();
  transport.send('x', target('tls', (mute.address() as { port: number }).port), failed);
  await reached;
  pass(10_000);
  assert.equal(await failed.code, 'ETIMEDOUT');
});

test('TLS_CERTIFICATE names the file and the cure', async () => {
  const cases: [Partial<TlsOptions>, string, RegExp][] = [
    [{ certificate: file('nowhere.pem') }, file('nowhere.pem'), /no such file/],
    [{ certificate: folder }, folder, /is a directory/],
    [{ certificate: file('gate.key') }, file('gate.key'), /no certificate in PEM form.*/],
    [{ key: file('gate.pem') }, file('gate.pem'), /no private key/],
    [{ key: file('other.key') }, file('other.key'), /does not belong to the certificate in .*gate\.pem/],
    [{ ca: file('make.sh') }, file('make.sh'), /no certificate/],
    [{ names: [{ name: 'a.test', ...pair('nowhere') }] }, file('nowhere.pem'), /no such file/],
  ];
  for (const [wrong, where, message] of cases) {
    assert.throws(
      () => new Certificates({ ...gate, ...wrong }, silentLog),
      (error: Error & { code: string; where: string; hint: string }) => {
        assert.deepEqual([error.code, error.where], ['TLS_CERTIFICATE', where]);
        assert.match(error.message, message);
        assert.ok(error.hint.length > 10);
        return true;
      },
    );
  }
});

test('whom a certificate speaks for', () => {
  const good = (name: string, subjectaltname: string) =>
    checkSipIdentity(name, { subjectaltname, subject: { CN: 'cn.test' } } as never) === undefined;
  assert.ok(good('example.com', 'DNS:a.test, URI:sip:Example.com'));
  assert.ok(good('a.test', 'URI:sip:example.com, DNS:a.test'));
  assert.ok(good('sip.a.test', 'DNS:*.a.test'));
  assert.ok(good('192.0.2.1', 'IP Address:192.0.2.1'));
  assert.equal(good('example.com', 'URI:sip:1000@example.com'), false);
  assert.equal(good('example.com', 'DNS:"x, URI:sip:example.com"'), false);
  assert.equal(good('192.0.2.1', 'DNS:192.0.2.1'), false);
});
