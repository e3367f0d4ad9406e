/**
 * The script is exchanged three times, by the command, over HTTP and by SIGHUP, and a faulty one refused in between, while calls go
 * through: none fails, one that rings all the time ends by the failure route that it armed, and nobody has to register anew.
 */
// peers: sipp
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { answer, final, header, register, request, type SipClient, sipClient, statusOf } from '../sip-client.ts';
import { makeSite } from './gatehouse.ts';
import { freePort } from './ports.ts';
import { runSipp, startAnswering } from './sipp.ts';

const DOMAIN = 'gate.test';
const USERS = 200;
const CALLS = 400;
const EXAMPLE = readFileSync(join(import.meta.dirname, '..', '..', 'examples', 'ser.cfg'), 'utf8');

/** The example, which says its name in each reply and to whom nobody answers. */
function script(name: string): string {
  const armed = EXAMPLE.replace('    if (!t_relay()) {', '    t_on_failure("1");\n    if (!t_relay()) {');
  assert.notEqual(armed, EXAMPLE);
  return `server_header="${name}"\n${armed}\nfailure_route[1] {\n    t_reply("603", "Says ${name}");\n}\n`;
}

test('calls go through while the script is exchanged, and each ends by the one it began with', async (t) => {
  const site = await makeSite(t, { domains: [DOMAIN] });
  const file = join(site.folder, 'ser.cfg');
  writeFileSync(file, script('first'));
  writeFileSync(join(site.folder, 'gatehouse.yaml'), `  script: ${JSON.stringify(file)}\n`, { flag: 'a' });
  const users = Array.from({ length: USERS }, (_, i) => `u${i + 1}`);
  const all = [...users, 'alice', 'bob'];
  assert.equal(site.import(all.map((user) => `${user}@${DOMAIN},pw-${user},`)).status, 0);
  const server = await site.start();
  const credentials = (user: string) => `[authentication username=${user} password=pw-${user}]`;
  const answering = await freePort();
  const registered = await runSipp(t, {
    scenario: 'register.xml',
    target: site.sip,
    port: await freePort(),
    calls: USERS,
    rate: 200,
    fields: users.map((user) => `${user};${credentials(user)};${answering}`),
  });
  assert.deepEqual([registered.successful, registered.failed], [USERS, 0], registered.errors);
  const [alice, bob] = [await sipClient(t, site.sip), await sipClient(t, site.sip)];
  assert.equal(statusOf(await register(bob, { domain: DOMAIN, user: 'bob', password: 'pw-bob' })), 200);
  const rings = await ring(alice, bob);

  const machine = await startAnswering(t, 'answer.xml', answering);
  const calls = runSipp(t, {
    scenario: 'call.xml',
    target: site.sip,
    port: await freePort(),
    calls: CALLS,
    rate: 80,
    fields: users.map((user, i) => `${user};${credentials(user)};${users[(i + 1) % USERS]}`),
  });

  writeFileSync(file, script('second').replace('"db_mode", 2', '"db_mode", 0'));
  const second = site.run('reload');
  assert.equal(second.status, 0, second.stderr);
  assert.match(second.stdout, /^in force now: .*ser\.cfg$/m);
  assert.match(second.stdout, /^at the next start: usrloc\.db_mode \(.*ser\.cfg:\d+\)$/m);
  assert.equal(await serverOf(alice), 'second');

  writeFileSync(file, script('faulty').replace('if (loose_route', 'if (loos_route').replace('check_to()', 'chek_to()'));
  const faulty = site.run('reload');
  assert.deepEqual([faulty.status, faulty.stdout], [3, '']);
  assert.match(faulty.stderr, /ser\.cfg:\d+:\d+: error: there is no function `loos_route` \[SCRIPT_FUNCTION\]/);
  assert.match(faulty.stderr, /ser\.cfg:\d+:\d+: error: there is no function `chek_to` \[SCRIPT_FUNCTION\]/);
  assert.equal(await serverOf(alice), 'second');
  assert.match(site.run('status').stdout, /RESTART_WAITS[\s\S]*RELOAD_REFUSED/);

  writeFileSync(file, script('third'));
  const over = await fetch(`http://127.0.0.1:${site.httpPort}/api/v1/reload`, {
    method: 'POST',
    body: '[]',
    headers: { 'content-type': 'application/json', authorization: `Basic ${btoa('admin:a password of the tests')}` },
  });
  const { result } = (await over.json()) as { result: { changed: string[]; waiting: unknown[] } };
  assert.deepEqual([over.status, result.changed, result.waiting], [200, [file], []]);
  assert.equal(await serverOf(alice), 'third');
  assert.match(site.run('status').stdout, /all is well/);

  writeFileSync(file, script('fourth'));
  process.kill(server.pid, 'SIGHUP');
  for (const end = Date.now() + 20_000; !server.output().includes('SIGHUP: read again'); await sleep(20))
    assert.ok(Date.now() < end, server.output());
  assert.equal(await serverOf(alice), 'fourth');

  rings.busy();
  assert.match((await final(alice, 20_000)) ?? '', /^SIP\/2.0 603 Says first\r\n/);
  const called = await calls;
  const answered = await machine.stop();
  assert.deepEqual([called.successful, called.failed], [CALLS, 0], called.errors);
  assert.deepEqual([answered.successful, answered.failed], [CALLS, 0], answered.errors);
  // Nobody acknowledges Alice's 603, which is repeated.
  const carol = await sipClient(t, site.sip);
  (await ring(carol, bob)).busy();
  assert.match((await final(carol, 20_000)) ?? '', /^SIP\/2.0 603 Says fourth\r\n/);

  const { sessions } = JSON.parse(site.run('who', '--json').stdout);
  assert.equal(sessions.length, USERS + 1);
  const trail = site.run('audit', 'verify');
  assert.equal(trail.status, 0, trail.stdout);
});

/** Alice calls Bob, whose telephone rings until he is busy. */
async function ring(alice: SipClient, bob: SipClient): Promise<{ busy(): void }> {
  const [from, to] = [`sip:alice@${DOMAIN}`, `sip:bob@${DOMAIN}`];
  const call = { method: 'INVITE', uri: to, from, to, callId: `ring-${performance.now()}` };
  alice.send(request(alice, call));
  const challenge = (await final(alice, 20_000))!;
  assert.equal(statusOf(challenge), 407, challenge);
  alice.send(request(alice, { ...call, cseq: 2, headers: [answer(challenge, 'INVITE', to, 'alice', 'pw-alice')] }));
  const invite = await next(bob, 'INVITE ');
  reply(bob, invite, '180 Ringing');
  await next(alice, 'SIP/2.0 180');
  return { busy: () => reply(bob, invite, '486 Busy Here') };
}

/** What begins so; what else there is (an ACK, a 100) is passed over. */
async function next(client: SipClient, start: string): Promise<string> {
  for (;;) {
    const message = await client.receive(20_000);
    assert.ok(message, `${start} does not come`);
    if (message.startsWith(start)) return message;
  }
}

function reply(client: SipClient, to: string, status: string): void {
  const kept = to.split('\r\n').filter((line) => /^(via|record-route|from|call-id|cseq):/i.test(line));
  const lines = [`SIP/2.0 ${status}`, ...kept, `To: ${header(to, 'To')};tag=bob`, 'Content-Length: 0'];
  client.send(`${lines.join('\r\n')}\r\n\r\n`);
}

/** What the server calls itself. */
async function serverOf(client: SipClient): Promise<string | undefined> {
  const uri = `sip:${DOMAIN}`;
  client.send(request(client, { method: 'OPTIONS', uri, from: `sip:alice@${DOMAIN}`, to: uri }));
  const message = await final(client, 20_000);
  assert.equal(statusOf(message), 200, message);
  return header(message!, 'Server');
}
