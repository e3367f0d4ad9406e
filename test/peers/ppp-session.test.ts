/**
 * The story of the call back whole, with a real pppd at both ends: a guest's pppd calls over the exchange, proves itself by PAP, is called back as
 * CBCP says, proves itself by CHAP, and gets its address and its ping answered by the pppd of another guest, which the stand-in joins to the
 * line. Before it ppp's own chat, by texts.
 */
// peers: busybox cpio ppp python3 qemu xz
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { startExchange } from '../../src/doors/dial/exchange/exchange.ts';
import { callOf, gone, Script } from '../../src/doors/dial/lab.ts';
import { openModem } from '../../src/doors/dial/modem/modem.ts';
import { DEFAULT_STRINGS } from '../../src/doors/dial/modem/strings.ts';
import type { Call, DialResult } from '../../src/doors/dial/modem/types.ts';
import { folderFor } from './children.ts';
import { makeSite } from './gatehouse.ts';
import { CALLER_ADDRESS, type Guest, makeGuestImage, PASSWORD, startGuest } from './ppp-guest.ts';

const LONG = { timeoutMs: 240_000 };

test('called back, logged in, and a ping through the line that was handed over; kick takes it away', async (t) => {
  const folder = folderFor(t, 'ppp-session');
  const [image, serve, call] = ['image', 'serve.sock', 'call.sock'].map((name) => join(folder, name));
  mkdirSync(image!);
  const made = makeGuestImage(image!);
  const guests = [startGuest(made, 'serve', serve!), startGuest(made, 'call', call!)] as [Guest, Guest];
  t.after(async () => guests.forEach((guest) => void guest.stop()));

  const exchange = await startExchange({ directory: join(folder, 'lines'), lines: 2, secondMs: 100 });
  mkdirSync(join(folder, 'lock'));
  const record = join(folder, 'record.json');
  const standIn = join(import.meta.dirname, 'pppd-stand-in.py');
  const yaml = [
    'dial:',
    `  lock_directory: ${join(folder, 'lock')}`,
    '  lines:',
    `    - { name: one, device: ${exchange.lines[1]!.path}, flow_control: none, escape_guard: 0.15 }`,
    '  call_back: { wait: 1, random: 0 }',
    '  commands:',
    `    - { name: start_ppp, kind: ppp, program: ${standIn}, arguments: [${record}, ${serve}, -detach, silent, modem] }`,
  ];
  const site = await makeSite(t, { yaml: yaml.join('\n') });
  assert.equal(site.import([`userxyz,${PASSWORD}`]).status, 0);
  const added = site.run('user', 'number', 'add', 'userxyz', 'home', '1001');
  assert.equal(added.status, 0, added.stderr);
  const server = await site.start();
  // While the guests start: ppp's own chat, which knows of call backs.
  const line = exchange.lines[0]!.path;
  const chat = spawn('/bin/sh', ['-c', `exec <>"$0" >&0; stty raw -echo clocal; exec /usr/sbin/chat ${CHAT}`, line]);
  assert.deepEqual(await once(chat, 'exit'), [0, null], 'chat');
  // It has hung up, and so will the server: what the modems still say of that is no answer to us.
  await until(() => exchange.lines.every(({ state }) => state === 'command'), server.output);
  const modem = await openModem(exchange.lines[0]!.path, { ...DEFAULT_STRINGS, escapeGuardMs: 150 });
  t.after(async () => {
    await modem.close().catch(() => {});
    await exchange.close();
  });
  await modem.init();

  // What the guest says goes where its modem is connected, or nowhere.
  await until(
    () => guests.every((guest) => guest.said().includes('ready')),
    () => guests[1].said(),
  );
  const far = connect(call!);
  t.after(async () => void far.destroy());
  let on: Call | undefined;
  far.on('data', (bytes) => on?.write(bytes));
  const joined = async (result: DialResult) => {
    on = callOf(result);
    on.listen((bytes) => void far.write(bytes));
    return on;
  };
  await gone(await joined(await modem.dial('1002', LONG)));
  await modem.hangUp();
  assert.ok(await modem.waitForRing(LONG), guests[1].said());
  const second = await joined(await modem.answer(LONG));
  await until(() => existsSync(record) && readFileSync(record).includes('}'), server.output);

  // The program has the line, and nothing else.
  const { files, terminals, environment, ...facts } = JSON.parse(readFileSync(record, 'utf8'));
  assert.deepEqual(facts, {
    arguments: ['-detach', 'silent', 'modem'],
    ...{ controlling: true, leader: true, echo: false, canonical: false, translates: false },
  });
  assert.ok(terminals[0].startsWith('/dev/pts/') && terminals[0] === terminals[1] && terminals[2] === null);
  assert.deepEqual(files.slice(0, 3), [0, 1, 2]);
  assert.equal(environment.GATEHOUSE_USER, 'userxyz');
  assert.ok(!JSON.stringify(environment).includes('sesame'));

  // From here on the pppds talk.
  await until(
    () => guests[1].said().includes('GUEST pinged'),
    () => guests.map((guest) => guest.said()).join('\n'),
  );
  assert.match(
    guests[1].said(),
    /PAP authentication succeeded[\s\S]*Call me back, please[\s\S]*GUEST hung up with 14[\s\S]*CHAP authentication succeeded/,
  );
  assert.match(guests[1].said(), /3 packets transmitted, 3 packets received/);
  assert.match(guests[1].said(), new RegExp(`local {2}IP address ${CALLER_ADDRESS}`));

  // What a pppd that does not hear of the end still says would be commands to the modem.
  far.destroy();
  const who = site.run('who');
  assert.match(who.stdout, /userxyz/);
  assert.equal(site.run('kick', 'userxyz').status, 0);
  await gone(second);
  assert.doesNotMatch(site.run('who').stdout, /userxyz/);
  await modem.hangUp();

  // The line is answered again, and SIGTERM gives it back in order.
  const again = callOf(await modem.dial('1002', LONG));
  await new Script(again).expect('ogin:');
  assert.equal(await server.stop(), 0);
  assert.deepEqual(readdirSync(join(folder, 'lock')), []);
  await gone(again);
});

/** HANGUP OFF: that the line goes down is no failure. */
const CHAT = [
  `-t 120 ABORT BUSY ABORT 'NO ANSWER' '' ATZ OK ATDT1002 CONNECT '\\c' ogin: userxyz 'for userxyz:' home`,
  `HANGUP OFF 'NO CARRIER' '\\c' RING ATA CONNECT '\\c' HANGUP ON ogin: userxyz assword: 'open sesame' '>' exit`,
].join(' ');

async function until(look: () => boolean, what: () => string): Promise<void> {
  for (const end = Date.now() + LONG.timeoutMs; !look(); await delay(50))
    if (Date.now() > end) assert.fail(`in vain: ${what()}`);
}
