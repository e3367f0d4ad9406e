/**
 * What ends a session, and how a client is forgotten: no traffic, a volume that is used up, its own time, and no login at all. Nothing
 * past a volume gets through, nor what all together may. Each end is told with what the firewall counted. Then vouchers: what they have left goes along from login to login,
 * over a kill, and from one device to the next.
 */
// peers: nftables iproute2
// alone: measures what limits let through
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { folderFor } from './children.ts';
import { makeSite } from './gatehouse.ts';
import { type LabClient, startLab, WEB } from './portal-lab.ts';
import { logIn, PROBE, runNdsctl, until } from './portal-steps.ts';

const VOLUME = 200_000;
/** Each call is a line. */
const PROGRAM = (log: string) => `#!/bin/sh
echo "$*" >> ${log}
case "$1 $3" in
  'auth_client short') echo 4 64 512 0 0;;
  'auth_client down') echo 600 0 ${VOLUME};;
  'auth_client up') echo 600 ${VOLUME} 0;;
  'auth_client '*) echo 0 0 0;;
esac
`;

interface Limit {
  readonly name: string;
  readonly rate: number;
}

test('sessions end by idleness, volume and time, and strangers are forgotten', async (t) => {
  const folder = folderFor(t, 'gatehouse-limits');
  const log = join(folder, 'calls');
  writeFileSync(log, '');
  writeFileSync(join(folder, 'binauth'), PROGRAM(log), { mode: 0o755 });
  const lab = await startLab(t);
  const options =
    'session_seconds: 300, idle_seconds: 6, preauth_idle_seconds: 6, check_seconds: 1, download_kbit: 8000, total_upload_kbit: 8000, login: password or voucher';
  const site = await makeSite(t, {
    enter: lab.gateway,
    yaml: `portal: { interface: br-lan, ${options}, binauth: ${folder}/binauth, ndsctl_socket: ${folder}/ctl }`,
  });
  const clients = [];
  for (let number = 1; number <= 6; number++) clients.push(await lab.client(number));
  const [idle, busy, short, down, up, guest] = clients as [
    LabClient,
    LabClient,
    LabClient,
    LabClient,
    LabClient,
    LabClient,
  ];
  let server = await site.start();
  /** Its end, as the program was told. */
  const endOf = async ({ mac }: LabClient) => {
    let words: string[] | undefined;
    await until(`${mac} is out`, async () => {
      const lines = readFileSync(log, 'utf8').split('\n');
      words = lines.find((line) => line.includes(`_deauth ${mac}`))?.split(' ');
      return words !== undefined;
    });
    const [event, , got, sent, start, end] = words!;
    return { event, got: Number(got), sent: Number(sent), seconds: Number(end) - Number(start) };
  };
  /** Bytes in a second, as the kernel holds them. */
  const rates = ({ address }: LabClient) => {
    const listed = JSON.parse(lab.inGateway('nft', '-j', 'list', 'limits')) as { nftables: { limit?: Limit }[] };
    const of = (way: string) => {
      const name = `${way}_${address.replaceAll('.', '_')}`;
      return listed.nftables.find(({ limit }) => limit?.name === name)?.limit?.rate ?? 0;
    };
    return { sent: of('sent'), got: of('got') };
  };
  const enter = async (client: LabClient, username: string) => {
    assert.equal((await logIn(client, { username, password: 'x' })).headers.location, PROBE, username);
  };

  await enter(busy, 'busy');
  await busy.stream('udp');
  const begun = performance.now();
  assert.equal((await busy.ask(`http://${WEB}/bytes/2500000`)).body.length, 2_500_000);
  const took = performance.now() - begun;
  assert.ok(took > 1_350, `2.5 MB at 1 MB/s, of which 1.13 MB may come at once, took ${took} ms`);
  await enter(idle, 'idle');
  const together = performance.now();
  const posted = { url: `http://${WEB}/`, method: 'POST', body: 'x'.repeat(1_250_000), patienceMs: 30_000 };
  for (const { status } of await Promise.all([busy.ask(posted), idle.ask(posted)])) assert.equal(status, 200);
  const theyTook = performance.now() - together;
  assert.ok(
    theyTook > 1_350,
    `2.5 MB of two at 1 MB/s for all, of which 1.13 MB may come at once, took ${theyTook} ms`,
  );
  await enter(short, 'short');
  assert.deepEqual(rates(short), { sent: 8_000, got: 64_000 }, 'five numbers are those of openNDS');
  assert.deepEqual(rates(idle), { sent: 0, got: 1_000_000 });
  await short.stream('udp');

  await enter(down, 'down');
  const half = VOLUME / 2;
  assert.equal((await down.ask(`http://${WEB}/bytes/${half}`)).body.length, half);
  assert.notEqual((await down.ask({ url: `http://${WEB}/bytes/${10 * VOLUME}`, patienceMs: 3_000 })).error, undefined);
  const downEnd = await endOf(down);
  assert.equal(downEnd.event, 'timeout_deauth');
  assert.ok(downEnd.got > half && downEnd.got <= VOLUME, `${downEnd.got} bytes of ${VOLUME} got through`);

  await enter(up, 'up');
  const post = { url: `http://${WEB}/`, method: 'POST', body: 'x'.repeat(10 * VOLUME), patienceMs: 3_000 };
  assert.notEqual((await up.ask(post)).error, undefined);
  const upEnd = await endOf(up);
  assert.ok(upEnd.sent > 0 && upEnd.sent <= VOLUME, `${upEnd.sent} bytes of ${VOLUME} got through`);
  assert.equal((await up.ask(PROBE)).status, 307);

  const shortEnd = await endOf(short);
  assert.deepEqual([shortEnd.event, shortEnd.seconds], ['timeout_deauth', 4]);
  const idleEnd = await endOf(idle);
  assert.equal(idleEnd.event, 'idle_deauth');
  assert.ok(idleEnd.seconds >= 6 && idleEnd.seconds < 60, `idle for ${idleEnd.seconds} s`);
  assert.equal((await idle.ask(PROBE)).status, 307);
  assert.equal((await busy.ask(PROBE)).status, 204, 'who uses it stays in');
  // Somebody without limits is given some while he is in.
  await enter(up, 'open');
  const { sessions } = JSON.parse(site.run('who', '--json').stdout) as {
    sessions: { session: string; client: string }[];
  };
  const open = sessions.find(({ client }) => client === up.address)!.session;
  const terms = ['--download', String(VOLUME), '--download-kbit', '0', '--seconds', '200'];
  const set = site.run('session', 'set', open, ...terms);
  assert.equal(set.stdout, `changed ${open}\n`, set.stderr);
  assert.equal((await up.ask(`http://${WEB}/bytes/${half}`)).body.length, half);
  assert.notEqual((await up.ask({ url: `http://${WEB}/bytes/${10 * VOLUME}`, patienceMs: 3_000 })).error, undefined);
  await until('what it was given is used up', async () => (await up.ask(PROBE)).status === 307);
  const sheet = 'voucher batch summer --count 2 --time 1h --upload-rate 800K --download'.split(' ');
  assert.equal(site.run(...sheet, String(VOLUME)).status, 0);
  const [code = '', other = ''] = site.run('voucher', 'print', 'summer', '--codes').stdout.split('\n');
  const byVoucher = async (client: LabClient, voucher: string) => (await logIn(client, { voucher })).headers.location;
  assert.match((await byVoucher(guest, 'AAAAA-AAAAA')) ?? '', /error=voucher$/);
  assert.equal(await byVoucher(guest, ` ${code.toLowerCase().replace('-', '')}`), PROBE);
  assert.equal((await guest.ask(`http://${WEB}/bytes/${half}`)).body.length, half);
  await server.stop('SIGKILL');
  server = await site.start();
  assert.equal((await guest.ask(PROBE)).status, 204);
  assert.deepEqual(rates(guest), { sent: 100_000, got: 1_000_000 }, 'over a crash');
  assert.equal(await byVoucher(down, code), PROBE, 'in place of the first');
  assert.equal((await guest.ask(PROBE)).status, 307);
  assert.notEqual((await down.ask({ url: `http://${WEB}/bytes/${half}`, patienceMs: 3_000 })).error, undefined);
  await until('it is used up', async () => (await down.ask(PROBE)).status === 307);
  assert.match((await byVoucher(guest, code)) ?? '', /error=used$/);
  assert.equal(await byVoucher(guest, other), PROBE);
  assert.equal(site.run('voucher', 'revoke', 'summer-0002').stdout, '1 revoked, 1 session ended\n');
  assert.equal((await guest.ask(PROBE)).status, 307);
  const states = site.run('voucher', 'list', 'summer').stdout;
  assert.match(states, /^summer-0001 +over .*\nsummer-0002 +revoked /m);

  await until('strangers are forgotten', async () => {
    const { clients: known } = JSON.parse(runNdsctl(`${folder}/ctl`, 'json')[1]) as { clients: object };
    return Object.keys(known).join() === busy.mac;
  });
  assert.equal(await server.stop(), 0);
  const busyEnd = await endOf(busy);
  assert.equal(busyEnd.event, 'shutdown_deauth');
  assert.ok(busyEnd.got > 500 && busyEnd.sent > 500);
});
