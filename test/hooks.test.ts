/** A hook at several doors at once: it admits with terms, refuses, hangs, lies, dies, and is told of what became of it. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { makePapRequest } from '../src/platform/radius/lab.ts';
import { ATTRIBUTE, CODE } from '../src/platform/radius/numbers.ts';
import { type Packet, readPacket } from '../src/platform/radius/packet.ts';
import { folderFor } from './peers/children.ts';
import { makeSite } from './peers/gatehouse.ts';
import { freePort } from './peers/ports.ts';
import { header, register, sipClient, statusOf } from './sip-client.ts';

const PASSWORD = 'a password of a user';
const SECRET = 'a secret between NAS and server';

/** Sources the file `mode`, and writes down what it was told. */
const PROGRAM = `#!/bin/sh
cd "$(dirname "$0")"
if [ "$1" = admit ]; then . ./mode; else echo "$*" >> told; fi
`;

test('a hook at SIP and RADIUS', async (t) => {
  const folder = folderFor(t, 'hook');
  const [program, told] = [join(folder, 'hook'), join(folder, 'told')];
  const say = (script: string) => writeFileSync(join(folder, 'mode'), `${script}\n`);
  writeFileSync(program, PROGRAM);
  chmodSync(program, 0o755);
  const radiusPort = await freePort();
  const site = await makeSite(t, {
    yaml: [
      `radius: { listen: ["127.0.0.1:${radiusPort}"], accounting: [], clients: [{ name: nas, address: 127.0.0.1, secret: ${SECRET} }] }`,
      `hooks: [{ name: door, program: ${program}, doors: [sip, radius], timeout_seconds: 2, again_seconds: 0 }]`,
    ].join('\n'),
  });
  const server = await site.start();
  assert.equal(site.run('user', 'add', '1000', PASSWORD).status, 0);
  const phone = await sipClient(t, site.sip);
  const registers = (expires = 3600) =>
    register(phone, { domain: site.sip, user: '1000', password: PASSWORD, expires });
  const knocks = await nas(t, radiusPort);

  say('echo 120');
  const granted = await registers();
  assert.equal(statusOf(granted), 200);
  assert.match(header(granted!, 'Contact')!, /expires=1(20|19)\b/);
  const accepted = await knocks();
  assert.equal(accepted.code, CODE.accessAccept);
  assert.equal(accepted.first(ATTRIBUTE.sessionTimeout)?.readUInt32BE(), 120);

  const faults = {
    'echo "closed today"; exit 1': /"rule":"door: closed today"/,
    'exec sleep 1000': /"rule":"door: its time was over"/,
    'echo come in': /"rule":"door: it printed no numbers: come in"/,
    'kill -9 $$': /"rule":"door: it was ended by SIGKILL"/,
  };
  for (const [script, rule] of Object.entries(faults)) {
    say(script);
    assert.equal(statusOf(await registers()), 403, script);
    assert.equal((await knocks()).code, CODE.accessReject, script);
    const refused = site.run('audit', 'list', '--event', 'refused', '--json').stdout;
    assert.match(refused, rule, script);
  }
  const health = await fetch(`http://127.0.0.1:${site.httpPort}/healthz`);
  assert.equal(health.status, 503);
  assert.match(await health.text(), /HOOK_FAILED/);

  say('');
  assert.equal(statusOf(await registers(0)), 200);
  const opened = await toldOf(told, /^opened sip 1000 127\.0\.0\.1 (\S+) (\d+)$/m);
  const ended = await toldOf(told, /^ended sip 1000 127\.0\.0\.1 (\S+) (\d+) (\d+) logout$/m);
  assert.deepEqual(ended.slice(1, 3), opened.slice(1));
  assert.equal(await server.stop(), 0);
});

/** What a NAS hears. */
async function nas(t: TestContext, port: number): Promise<() => Promise<Packet>> {
  const socket = createSocket('udp4');
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  t.after(() => socket.close());
  let identifier = 0;
  return async () => {
    socket.send(makePapRequest(Buffer.from(SECRET), '1000', PASSWORD, { identifier: ++identifier }));
    const [bytes] = await once(socket, 'message', { signal: AbortSignal.timeout(30_000) });
    const packet = readPacket(bytes);
    assert.ok(typeof packet !== 'string');
    return packet;
  };
}

async function toldOf(file: string, what: RegExp): Promise<RegExpExecArray> {
  for (const end = Date.now() + 20_000; ; await delay(20)) {
    const found = what.exec(existsSync(file) ? readFileSync(file, 'utf8') : '');
    if (found) return found;
    assert.ok(Date.now() < end, `in vain: ${what} in ${existsSync(file) ? readFileSync(file, 'utf8') : 'nothing'}`);
  }
}
