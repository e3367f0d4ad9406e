/**
 * A FAS in PHP, examples/portal/fas.php, behind a real door: at each level its form lets a client in, and at level 3 its list, which the running door
 * asks for over TLS. A reload brings the next level.
 */
// peers: nftables iproute2 php-cli
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { endWith, folderFor } from './children.ts';
import { FAS_KEY } from './fas-server.ts';
import { makeSite } from './gatehouse.ts';
import { type LabClient, startLab, WEB } from './portal-lab.ts';
import { field, PROBE, until } from './portal-steps.ts';

const PHP_PORT = 8081;
const TLS_PORT = 8443;
const fixtures = join(import.meta.dirname, '..', 'fixtures', 'tls');
/** PHP's own server speaks no TLS. */
const FRONT = `
  import { readFileSync } from 'node:fs';
  import { connect } from 'node:net';
  import { createServer } from 'node:tls';
  const read = (name) => readFileSync(${JSON.stringify(fixtures)} + '/gate.' + name);
  createServer({ cert: read('pem'), key: read('key') }, (socket) => {
    const php = connect(${PHP_PORT}, '${WEB}');
    for (const one of [socket, php]) one.on('error', () => {}).on('close', () => { socket.destroy(); php.destroy(); });
    socket.pipe(php).pipe(socket);
  }).listen(${TLS_PORT}, '${WEB}');
`;

test('a page in PHP lets in at every level', async (t) => {
  const folder = folderFor(t, 'gatehouse-fas');
  const lists = join(folder, 'lists');
  mkdirSync(join(folder, 'pages'));
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'examples', 'portal', 'fas.php'), 'utf8');
  assert.match(page, new RegExp(`const KEY = '${FAS_KEY}';`));
  writeFileSync(join(folder, 'pages', 'fas.php'), page.replace("TERMS = '0 0 0 0 0'", "TERMS = '10 64 512 0 0'"));
  const lab = await startLab(t);
  const inside = (command: string, args: readonly string[]) => {
    const [enter, ...words] = [...lab.internet, command, ...args];
    endWith(t, spawn(enter!, words, { stdio: 'ignore', env: { ...process.env, FAS_LISTS: lists } }));
  };
  inside('php', ['-S', `${WEB}:${PHP_PORT}`, '-t', join(folder, 'pages')]);
  inside(process.execPath, ['--input-type=module', '-e', FRONT]);

  const client = await lab.client(1);
  const fas = (more: string) =>
    `portal: { interface: br-lan, name: "The 'Anchor', & more", ndsctl_socket: ${folder}/ctl, fas_address: ${WEB}, fas_path: /fas.php, ${more} }`;
  const level0 = `fas_level: 0, fas_port: ${PHP_PORT}`;
  const site = await makeSite(t, { enter: lab.gateway, yaml: fas(level0) });
  const yaml = join(site.folder, 'gatehouse.yaml');
  await site.start();
  await until('PHP serves', async () => (await client.ask(`http://${WEB}:${PHP_PORT}/fas.php`)).status === 400);

  const change = (more: string) => {
    assert.equal(site.run('kick', client.mac).status, 0);
    writeFileSync(
      yaml,
      readFileSync(yaml, 'utf8').replace(/^portal: .*$/m, () => fas(more)),
    );
    const { status, stderr } = site.run('reload');
    assert.equal(status, 0, stderr);
  };
  await byForm(client);
  change(`fas_level: 1, fas_port: ${PHP_PORT}, fas_key: ${FAS_KEY}`);
  await byForm(client);
  change(`fas_level: 2, fas_port: ${PHP_PORT}, fas_key: ${FAS_KEY}`);
  await byForm(client);

  const tls = `fas_port: ${TLS_PORT}, fas_name: gate.test, fas_ca: ${fixtures}/authority.pem, fas_poll_seconds: 1`;
  change(`fas_level: 3, fas_key: ${FAS_KEY}, ${tls}`);
  const { location = '' } = (await client.ask(PROBE)).headers;
  assert.match(location, new RegExp(`^https://gate\\.test:${TLS_PORT}/fas\\.php\\?fas=`));
  const secure = { at: WEB, url: location };
  const asked = await client.ask(secure);
  const action = /<form method="post" action="([^"]+)"/.exec(asked.body)?.[1]?.replaceAll('&amp;', '&');
  assert.ok(action, asked.body);
  assert.equal((await client.ask(PROBE)).status, 307);
  const agreed = await client.ask({ at: WEB, url: new URL(action, location).href, method: 'POST' });
  assert.match(agreed.body, /One moment/);
  await until('the door has asked and let him in', async () => (await client.ask(PROBE)).status === 204);
  await until('the page knows it', async () => readdirSync(lists, { recursive: true }).length === 1);
  const { sessions } = JSON.parse(site.run('who', '--json').stdout) as {
    sessions: { started: number; expires: number }[];
  };
  assert.deepEqual(
    sessions.map(({ started, expires }) => expires - started),
    [600_000],
  );
  assert.match(lab.inGateway('nft', 'list', 'limits'), /rate over 64000 bytes\/second|rate over 62.5 kbytes\/second/);
});

async function byForm(client: LabClient): Promise<void> {
  const probe = await client.ask(PROBE);
  assert.equal(probe.status, 307);
  const { body } = await client.ask(probe.headers.location!);
  const action = /<form method="get" action="([^"]+)"/.exec(body)?.[1]?.replaceAll('&amp;', '&');
  assert.ok(action, body);
  // What a form of GET does to a query that stands in its action.
  const to = new URL(action);
  to.search = String(new URLSearchParams({ tok: field(body, 'tok'), redir: field(body, 'redir') }));
  const done = await client.ask(to.href);
  assert.deepEqual([done.status, done.headers.location], [307, PROBE], done.body);
  assert.equal((await client.ask(PROBE)).status, 204);
}
