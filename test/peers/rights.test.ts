/**
 * Started as root, the server goes on as the user of run_as, in all of its threads; the helper alone stays root, loads the firewall and asks BinAuth,
 * so that clients come in, and starts nothing but what was configured.
 */
// peers: nftables iproute2
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DEFAULTS } from '../../src/doors/portal/config/model.ts';
import { portalPermits } from '../../src/doors/portal/permits.ts';
import { openHelper } from '../../src/platform/helper/helper.ts';
import { findSystemUser } from '../../src/platform/system-users.ts';
import { folderFor } from './children.ts';
import { type Instance, makeSite, type Site } from './gatehouse.ts';
import { asSeenByEverybody } from './own-network.ts';
import { type Lab, startLab } from './portal-lab.ts';
import { logIn, PROBE, until } from './portal-steps.ts';

/** Every system has it, and nothing is lent to it. */
const USER = 'nobody';

const must = (line: string) => {
  const [command, ...args] = line.split(' ');
  const { status, stdout, stderr } = spawnSync(command!, args, { encoding: 'utf8' });
  assert.equal(status, 0, `${line}: ${stderr}`);
  return stdout;
};

/** Real, effective, saved and that of the file system, or the same of groups. */
const idsOf = (status: string, what: 'Uid' | 'Gid') =>
  new RegExp(`^${what}:\\s+(.*)$`, 'm').exec(status)![1]!.split(/\s+/).map(Number);

/** Of each thread; one that ends while they are read is left out. */
function statusesOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
    try {
      return readFileSync(`/proc/${pid}/task/${thread}/status`, 'latin1');
    } catch {
      return [];
    }
  });
}

function helperOf({ pid }: Instance): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ');
  assert.equal(children.length, 1, 'one child, which is the helper');
  return Number(children[0]);
}

test(
  'started as root it goes on as another user, and its helper keeps the rights',
  asSeenByEverybody(import.meta.filename, async (t) => {
    const lab = await startLab(t, process.pid);
    const programs = folderFor(t, 'gatehouse-programs');
    chmodSync(programs, 0o755);
    const binauth = join(programs, 'binauth');
    const says = `#!/bin/sh\n[ "$1 $3 $4" = "auth_client guest thanks" ] && echo 0 0 0 && id -u > ${programs}/ran-as\n`;
    writeFileSync(binauth, says, { mode: 0o755 });
    const before = must('nft list ruleset');
    const { uid, gid } = findSystemUser(USER)!;
    const socket = '/mnt/tmp/ndsctl.sock';
    const site = await makeSite(t, {
      yaml: `run_as: ${USER}\nportal: { interface: br-lan, ndsctl_socket: ${socket}, binauth: ${binauth} }`,
    });
    // As a start by root leaves it.
    mkdirSync(join(site.folder, 'backup'));
    const server = await site.start();

    const threads = statusesOf(server.pid);
    assert.ok(threads.length > 1);
    for (const status of threads) {
      assert.deepEqual([idsOf(status, 'Uid'), idsOf(status, 'Gid')], [Array(4).fill(uid), Array(4).fill(gid)]);
      assert.match(status, /^CapPrm:\s0+$/m);
    }
    const helper = helperOf(server);
    for (const status of statusesOf(helper)) assert.deepEqual(idsOf(status, 'Uid'), [0, 0, 0, 0]);
    // What is renamed or removed meanwhile has no owner any more.
    for (const name of ['.', ...(readdirSync(site.folder, { recursive: true }) as string[])])
      assert.equal(lstatSync(join(site.folder, name), { throwIfNoEntry: false })?.uid ?? uid, uid, name);
    assert.match(must('nft list ruleset'), /gatehouse_portal/);

    const added = site.import(['1000,a password of 1000,one@example.org']);
    assert.equal(added.status, 0, added.stderr);
    const who = site.run('who');
    assert.equal(who.status, 0, who.stderr);
    const reloaded = site.run('reload');
    assert.equal(reloaded.status, 0, reloaded.stderr);

    await comesIn(lab, site, join(programs, 'ran-as'));

    // The configuration may come to say something else; what root runs stays what it was.
    const config = join(site.folder, 'gatehouse.yaml');
    const written = readFileSync(config, 'utf8');
    writeFileSync(config, written.replace(binauth, '/bin/true'));
    const newProgram = site.run('reload');
    assert.equal(newProgram.status, 1);
    assert.match(newProgram.stderr, /name a program that the start did not.*\/bin\/true.*\[PROGRAM_NEW\]/s);
    writeFileSync(config, written);
    assert.match(server.output(), /nobody can change \S+gatehouse\.yaml, which says what root runs/);
    chmodSync(binauth, 0o777);
    const second = await lab.client(2);
    assert.match((await logIn(second, { username: 'guest', password: 'thanks' })).headers.location ?? '', /error=busy/);
    const complaint = /"part":"helper".*the user of this server can change/;
    await until('the helper says so itself', async () => complaint.test(server.output()));

    assert.equal(await server.stop(), 0, server.output());
    assert.equal(must('nft list ruleset'), before);
    await until('the helper ends', async () => !existsSync(`/proc/${helper}`));
    assert.ok(!existsSync(socket));

    await refusesOthers();
    assert.equal(must('nft list ruleset'), before);
    await assert.rejects(site.start(), /binauth: the user nobody can change this.*\[RUN_AS_PROGRAM\]/s);
    chmodSync(binauth, 0o755);

    // Nobody could give a second helper the rights of the first: the server ends, and whoever watches over it starts it again.
    const again = await site.start();
    process.kill(helperOf(again), 'SIGKILL');
    assert.equal(await again.exited, 1, again.output());
    await until('it says why', async () => /"level":"error".*the helper ended/.test(again.output()));

    // Found by root in the folder that it stands in, where the user does not find it.
    const hidden = folderFor(t, 'gatehouse-hidden');
    writeFileSync(join(hidden, 'gatehouse.yaml'), `run_as: ${USER}\n`);
    const up = ['/mnt/bin/gatehouse', 'up', '--data', join('/mnt/tmp', 'data')];
    const refused = (...words: string[]) => {
      const options = { cwd: hidden, encoding: 'utf8', timeout: 60_000 } as const;
      const { status, stderr } = spawnSync(process.execPath, [...up, ...words], options);
      assert.notEqual(status, 0, stderr);
      return stderr;
    };
    assert.match(refused(), /gatehouse\.yaml: the user nobody .*\[RUN_AS_FILES\]/);
    // Nor does it put pages of our own in place of those that it cannot read.
    const seen = join(programs, 'gatehouse.yaml');
    writeFileSync(seen, `run_as: ${USER}\nportal: { interface: br-lan, web_root: ${hidden} }\n`);
    assert.match(refused('--config', seen), /gatehouse-hidden\S+ cannot be read \(EACCES\).*\[PORTAL_PAGES\]/s);
  }),
);

/** By BinAuth, which root runs; out again by `kick`. */
async function comesIn(lab: Lab, site: Site, ranAs: string): Promise<void> {
  const client = await lab.client(1);
  const refused = await logIn(client, { username: 'guest', password: 'wrong' });
  assert.match(refused.headers.location ?? '', /error=wrong/);
  const passed = await logIn(client, { username: 'guest', password: 'thanks' });
  assert.deepEqual([passed.status, passed.headers.location], [303, PROBE]);
  assert.equal((await client.ask(PROBE)).status, 204);
  assert.equal(readFileSync(ranAs, 'utf8'), '0\n');
  const kicked = site.run('kick', 'guest');
  assert.equal(kicked.status, 0, kicked.stderr);
  assert.equal((await client.ask(PROBE)).status, 307);
}

/** The helper with the list of a server, asked by somebody who took main over. */
async function refusesOthers(): Promise<void> {
  const permits = portalPermits({ ...DEFAULTS, interface: 'br-lan' });
  const helper = openHelper({ permitted: { permits } });
  const env = { PATH: '/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' };
  const nft = (script: string) =>
    helper.run({
      file: 'nft',
      args: ['-f', '-'],
      stdin: Buffer.from(script),
      env,
      timeoutMs: 30_000,
      maxOutputBytes: 999,
    });
  const ours = 'inet gatehouse_portal';
  assert.equal((await nft(`add table ${ours}\n`)).exitCode, 0);
  assert.match(must('nft list ruleset'), /gatehouse_portal/);
  for (const script of ['flush ruleset', `delete table ${ours}; add table inet other`, 'include "/etc/shadow"'])
    await assert.rejects(nft(script), { code: 'PROGRAM_REFUSED' });
  const shell = { file: '/bin/sh', args: ['-c', 'true'], env, timeoutMs: 30_000, maxOutputBytes: 999 };
  await assert.rejects(helper.run(shell), { code: 'PROGRAM_REFUSED' });
  assert.equal((await nft(`delete table ${ours}`)).exitCode, 0);
  await helper.close();
}
