/**
 * The login as a person sees it, in Chromium on a screen of a telephone's size: the page and BinAuth program of nodogsplash's manual where it
 * is at hand, else ours of the same contract; then a FAS whose page is elsewhere.
 */
// peers: nftables iproute2 chromium
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { folderFor } from './children.ts';
import { FAS_KEY } from './fas-server.ts';
import { makeSite } from './gatehouse.ts';
import { FAS_PORT, GATEWAY, startLab, WEB } from './portal-lab.ts';
import { readManual } from './portal-manual.ts';
import { logIn, PORTAL, PROBE } from './portal-steps.ts';
import { openWebPage, type View } from './web-page.ts';

const LIGHT: View = { width: 390, height: 844, dark: false };
const DARK: View = { ...LIGHT, dark: true };
const examples = join(import.meta.dirname, '..', '..', 'examples', 'portal');

/** Adds up to nothing where all is well: what stands out to the side, pictures that did not come, a white page in the dark. */
const FAULTS = `[
  document.documentElement.scrollWidth > innerWidth && 'too wide',
  ...[...document.images].map((image) => image.naturalWidth === 0 && 'no picture ' + image.src),
  matchMedia('(prefers-color-scheme: dark)').matches && Number(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]) > 80 && 'white',
].filter(Boolean)`;

function installProgram(folder: string): string {
  const program = join(folder, 'binauth.sh');
  const seeds = process.env.GATEHOUSE_SEEDS;
  if (seeds) {
    const { sitewide, page } = readManual(seeds);
    writeFileSync(program, sitewide, { mode: 0o755 });
    mkdirSync(join(folder, 'htdocs'));
    writeFileSync(join(folder, 'htdocs', 'splash_sitewide.html'), page);
    return `BinAuth ${program}\nWebRoot ${folder}/htdocs\nSplashPage splash_sitewide.html\n`;
  }
  copyFileSync(join(examples, 'binauth-groups.sh'), program);
  chmodSync(program, 0o755);
  writeFileSync(join(folder, 'binauth-groups.list'), '# NAME SECONDS PASSWORD\nStaff 0 weneedit\nGuest 600 thanks\n');
  return `BinAuth ${program}\n`;
}

test('a guest logs in on the page, by the program of the manual, and by a FAS', async (t) => {
  const folder = folderFor(t, 'gatehouse-pages');
  const conf = join(folder, 'nodogsplash.conf');
  const common = `GatewayInterface br-lan\nGatewayName The Anchor\nSessionTimeout 60\nNdsctlSocket ${folder}/ctl\nFirewallRuleSet users-to-router {\n  FirewallRule allow udp port 53\n}\n`;
  writeFileSync(conf, common + installProgram(folder));
  const lab = await startLab(t);
  const [guest, staff] = [await lab.client(1), await lab.client(2)];
  const site = await makeSite(t, { enter: lab.gateway, yaml: `portal: { config: ${conf}, login: password }` });
  const server = await site.start();
  const page = await openWebPage(t, { enter: guest.enter, allHostsAre: WEB, but: [GATEWAY] });
  const secondsOf = (user: string) => {
    const { sessions } = JSON.parse(site.run('who', '--json').stdout) as {
      sessions: { user: string; started: number; expires: number }[];
    };
    const row = sessions.find((one) => one.user === user);
    return row && (row.expires - row.started) / 1000;
  };
  const look = async (name: string) => {
    for (const view of [LIGHT, DARK]) {
      await page.view(view);
      assert.deepEqual(await page.evaluate(FAULTS), [], name);
      await page.shoot(`${name}-${view.dark ? 'dark' : 'light'}`);
    }
  };

  await page.open('http://example.com/hello');
  assert.match(await page.url(), new RegExp(`^${PORTAL}/splash`));
  await page.shows(/The Anchor/);
  await look('login');
  await page.fill('username', 'Guest');
  await page.fill('password', 'wrong');
  await page.press();
  await page.shows(/The name or password is wrong\./);
  await look('refused');
  await page.fill('username', 'Guest');
  await page.fill('password', 'thanks');
  await page.press();
  await page.shows(/^internet GET example\.com \/hello/);
  assert.equal(secondsOf('Guest'), 600);
  await logIn(staff, { username: 'Staff', password: 'weneedit' });
  assert.equal(secondsOf('Staff'), 3600, 'the global time');

  writeFileSync(conf, readFileSync(conf, 'utf8').replace('The Anchor', 'The Crown'));
  const reloaded = site.run('reload');
  assert.equal(reloaded.status, 0, reloaded.stderr);
  assert.match(reloaded.stdout, /portal\.name/);
  assert.equal((await staff.ask(PROBE)).status, 204, 'nobody is put out by it');
  await page.open(`${PORTAL}/`);
  await page.shows(/The Crown/);
  await look('status');
  await page.press();
  assert.match(await page.url(), new RegExp(`^${PORTAL}/`));
  assert.equal((await guest.ask(PROBE)).status, 307);
  assert.equal(site.run('kick', 'Staff').status, 0);
  assert.equal(await server.stop(), 0);

  writeFileSync(conf, `${common}FASPort ${FAS_PORT}\nFASRemoteIP ${WEB}\nfas_secure_enabled 2\nFASKey ${FAS_KEY}\n`);
  const yaml = join(site.folder, 'gatehouse.yaml');
  writeFileSync(yaml, readFileSync(yaml, 'utf8').replace(', login: password', ''));
  await site.start();
  assert.equal((await staff.ask(`http://${WEB}:${FAS_PORT}/`)).status, 200);
  assert.equal((await staff.ask(`http://${WEB}:443/`)).error, 'ECONNREFUSED');
  await page.open('http://example.com/fas');
  assert.match(await page.url(), new RegExp(`^http://${WEB}:${FAS_PORT}/\\?fas=`));
  await page.press();
  await page.shows(/^internet GET example\.com \/fas/);
  assert.equal(secondsOf(guest.mac), 3600);
});
