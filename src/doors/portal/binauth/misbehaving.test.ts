/** What a BinAuth program can do wrong, all of it at once and with real programs: each is answered in its way, and pages go on meanwhile. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openHelper } from '../../../platform/helper/helper.ts';
import { silentLog } from '../../../platform/log.ts';
import { startPages } from '../http/lab.ts';
import { createBinAuth } from './binauth.ts';

const PROGRAM = `#!/bin/sh
case "$3" in
  sleeper) echo $$ > "\${0%/*}/sleeper"; exec sleep 60;;
  loud) head -c 1073741824 /dev/zero; exit 0;;
  child) sleep 60 & echo $! > "\${0%/*}/child"; echo 500 0 0;;
  killed) echo 600 0 0; kill -9 $$;;
esac
`;
/** With pages as the budget has it. */
const FAST_MS = 20;

function lab(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-misbehaving-'));
  const file = join(folder, 'program');
  writeFileSync(file, PROGRAM, { mode: 0o755 });
  const helper = openHelper();
  t.after(async () => {
    await helper.close();
    rmSync(folder, { recursive: true });
  });
  const binauth = createBinAuth([file], helper, silentLog);
  const client = { mac: '02:00:5e:10:00:02', password: 'x', redir: '', userAgent: '', address: '127.0.0.2' };
  return { folder, file, ask: (user: string) => binauth.ask({ ...client, user }) };
}

test('a program that sleeps, floods, leaves a child, is killed or gone: pages of others stay fast', async (t) => {
  const { folder, file, ask } = lab(t);
  const { request } = await startPages(t);
  /** Until it is answered: how long the fastest page took that came before. */
  const pagesWhile = async (question: Promise<unknown>) => {
    let isAnswered = false;
    const done = question.finally(() => {
      isAnswered = true;
    });
    let fastest = Number.POSITIVE_INFINITY;
    while (!isAnswered) {
      const begun = performance.now();
      assert.equal((await request({ path: '/' })).status, 200);
      if (!isAnswered) fastest = Math.min(fastest, performance.now() - begun);
    }
    await done;
    return fastest;
  };
  const isThere = (pid: string) => existsSync(`/proc/${pid.trim()}`);

  const begun = performance.now();
  const sleeping = ask('sleeper');
  const loud = ask('loud');
  const fastest = await pagesWhile(loud);
  assert.ok(fastest < FAST_MS, `the fastest page took ${fastest} ms`);
  assert.deepEqual(await loud, {
    is: 'no',
    why: 'it printed no numbers: ????????????????????????????????????????????????????????????',
  });
  assert.deepEqual(await ask('killed'), { is: 'no', why: 'it was ended by SIGKILL' });
  assert.deepEqual(await ask('child'), {
    is: 'yes',
    seconds: 500,
    most: { sent: 0, received: 0 },
    rate: { sent: 0, received: 0 },
  });
  const child = readFileSync(join(folder, 'child'), 'utf8');
  assert.ok(isThere(child), 'it did not wait for what the program left behind');
  process.kill(Number(child), 'SIGKILL');
  rmSync(file);
  await assert.rejects(ask('anybody'), { code: 'PROGRAM_START', message: /ENOENT/ });

  const sleeper = readFileSync(join(folder, 'sleeper'), 'utf8');
  assert.ok(isThere(sleeper));
  assert.deepEqual(await sleeping, { is: 'no', why: 'its time was over' });
  assert.ok(performance.now() - begun >= 30_000 && !isThere(sleeper));
});
