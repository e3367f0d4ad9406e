/** The FIFO as programs that were written for SER's use it: through `mkfifo`, `cat` and lines of text. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { endWith, folderFor } from './peers/children.ts';
import { reply, sipClient } from './sip-client.ts';
import { type SipLab, sipLab } from './sip-lab.ts';

const SCRIPT = (top: string) => `
${top}
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "rr.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
route {
  if (method=="REGISTER") { save("location"); break; };
  if (!lookup("location")) { sl_send_reply("404", "Not Found"); break; };
  t_relay();
}`;

interface Lab {
  readonly lab: SipLab;
  readonly folder: string;
  readonly path: string;
  /** Gives a command, as `serctl fifo` did, and its whole answer. */
  say(...lines: string[]): Promise<string>;
}

async function open(t: TestContext, style: 'ser' | 'openser' = 'openser'): Promise<Lab> {
  const folder = folderFor(t, 'gatehouse-fifo');
  const path = join(folder, 'fifo');
  const module = `loadmodule "mi_fifo.so"\nmodparam("mi_fifo", "fifo_name", "${path}")\nmodparam("mi_fifo", "reply_dir", "${folder}")`;
  const lab = await sipLab(t, { script: SCRIPT(style === 'ser' ? `fifo="${path}"` : module) });
  const replies = style === 'ser' ? '/tmp' : folder;
  let count = 0;
  return { lab, folder, path, say };

  async function say(command: string, ...lines: string[]): Promise<string> {
    const name = `gatehouse-test-${process.pid}-${++count}`;
    const own = join(replies, name);
    execFileSync('mkfifo', [own]);
    const cat = spawn('cat', [own], { stdio: ['ignore', 'pipe', 'ignore'] });
    endWith(t, cat);
    let text = '';
    cat.stdout.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    await appendFile(path, [`:${command}:${name}`, ...lines, '', ''].join('\n'));
    await once(cat, 'close');
    rmSync(own);
    return text;
  }
}

/** What the server complained of, as soon as it does. */
async function complaint(lab: SipLab, pattern: RegExp): Promise<string> {
  for (const end = performance.now() + 15_000; performance.now() < end; await wait(20)) {
    const found = lab.complaints.find((text) => pattern.test(text));
    if (found !== undefined) return found;
  }
  throw new Error(`it does not say ${pattern}: ${lab.complaints.join('\n')}`);
}

test('contacts and statistics, in the words of SER', async (t) => {
  const { path, say, lab } = await open(t, 'ser');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.match(await say('version'), /^200 OK\nServer: Gatehouse \(\d/);
  assert.match(await say('uptime'), /^200 OK\nNow: .+\nUp Since: .+\nUp time: \d+ \[sec\]\n$/);
  assert.equal(await say('ul_show_contact', 'location', '1000'), '404 No registered contacts found\n');
  assert.match(await say('ul_show_contact', 'nowhere', '1000'), /^400 there is no table of contacts "nowhere"\n$/);
  assert.equal(await say('ul_add', 'location', '1000', 'sip:1000@192.0.2.7', '0', '1.00', '0', '128'), '200 OK\n');
  assert.equal(await say('ul_show_contact', 'location', '1000'), '200 OK\n<sip:1000@192.0.2.7>;q=1.00;expires=0\n');
  assert.match(
    await say('ul_dump'),
    /\naor {3}: '1000'\n~~~Contact~~~\nContact {3}: 'sip:1000@192.0.2.7'\nExpires {3}: Permanent\n/,
  );
  assert.equal(await say('ul_stats'), "200 OK\nDomain Registered Expired\n'location' 1 0\n");
  assert.equal(
    await say('ul_rm_contact', 'location', '1000', 'sip:other@192.0.2.7'),
    '404 No registered contacts found\n',
  );
  assert.equal(await say('ul_rm', 'location', '1000'), '200 OK\n');
  assert.equal(await say('ul_stats'), "200 OK\nDomain Registered Expired\n'location' 0 0\n");
  assert.match(
    await say('t_stats'),
    /^200 OK\nCurrent: 0 \(0 waiting\) Total: 0 \(0 local\)\nReplied localy: 0\nCompletion status 6xx: 0, 5xx: 0, 4xx: 0, 3xx: 0,2xx: 0\n$/,
  );
  assert.match(
    await say('sl_stats'),
    /^200 OK\n200: 0 202: 0 2xx: 0\n300: 0 .+\n400: 0 .+ 4xx: 0\n500: 0 5xx: 0\n6xx: 0\n$/,
  );
  assert.match(await say('lcr_reload'), /^500 command 'lcr_reload' not available: there is no least cost routing/);
  assert.match(await say('which'), /\nul_show_contact\n/);
  await lab.door.stop(1000);
  assert.equal(existsSync(path), false);
});

test('what the server counts, by status and by class', async (t) => {
  const { say, lab } = await open(t);
  const client = await sipClient(t, lab.udp);
  client.send(
    `INVITE sip:nobody@${lab.udp} SIP/2.0\r\nVia: SIP/2.0/UDP ${client.hostPort};branch=z9hG4bKx;rport\r\nMax-Forwards: 70\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:nobody@b>\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n`,
  );
  assert.match((await client.receive()) ?? '', /^SIP\/2\.0 404/);
  assert.match(await say('sl_stats'), / 404: 1 .* 4xx: 0\n/);
  assert.equal(await say('get_statistics', 'sl:404_replies'), '200 OK\nsl:404_replies = 1\n');
  assert.match(await say('get_statistics', 'tm:'), /^200 OK\ntm:UAS_transactions = 0\n/);
  assert.match(await say('uptime'), /\nUp time:: \d/, 'OpenSER has two colons');
});

test('a request from outside: as SER writes it, and as OpenSER does', async (t) => {
  const { say, lab } = await open(t);
  const phone = await sipClient(t, lab.udp);
  const uri = `sip:phone@${phone.hostPort}`;
  const asked = say(
    't_uac_dlg',
    'OPTIONS',
    uri,
    '.',
    'From: <sip:daemon@example.com>',
    `To: <${uri}>`,
    'Contact: <sip:caller@!!>',
    '.',
    'Hi',
    '.',
  );
  const request = (await phone.receive(15_000)) ?? '';
  assert.match(request, /^OPTIONS sip:phone@127/);
  assert.match(request, new RegExp(`\r\nContact: <sip:caller@${lab.udp}>\r\n`));
  assert.match(request, /\r\nFrom: <sip:daemon@example\.com>;tag=\w+\r\n/);
  assert.match(request, /\r\nContent-Length: 4\r\n\r\nHi\r\n$/);
  phone.send(reply(request, 200, 'Fine', ['Contact: <sip:phone@192.0.2.9>', 'Record-Route: <sip:p1;lr>, <sip:p2;lr>']));
  assert.match(await asked, /^200 Fine\nsip:phone@192\.0\.2\.9\n\.\nRoute: <sip:p2;lr>, <sip:p1;lr>\nFrom: /);

  const invite = say('t_uac_dlg', 'INVITE', uri, '.', '.', `"From: <sip:daemon@example.com>\r\nTo: <${uri}>\r\n"`);
  const offer = (await phone.receive(15_000)) ?? '';
  assert.match(offer, /^INVITE /);
  phone.send(reply(offer, 200, 'OK', [`Contact: <${uri}>`]));
  assert.match(await invite, /^200 OK\n/);
  const ack = (await phone.receive(15_000)) ?? '';
  assert.match(ack, /^ACK sip:phone@127/);
  assert.match(ack, /\r\nTo: [^\r]*;tag=/);
  assert.match(await say('t_uac_dlg', 'OPTIONS', uri, '.', '.', '"To: <sip:a@b>"'), /^400 Missing From Header\n$/);
  assert.match(await say('t_stats'), /Total: 2 \(2 local\)/);
});

test('a reader that never comes holds up nobody, and an answer goes nowhere else', async (t) => {
  const { say, lab, folder, path } = await open(t);
  execFileSync('mkfifo', [join(folder, 'unread')]);
  await appendFile(path, ':ps:unread\n\n:ps:unread\n\n');
  assert.match(await say('version'), /^200 OK/);
  await complaint(lab, /nobody reads the reply fifo/);
  writeFileSync(join(folder, 'file'), 'precious');
  symlinkSync(join(folder, 'unread'), join(folder, 'link'));
  await appendFile(path, ':ps:file\n\n:ps:link\n\n:ps:..\n\n:ps:missing\n\n:ps:../file\n\n');
  assert.match(await say('version'), /^200 OK/);
  assert.equal(statSync(join(folder, 'file')).size, 8);
});

test('a fifo of a dead server is replaced, and nothing else is', async (t) => {
  const folder = folderFor(t, 'gatehouse-fifo');
  const [dead, file] = [join(folder, 'dead'), join(folder, 'file')];
  execFileSync('mkfifo', ['-m', '666', dead]);
  writeFileSync(file, 'precious');
  const first = await sipLab(t, { script: SCRIPT(`fifo="${dead}"`) });
  assert.equal(statSync(dead).mode & 0o777, 0o600);
  assert.deepEqual(first.door.warnings, []);
  const second = await sipLab(t, { script: SCRIPT(`fifo="${dead}"`) });
  assert.deepEqual(second.door.warnings, [`the FIFO ${dead} is not opened: another server reads it`]);
  assert.equal(second.door.health().at(-1)?.code, 'SIP_FIFO');
  const third = await sipLab(t, { script: SCRIPT(`fifo="${file}"`) });
  assert.match(third.door.warnings[0]!, /something that is no fifo/);
  await third.door.stop(1000);
  assert.equal(statSync(file).size, 8);
  await second.door.stop(1000);
  assert.ok(existsSync(dead), 'it belongs to the first');
});

test('the same commands over administration', async (t) => {
  const { lab } = await open(t);
  assert.deepEqual(await lab.administration.manage('ul_show_contact', ['location', '1000']), {
    status: 404,
    reason: 'No registered contacts found',
    lines: [],
  });
  assert.match((await lab.administration.manage('version', [])).lines[0]!, /^Server: Gatehouse/);
  assert.deepEqual((await lab.administration.manage('ul_show_contact', [])).reason, 'arguments: table, aor');
});
