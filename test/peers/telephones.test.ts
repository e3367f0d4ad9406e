/**
 * The story of the quick-start chapter with real telephones: two users are added, their telephones register and call each other;
 * a third guesses a password and is slowed down, while the honest ones behind the same address go on.
 */
// peers: baresip mariadb
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { answer, final, register, request, type SipClient, sipClient, statusOf } from '../sip-client.ts';
import { startPhone } from './baresip.ts';
import { makeSite, type Site } from './gatehouse.ts';
import { startMariadb } from './mariadb.ts';
import { freePort } from './ports.ts';

const domain = '127.0.0.1';
/** The domain's default port is not the test's: `127.0.0.1` is served here, `127.0.0.1:PORT` may be a telephone. */
const domains = [`${domain}:5060`];

test('our own example on SQLite', async (t) => {
  await story(t, await makeSite(t, { domains }));
});

test('the quick-start listing on MariaDB', async (t) => {
  await storyOnMariadb(t, join(import.meta.dirname, '..', 'fixtures', 'ser', 'quickstart.cfg'));
});

const reference = join(process.env.GATEHOUSE_SEEDS ?? '/nowhere', 'reference', 'ser.cfg');
if (existsSync(reference)) {
  test('the reference ser.cfg on MariaDB, unmodified but for its listen line and database', async (t) => {
    await storyOnMariadb(t, reference);
  });
}

test('a call over TCP', async (t) => {
  const site = await makeSite(t, { domains });
  await callOver(t, site, 'tcp', site.sip);
});

test('a call over TLS', async (t) => {
  const port = await freePort();
  const files = join(import.meta.dirname, '..', 'fixtures', 'tls');
  const yaml = `  tls: { certificate: ${files}/gate.pem, key: ${files}/gate.key, ca: ${files}/authority.pem, port: ${port} }`;
  await callOver(t, await makeSite(t, { domains, yaml }), 'tls', `127.0.0.1:${port}`);
});

async function callOver(t: TestContext, site: Site, transport: 'tcp' | 'tls', server: string): Promise<void> {
  for (const user of ['1000', '1001'])
    assert.equal(site.serctl('add', `${user}@${domain}`, 'secret', 'a@b.example').status, 0);
  await site.start();
  const common = { domain, server, password: 'secret', transport };
  const called = await startPhone(t, { ...common, user: '1001', answers: true });
  const caller = await startPhone(t, { ...common, user: '1000' });
  for (const phone of [called, caller])
    assert.match((await phone.next('REGISTERED', 'REGISTER_FAILED')).detail, /^200/);
  for (const whoEnds of [called, caller]) {
    await caller.dial(`sip:1001@${domain}`);
    await Promise.all([caller.next('CALL_ESTABLISHED'), called.next('CALL_ESTABLISHED')]);
    await whoEnds.hangUp();
    await Promise.all([caller.next('CALL_CLOSED'), called.next('CALL_CLOSED')]);
  }
}

async function storyOnMariadb(t: TestContext, listing: string): Promise<void> {
  const database = await startMariadb(t);
  const folder = mkdtempSync(join(tmpdir(), 'ser-cfg-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const site = await makeSite(t, { script: join(folder, 'ser.cfg'), domains });
  const text = readFileSync(listing, 'utf8')
    .replace(/^listen=.*$/m, `listen=${domain}`)
    .replace(/^port=.*$/m, `port=${site.sipPort}`)
    .replaceAll(/mysql:\/\/[^"]*/g, database.url)
    .replaceAll('/tmp/ser_fifo', join(folder, 'fifo'));
  writeFileSync(join(folder, 'ser.cfg'), text);
  await story(t, site);
}

async function story(t: TestContext, site: Site): Promise<void> {
  // Before the server runs, and while it runs: serctl works on the same database.
  const first = site.serctl('add', `1000@${domain}`, 'password1', 'user1@nowhere.com');
  assert.equal(first.status, 0, first.stderr);
  const server = await site.start();
  const second = site.serctl('add', `1001@${domain}`, 'password2', 'user2@nowhere.com');
  assert.equal(second.status, 0, second.stderr);
  assert.match(second.stdout, /new user added/);

  const common = { domain, server: site.sip };
  const called = await startPhone(t, { ...common, user: '1001', password: 'password2', answers: true });
  assert.match((await called.next('REGISTERED', 'REGISTER_FAILED')).detail, /^200/);
  const caller = await startPhone(t, { ...common, user: '1000', password: 'password1' });
  assert.match((await caller.next('REGISTERED', 'REGISTER_FAILED')).detail, /^200/);

  for (const whoEnds of [caller, called]) {
    await caller.dial(`sip:1001@${domain}`);
    await Promise.all([caller.next('CALL_ESTABLISHED'), called.next('CALL_ESTABLISHED')]);
    await whoEnds.hangUp();
    await Promise.all([caller.next('CALL_CLOSED'), called.next('CALL_CLOSED')]);
  }

  assert.equal(site.serctl('add', `1002@${domain}`, 'password3', 'user3@nowhere.com').status, 0);
  const guesser = await startPhone(t, { ...common, user: '1002', password: 'wrong' });
  await refusedFor(site, '1002');
  await guesser.stop();
  await slowedDown(await sipClient(t, site.sip));

  await caller.dial(`sip:1001@${domain}`);
  await Promise.all([caller.next('CALL_ESTABLISHED'), called.next('CALL_ESTABLISHED')]);
  await caller.hangUp();
  await Promise.all([caller.next('CALL_CLOSED'), called.next('CALL_CLOSED')]);
  const honest = await sipClient(t, site.sip);
  assert.equal(statusOf(await register(honest, { domain, user: '1001', password: 'password2' })), 200);

  const shown = site.serctl('ul', 'show', `1001@${domain}`);
  assert.match(shown.stdout, /sip:1001@127\.0\.0\.1:/, shown.stderr);
  assert.equal(await server.stop(), 0);
}

/** Waits until the audit trail tells of a wrong password of this user: baresip itself only tries again and again. */
async function refusedFor(site: Site, user: string): Promise<void> {
  const folder = join(site.folder, 'audit');
  for (let waited = 0; waited < 10_000; waited += 100) {
    const trail = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'));
    const lines = trail.join('').split('\n');
    if (lines.some((line) => line.includes('wrong-proof') && line.includes(`"${user}`))) return;
    await sleep(100);
  }
  assert.fail('no wrong password was refused');
}

/** Guesses on until no answer comes at once any more. */
async function slowedDown(client: SipClient): Promise<void> {
  const uri = `sip:${domain}`;
  const aor = `sip:1002@${domain}`;
  const contact = `Contact: <sip:1002@${client.hostPort}>`;
  const send = (callId: string, cseq: number, headers: string[]) =>
    client.send(
      request(client, { method: 'REGISTER', uri, from: aor, to: aor, callId, cseq, headers: [contact, ...headers] }),
    );
  for (let guess = 1; guess <= 30; guess++) {
    send(`guess-${guess}`, 1, []);
    const challenge = await final(client);
    assert.equal(statusOf(challenge), 401);
    send(`guess-${guess}`, 2, [answer(challenge!, 'REGISTER', uri, '1002', `guess${guess}`)]);
    const reply = await final(client, 700);
    if (reply === undefined) return;
    assert.equal(statusOf(reply), 401);
  }
  assert.fail('thirty wrong passwords in a row were each answered at once');
}
