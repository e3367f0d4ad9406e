/** Started as root, the server goes on as the user of run_as, in all of its threads; the helper alone stays root, and loads the firewall. */
// peers: nftables iproute2
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findSystemUser } from '../../src/platform/system-users.ts';
import { folderFor } from './children.ts';
import { type Instance, makeSite } from './gatehouse.ts';
import { asSeenByEverybody } from './own-network.ts';
import { until } from './portal-steps.ts';

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
    for (const line of ['link set lo up', 'link add br-lan type bridge', 'address add 10.77.0.1/16 dev br-lan'])
      must(`ip ${line}`);
    must('ip link set br-lan up');
    const before = must('nft list ruleset');
    const { uid, gid } = findSystemUser(USER)!;
    const socket = '/mnt/tmp/ndsctl.sock';
    const site = await makeSite(t, {
      yaml: `run_as: ${USER}\nportal: { interface: br-lan, ndsctl_socket: ${socket} }`,
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

    assert.equal(await server.stop(), 0, server.output());
    assert.equal(must('nft list ruleset'), before);
    await until('the helper ends', async () => !existsSync(`/proc/${helper}`));
    assert.ok(!existsSync(socket));

    // Nobody could give a second helper the rights of the first: the server ends, and whoever watches over it starts it again.
    const again = await site.start();
    process.kill(helperOf(again), 'SIGKILL');
    assert.equal(await again.exited, 1, again.output());
    await until('it says why', async () => /"level":"error".*the helper ended/.test(again.output()));

    // Found by root in the folder that it stands in, where the user does not find it.
    const hidden = folderFor(t, 'gatehouse-hidden');
    writeFileSync(join(hidden, 'gatehouse.yaml'), `run_as: ${USER}\n`);
    const up = [process.execPath, '/mnt/bin/gatehouse', 'up', '--data', join('/mnt/tmp', 'data')];
    const refused = spawnSync(up[0]!, up.slice(1), { cwd: hidden, encoding: 'utf8', timeout: 60_000 });
    assert.equal(refused.status, 1, refused.stderr);
    assert.match(refused.stderr, /gatehouse\.yaml: the user nobody .*\[RUN_AS_FILES\]/);
  }),
);
