// peers: npm
/**
 * A newcomer's first minutes: the tracked files on a machine that has an old Node with its npm and no compiler; `npm ci`, `npm start`,
 * a user, a telephone.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './peers/ports.ts';
import { findProgram } from './peers.ts';
import { register, sipClient, statusOf } from './sip-client.ts';

const ROOT = join(import.meta.dirname, '..');
/** What npm and our programs use besides node; above all no cc, make or python. */
const TOOLS = ['env', 'sh', 'git'];

test('npm ci and npm start on a fresh machine, then a user and a telephone', async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'gatehouse-fresh-'));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const checkout = join(home, 'gatehouse');
  copyTracked(checkout);
  const [sipPort, httpPort] = [await freePort(), await freePort()];
  const environment = {
    PATH: programsOnly(join(home, 'bin')),
    HOME: home,
    // The packages of a run before this one: fetched once, checked against the lock file each time.
    npm_config_cache:
      process.env.npm_config_cache ?? spawnSync('npm', ['config', 'get', 'cache'], { encoding: 'utf8' }).stdout.trim(),
    npm_config_prefer_offline: 'true',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
    GATEHOUSE__SIP__LISTEN: `127.0.0.1:${sipPort}`,
    GATEHOUSE__HTTP__LISTEN: `127.0.0.1:${httpPort}`,
    ...registryOf(process.env),
  };
  const runs = (program: string, ...args: string[]) =>
    spawnSync(program, args, { cwd: checkout, env: environment, encoding: 'utf8', timeout: 120_000 });

  const installed = runs('npm', 'ci');
  assert.equal(installed.status, 0, installed.stderr);

  const data = join(home, 'data');
  const server = spawn('npm', ['start', '--', '--data', data], {
    cwd: checkout,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  t.after(() => {
    // The whole group: npm, the launcher, the server. All of it is gone when the test went well.
    try {
      process.kill(-server.pid!, 'SIGKILL');
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ESRCH');
    }
  });
  let said = '';
  for (const stream of [server.stdout, server.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  for (let waited = 0; !said.includes('Ctrl-C stops it.'); waited += 50) {
    assert.ok(server.exitCode === null && waited < 20_000, said);
    await sleep(50);
  }
  assert.equal((await fetch(`http://127.0.0.1:${httpPort}/healthz`)).status, 200);

  const added = runs('./bin/gatehouse', 'user', 'add', '1000', 'password1', '--data', data);
  assert.equal(added.status, 0, added.stderr);
  const sip = `127.0.0.1:${sipPort}`;
  const phone = await sipClient(t, sip);
  assert.equal(statusOf(await register(phone, { domain: sip, user: '1000', password: 'password1' })), 200, said);
  const serctl = spawnSync(join(checkout, 'bin', 'serctl'), ['add', '1001', 'password2', 'user2@example.com'], {
    cwd: checkout,
    env: { ...environment, GATEHOUSE_DATA: data },
    encoding: 'utf8',
  });
  assert.match(serctl.stdout, /^new user added$/m, serctl.stderr);
  assert.match(runs('./bin/gatehouse', 'who', '--data', data).stdout, /^1000 +sip /m);

  server.kill('SIGTERM');
  await once(server, 'exit');
  assert.match(said, /SIGTERM: stopping/);
  // npm ends by the signal; whether the server is gone shows at its port.
  for (let waited = 0; ; waited += 50) {
    const answer = await fetch(`http://127.0.0.1:${httpPort}/healthz`).catch(() => undefined);
    if (answer === undefined) break;
    assert.ok(waited < 5_000, 'the server goes on without npm');
    await sleep(50);
  }
});

function copyTracked(checkout: string): void {
  // Also what is new and not yet committed, as a tester's checkout would have it.
  const listed = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  assert.equal(listed.status, 0, listed.stderr);
  for (const file of listed.stdout.split('\0').filter(Boolean)) {
    mkdirSync(dirname(join(checkout, file)), { recursive: true });
    // Deleted, but not yet from the index.
    if (existsSync(join(ROOT, file))) cpSync(join(ROOT, file), join(checkout, file));
  }
}

/** A folder with the system's Node and npm, the shell, and nothing else. */
function programsOnly(folder: string): string {
  mkdirSync(folder);
  // Not the Node on PATH: within a test run that is the one among our packages.
  const node = ['/usr/bin/node', '/usr/local/bin/node'].find((path) => existsSync(path)) ?? process.execPath;
  symlinkSync(realpathSync(node), join(folder, 'node'));
  symlinkSync(realpathSync(findProgram('npm')!), join(folder, 'npm'));
  for (const tool of TOOLS) symlinkSync(findProgram(tool)!, join(folder, tool));
  return folder;
}

/** How this machine reaches the registry. */
function registryOf(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const wanted =
    /^(npm_config_(registry|cafile|proxy|https_proxy|noproxy|userconfig)|https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS)$/i;
  return Object.fromEntries(Object.entries(environment).filter(([name]) => wanted.test(name)));
}
