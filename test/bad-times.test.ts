/** Faults that come while Gatehouse serves: a full disk, a telephone that is gone, a stop under load, an impatient Ctrl-C. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { endWith, folderFor } from './peers/children.ts';
import { type Instance, makeSite } from './peers/gatehouse.ts';
import { final, register, request, sipClient, statusOf } from './sip-client.ts';

const ROOT = join(import.meta.dirname, '..');
const PASSWORD = 'password1';

test('a full disk: what cannot be kept is refused, and served again once there is room', async (t) => {
  const site = await makeSite(t);
  const data = join(site.folder, 'small');
  mkdirSync(data);
  // A small file system of its own, seen by this server alone; it goes away with it.
  const mount = `mount -t tmpfs -o size=2m none '${data}' && exec "$@"`;
  const server = spawn(
    'unshare',
    [
      ...(process.getuid?.() === 0 ? ['-m'] : ['-Urm']),
      ...['sh', '-c', mount, 'sh', process.execPath, join(ROOT, 'bin', 'gatehouse'), 'up', '--data', data],
      ...['--config', join(site.folder, 'gatehouse.yaml')],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, GATEHOUSE_ADMIN_PASSWORD: 'a password of the tests' } },
  );
  endWith(t, server);
  let said = '';
  for (const stream of [server.stdout, server.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  await Promise.race([once(server.stdout, 'data'), once(server, 'exit')]);
  assert.match(said, /Listening/, said);
  const inside = join('/proc', String(server.pid), 'root', data);
  const gatehouse = (...args: string[]) => {
    // The control socket is within the small file system.
    const child = spawn(process.execPath, [join(ROOT, 'bin', 'gatehouse'), ...args, '--data', inside], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    endWith(t, child);
    let err = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    return once(child, 'close').then(([status]) => ({ status, err }));
  };
  assert.equal((await gatehouse('user', 'add', '1000', PASSWORD)).status, 0);
  const phone = await sipClient(t, site.sip);
  const who = { domain: site.sip, user: '1000', password: PASSWORD };
  assert.equal(statusOf(await register(phone, who)), 200, said);

  fill(join(inside, 'filler'));
  const full = await gatehouse('user', 'add', '1001', PASSWORD);
  assert.equal(full.status, 4, full.err);
  assert.match(full.err, /full/);
  assert.doesNotMatch(full.err, /^\s+at /m);
  const contact = 'sip:1000@127.0.0.1:5999';
  assert.equal(statusOf(await register(phone, { ...who, contact }, 10_000)), 503, said);

  rmSync(join(inside, 'filler'));
  for (let tries = 0; ; tries++) {
    const status = statusOf(await register(phone, { ...who, contact }, 10_000));
    if (status === 200) break;
    assert.ok(tries < 20, `still ${status} with room on the disk\n${said}`);
    await sleep(500);
  }
  assert.equal((await gatehouse('user', 'add', '1001', PASSWORD)).status, 0);
  assert.equal((await gatehouse('audit', 'verify')).status, 0);
  server.kill('SIGTERM');
  const [code] = await once(server, 'exit');
  assert.equal(code, 0, said);
});

/** Takes all the room there is. */
function fill(file: string): void {
  const fd = openSync(file, 'w');
  try {
    for (let piece = 65_536; piece > 0; piece >>= 1) {
      for (let full = false; !full; ) {
        try {
          writeSync(fd, Buffer.alloc(piece));
        } catch {
          full = true;
        }
      }
    }
  } finally {
    closeSync(fd);
  }
}

const SHORT_TIMERS = `loadmodule "tm.so" loadmodule "sl.so" loadmodule "usrloc.so" loadmodule "registrar.so"
modparam("tm", "fr_timer", 1)
route {
  if (method=="REGISTER") { save("location"); break; };
  if (!lookup("location")) { sl_send_reply("404", "Not Found"); break; };
  if (!t_relay()) { sl_reply_error(); };
}
`;

test('a call to a telephone that is gone: the caller is told within the timer', async (t) => {
  const folder = folderFor(t, 'gatehouse-gone');
  const script = join(folder, 'short.cfg');
  writeFileSync(script, SHORT_TIMERS);
  const site = await makeSite(t, { script });
  await site.start();
  const { sip } = site;
  const caller = await sipClient(t, sip);
  const silent = await sipClient(t, sip);
  const call = async (user: string, contact: string) => {
    const who = { domain: sip, user, password: '', contact };
    assert.equal(statusOf(await register(caller, who)), 200);
    const [from, to] = [`sip:1001@${sip}`, `sip:${user}@${sip}`];
    caller.send(request(caller, { method: 'INVITE', uri: to, from, to, headers: [`Contact: <${from}>`] }));
    return statusOf(await final(caller, 5_000));
  };
  assert.equal(await call('1000', `sip:1000@${silent.hostPort}`), 408, 'a telephone that says nothing');
  // Nobody listens there: the system says so, or nothing comes back.
  assert.ok([408, 477, 503].includes(await call('1002', 'sip:1002@127.0.0.1:9')), 'a closed port');
});

test('SIGTERM under load: exit status 0 within five seconds, and what was acknowledged is kept', async (t) => {
  const site = await makeSite(t);
  const users = Array.from({ length: 50 }, (_, i) => `${2000 + i},${PASSWORD}`);
  assert.equal(site.import(users).status, 0);
  const server = await site.start();
  const kept = new Set<string>();
  let over = false;
  const phones = await Promise.all(users.slice(0, 10).map(() => sipClient(t, site.sip)));
  const load = phones.map(async (phone, index) => {
    for (let round = 0; !over && round < 5; round++) {
      const user = String(2000 + index + 10 * round);
      const reply = await register(phone, { domain: site.sip, user, password: PASSWORD }, 3_000);
      if (statusOf(reply) === 200) kept.add(user);
    }
  });
  for (let waited = 0; kept.size < 10 && waited < 10_000; waited += 5) await sleep(5);
  assert.ok(kept.size >= 10, 'telephones register');
  const begun = performance.now();
  const code = await server.stop();
  over = true;
  assert.equal(code, 0, server.output());
  assert.ok(performance.now() - begun < 5_000);
  await Promise.all(load);
  const again = await site.start();
  const found = site.run('who', '--json').stdout;
  for (const user of kept) assert.ok(found.includes(`"user":"${user}`), `${user} was acknowledged and is gone`);
  assert.equal(await again.stop(), 0);
});

test('Ctrl-C twice: in order at the first, at once at the second', async (t) => {
  const site = await makeSite(t);
  const server: Instance = await site.start();
  process.kill(server.pid, 'SIGINT');
  const code = await server.stop('SIGINT');
  assert.ok(code === 0 || code === 1, String(code));
  assert.doesNotMatch(server.output(), /^\s+at /m);
  assert.equal(site.run('audit', 'verify').status, 0);
});
