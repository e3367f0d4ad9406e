/**
 * BinAuth in a network of its own: a program of the document's contract decides, hears of everything with right values, and holds up
 * nobody but who asks it; sessions outlive a stop and kill -9.
 */
// peers: nftables iproute2
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { folderFor } from './children.ts';
import { makeSite } from './gatehouse.ts';
import { type LabClient, type Seen, startLab, WEB } from './portal-lab.ts';
import { field, lastOf, PORTAL, PROBE, runNdsctl, until } from './portal-steps.ts';

/** Each call is a line, its arguments between tabs. */
const PROGRAM = (log: string) => `#!/bin/sh
{ for word in "$@"; do printf '%s\\t' "$word"; done; echo; } >> ${log}
[ "$1" = auth_client ] || exit 0
case "$3 $4" in
  'Staff weneedit') echo 0 0 0;;
  'Guest thanks') echo 600 0 0;;
  'child x') sleep 20 & echo 500 0 0;;
  'sleeper x') exec sleep 20;;
  'loud x') yes | head -c 20000000; exit 0;;
  'killed x') echo 600 0 0; kill -9 $$;;
  'minus x') echo -5 0 0;;
  *) echo 600 0 0; exit 1;;
esac
`;

const PAGE = `<!DOCTYPE html><p>$error_msg</p>
<form method="get" action="$authaction"><input type="hidden" name="tok" value="$tok"><input type="hidden" name="redir" value="$redir">
<input name="username"><input name="password"></form>`;

/** As the form of the document sends it. */
async function submit(client: LabClient, username: string, password: string): Promise<Seen> {
  return client.ask(await formFor(client, username, password));
}

async function formFor(client: LabClient, username: string, password: string): Promise<string> {
  const probe = await client.ask(PROBE);
  const page = await client.ask(probe.headers.location!);
  const form = { tok: field(page.body, 'tok'), redir: field(page.body, 'redir'), username, password };
  return `${PORTAL}/nodogsplash_auth/?${new URLSearchParams(form)}`;
}

interface Row {
  user: string;
  /** Milliseconds since the epoch; 0 = no end. */
  started: number;
  expires: number;
}

test('BinAuth decides, hears of everything, and sessions outlive the server', async (t) => {
  const folder = folderFor(t, 'gatehouse-binauth');
  const log = join(folder, 'calls');
  writeFileSync(log, '');
  writeFileSync(join(folder, 'binauth'), PROGRAM(log), { mode: 0o755 });
  mkdirSync(join(folder, 'htdocs'));
  writeFileSync(join(folder, 'htdocs', 'splash.html'), PAGE);
  writeFileSync(
    join(folder, 'nodogsplash.conf'),
    `GatewayInterface br-lan\nSessionTimeout 60\nWebRoot ${folder}/htdocs\nBinAuth ${folder}/binauth\nNdsctlSocket ${folder}/ctl\nMaxClients 50\n` +
      'FirewallRuleSet users-to-router {\n  FirewallRule allow udp port 53\n}\n',
  );
  const calls = () =>
    readFileSync(log, 'utf8')
      .split('\n')
      .map((line) => line.split('\t').slice(0, -1));
  const heard = async (event: string, mac: string): Promise<string[]> => {
    let found: string[] | undefined;
    await until(`${event} of ${mac}`, async () => {
      found = calls().findLast(([name, of]) => name === event && of === mac);
      return found !== undefined;
    });
    return found!;
  };

  const lab = await startLab(t);
  const before = lab.inGateway('nft', 'list', 'ruleset');
  const [staff, guest, other, fourth] = [
    await lab.client(1),
    await lab.client(2),
    await lab.client(3),
    await lab.client(4),
  ];
  const site = await makeSite(t, { enter: lab.gateway, yaml: `portal: { config: ${folder}/nodogsplash.conf }` });
  let server = await site.start();
  const who = () => JSON.parse(site.run('who', '--json').stdout) as { sessions: Row[] };
  const secondsOf = (user: string) => {
    const row = who().sessions.find((one) => one.user === user);
    assert.ok(row?.expires, `${user} is in, with an end`);
    return (row.expires - row.started) / 1000;
  };

  const passed = await submit(staff, 'Staff', 'weneedit');
  assert.deepEqual([passed.status, passed.headers.location], [307, PROBE]);
  assert.equal((await staff.ask(PROBE)).status, 204);
  assert.equal((await submit(guest, 'Guest', 'thanks')).headers.location, PROBE);
  assert.deepEqual([secondsOf('Staff'), secondsOf('Guest')], [3600, 600]);

  const refused = await submit(other, 'Guest', 'wrong');
  assert.equal(refused.status, 307);
  assert.match((await other.ask(refused.headers.location!)).body, /<p>The name or password is wrong\.<\/p>/);
  const hostile = `';touch ${folder}/hole;$(id)"<b>\r\n\t%41ž`;
  await submit(other, hostile, '');
  const asked = calls().findLast(([event, mac]) => event === 'auth_client' && mac === other.mac)!;
  assert.deepEqual(asked.slice(0, 2), ['auth_client', other.mac]);
  assert.equal(decodeURIComponent(asked[2]!), hostile);
  assert.match(asked[2]!, /^%27%3btouch%20[\w%.-]*%24%28id%29%22%3cb%3e%0d%0a%09%2541%c5%be$/);
  assert.deepEqual([asked[3], decodeURIComponent(asked[4]!), asked[6]], ['na', PROBE, other.address]);

  assert.ok(!existsSync(join(folder, 'hole')));

  // What a program may do wrong; meanwhile others are served.
  const sleeping = submit(fourth, 'sleeper', 'x');
  await until('the sleeper is asked', async () =>
    calls().some(([, mac, user]) => mac === fourth.mac && user === 'sleeper'),
  );
  for (const bad of ['loud', 'killed', 'minus']) {
    const answer = await submit(other, bad, 'x');
    assert.match(answer.headers.location ?? '', /error=wrong$/, bad);
  }
  renameSync(join(folder, 'binauth'), join(folder, 'away'));
  assert.match((await submit(other, 'Guest', 'thanks')).headers.location ?? '', /error=busy$/, 'it is deleted');
  renameSync(join(folder, 'away'), join(folder, 'binauth'));
  assert.equal((await submit(other, 'child', 'x')).headers.location, PROBE);
  assert.equal((await other.ask(PROBE)).status, 204);

  assert.equal((await staff.ask(`http://${WEB}/bytes/300000`)).body.length, 300_000);
  await staff.ask({ url: `http://${WEB}/`, method: 'POST', body: 'x'.repeat(100_000) });
  const out = await staff.ask(`${PORTAL}/nodogsplash_deny/`);
  assert.equal(out.status, 200, 'without the token it only asks');
  const form = String(new URLSearchParams({ tok: field(out.body, 'tok') }));
  assert.equal((await staff.ask({ url: `${PORTAL}/nodogsplash_deny/`, method: 'POST', body: form })).status, 303);
  assert.equal((await staff.ask(PROBE)).status, 307);
  const [, , got, sent, start, last] = (await heard('client_deauth', staff.mac)).map(Number) as number[];
  // What carries them, and what is sent again, comes on top.
  const isAbout = (bytes: number, carried: number) => carried > bytes && carried < 1.3 * bytes;
  assert.ok(isAbout(300_000, got!) && isAbout(100_000, sent!), `${got} bytes to, ${sent} from the client`);
  assert.ok(Math.abs(Date.now() / 1000 - start!) < 300 && last! >= start! && last! - start! < 300);
  const ndsctl = (...words: string[]) => runNdsctl(`${folder}/ctl`, ...words);
  const listed = JSON.parse(ndsctl('json')[1]) as { clients: Record<string, { state: string; token: string }> };
  const states = [staff, guest].map(({ mac }) => listed.clients[mac]?.state);
  assert.deepEqual(states, ['Preauthenticated', 'Authenticated']);
  const { token } = listed.clients[staff.mac]!;
  assert.deepEqual(ndsctl('auth', token), [0, `Client ${token} authenticated.`]);
  assert.equal((await staff.ask(PROBE)).status, 204);
  await heard('ndsctl_auth', staff.mac);
  assert.deepEqual(ndsctl('auth', '02:00:5e:10:00:99'), [1, 'Failed to authenticate client 02:00:5e:10:00:99.']);
  assert.deepEqual(ndsctl('trust', staff.mac), [0, `MAC ${staff.mac} trusted.`]);
  assert.equal(ndsctl('trust', staff.mac)[0], 1);
  assert.deepEqual(ndsctl('deauth', staff.address), [0, `Client ${staff.address} deauthenticated.`]);
  assert.equal((await staff.ask(PROBE)).status, 204, 'trusted');
  assert.deepEqual(ndsctl('block', staff.mac), [0, `MAC ${staff.mac} blocked.`]);
  assert.equal(
    (await staff.ask({ url: PROBE, patienceMs: 1_500 })).error,
    'ETIMEDOUT',
    'blocked counts before trusted',
  );
  assert.equal(ndsctl('unblock', staff.mac)[0], 0);
  assert.equal(ndsctl('untrust', staff.mac)[0], 0);
  assert.match(ndsctl('clients')[1], new RegExp(`^4\n\n(?:.*\n)*mac=${guest.mac}\n`));
  assert.match(ndsctl('status')[1], /BinAuth: .*binauth/);

  assert.equal(ndsctl('auth', staff.mac)[0], 0);
  assert.equal(site.run('kick', staff.mac.toUpperCase()).status, 0, 'a card that gave no name');
  await other.stream('tcp');
  await other.stream('udp');
  assert.equal(site.run('kick', 'child').status, 0);
  const kicked = Date.now();
  for (const last of await lastOf(other)) assert.ok(last < kicked, `something got through ${last - kicked} ms later`);
  assert.equal((await other.ask(PROBE)).status, 307);
  await heard('ndsctl_deauth', other.mac);
  const began = await heard('client_auth', guest.mac);
  assert.equal(Number(began[5]) - Number(began[4]), 600);

  assert.equal((await guest.ask(`http://${WEB}/bytes/300000`)).body.length, 300_000);
  const login = await formFor(other, 'Guest', 'thanks');
  process.kill(helperOf(server.pid), 'SIGKILL');
  assert.equal((await other.ask(login)).headers.location, PROBE, 'a login in the moment that the helper dies');
  assert.equal((await other.ask(PROBE)).status, 204);
  assert.equal((await guest.ask(PROBE)).status, 204);
  assert.equal(ndsctl('deauth', other.mac)[0], 0);

  const endOf = (user: string) => who().sessions.find((one) => one.user === user)?.expires;
  const end = endOf('Guest');
  process.kill(helperOf(server.pid), 'SIGKILL');
  await server.stop('SIGKILL');
  assert.equal((await guest.ask(PROBE)).status, 204, 'a session goes on without the server');
  assert.equal((await other.ask(PROBE)).error, 'ECONNREFUSED', 'nobody else gets in');
  server = await site.start();
  assert.equal((await guest.ask(PROBE)).status, 204);
  assert.equal((await other.ask(PROBE)).status, 307);
  assert.equal(endOf('Guest'), end);
  const { downloaded } = JSON.parse(ndsctl('json', guest.mac)[1]) as { downloaded: string };
  assert.ok(Number(downloaded) >= 300 && Number(downloaded) < 400, `${downloaded} kB are counted on`);
  assert.equal(calls().filter(([event]) => event === 'shutdown_deauth').length, 0);

  assert.equal(await server.stop(), 0);
  const [, , bytes] = await heard('shutdown_deauth', guest.mac);
  assert.ok(Number(bytes) > 300_000);
  server = await site.start();
  await until('it is told that the session goes on', async () => {
    return calls().filter(([event, mac]) => event === 'client_auth' && mac === guest.mac).length === 2;
  });
  assert.equal((await guest.ask(PROBE)).status, 204);
  assert.equal(await server.stop(), 0);
  assert.equal(lab.inGateway('nft', 'list', 'ruleset'), before);
  await sleeping;
});

/** Its only child. */
function helperOf(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim();
  assert.match(children, /^\d+$/);
  return Number(children);
}
