import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { on } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openHelper } from './helper.ts';
import type { Order, Report } from './messages.ts';
import { ANY, exposedIn, judge, type Permit, type PermitList } from './permit.ts';
import type { ProgramRun } from './types.ts';

const ENV = { PATH: '/usr/local/bin:/usr/bin:/bin' };
const STRANGER = { uid: 4_000_000_001, gids: [4_000_000_002] };
const permit = (more: Partial<Permit>): Permit => ({ file: 'env', args: [], env: ENV, ...more });
const asked = (more: Partial<ProgramRun>): ProgramRun => ({
  ...{ file: 'env', args: [], env: ENV, timeoutMs: 30_000, maxOutputBytes: 4096 },
  ...more,
});
const isStarted = (run: Partial<ProgramRun>, more: Partial<Permit> = {}, list: Partial<PermitList> = {}) =>
  'run' in judge(asked(run), { permits: [permit(more)], ...list });

function fileFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-permit-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'program');
  writeFileSync(file, '#!/bin/sh\n', { mode: 0o755 });
  return file;
}

test('a program of the list, found where the list says, with the arguments that it names', () => {
  assert.ok(isStarted({}));
  assert.ok(!isStarted({ file: '/bin/sh' }));
  assert.ok(!isStarted({ file: '/usr/bin/env' }), 'under the name of the list only');
  assert.ok(!isStarted({ args: ['x'] }));
  const args = ['-f', /^[a-z]+$/];
  assert.ok(isStarted({ args: ['-f', 'abc'] }, { args }));
  for (const wrong of [[], ['-f'], ['-f', 'A'], ['-g', 'abc'], ['-f', 'abc', 'x']])
    assert.ok(!isStarted({ args: wrong }, { args }), wrong.join(' '));
  assert.ok(isStarted({ args: ['-f', 'abc', '', '\n'] }, { args, rest: ANY }));
  assert.ok(!isStarted({ args: ['-f', 'abc', '1', 'x'] }, { args, rest: /^\d$/ }));
  const judged = judge(asked({}), { permits: [permit({})] });
  assert.ok('run' in judged && /^\/(?:usr\/)?bin\/env$/.test(judged.run.file));
  assert.deepEqual(judge(asked({ file: 'no-such' }), { permits: [permit({ file: 'no-such' })] }), { missing: true });
});

test('its variables, folder, user, input and terminal', () => {
  assert.ok(isStarted({ env: { ...ENV, GATEHOUSE_USER: '() { :; }' } }));
  assert.ok(isStarted({ env: {} }));
  for (const [name, value] of Object.entries({
    LD_PRELOAD: '/tmp/x.so',
    PATH: '/tmp',
    GATEHOUSE_: 'x',
    GATEHOUSE_a: 'x',
  }))
    assert.ok(!isStarted({ env: { [name]: value } }), name);
  assert.ok(isStarted({ cwd: '/' }));
  assert.ok(!isStarted({ cwd: '/tmp' }));
  assert.ok(!isStarted({ user: { uid: 1, gid: 1 } }));
  const stdin = Buffer.from('flush ruleset');
  assert.ok(!isStarted({ stdin }));
  assert.ok(isStarted({ stdin: Buffer.of() }));
  const nft = { nftTable: 'inet house' };
  assert.ok(!isStarted({ stdin }, nft));
  assert.ok(isStarted({ stdin: Buffer.from('add table inet house\n') }, nft));
  const terminal = (path: string) => ({ terminal: { path, kind: 'raw' } }) as const;
  assert.ok(!isStarted(terminal('/dev/null')));
  assert.ok(isStarted(terminal('/dev/null'), { terminals: ['/nowhere', '/dev/null'] }));
  for (const path of ['/dev/zero', '/dev/../dev/null', '/nowhere', '/etc/passwd'])
    assert.ok(!isStarted(terminal(path), { terminals: ['/nowhere', '/dev/null', '/etc/passwd'] }), path);
});

test('nothing that the user can change, nor a file of its own arguments; a terminal by its link of now', (t) => {
  const file = fileFor(t);
  const list = (more: Partial<Permit>) => ({ permits: [permit(more)], unchangedBy: STRANGER });
  const isIn = (run: Partial<ProgramRun>, more: Partial<Permit>) => 'run' in judge(asked(run), list(more));
  assert.ok(isIn({ file }, { file }));
  chmodSync(file, 0o777);
  assert.ok(!isIn({ file }, { file }));
  assert.ok(isStarted({ file }, { file }), 'where nobody has less rights');
  assert.equal(exposedIn(list({ file })), file);
  assert.ok(!isIn({ args: [file, 'x'] }, { args: [file, 'x'] }));
  assert.ok(isIn({ args: ['/etc/passwd', 'x'] }, { args: ['/etc/passwd', 'x'] }));
  assert.ok(isIn({ args: [file] }, { args: [/^\//] }));
  assert.equal(exposedIn(list({ args: [file] })), file);
  assert.equal(exposedIn(list({ args: [/^x/, '/dev/null', '/nowhere/x', 'word'] })), undefined);

  symlinkSync('/dev/zero', `${file}-line`);
  const terminal = { path: '/dev/zero', kind: 'raw' } as const;
  assert.ok(isStarted({ terminal }, { terminals: [`${file}-line`] }));
  rmSync(`${file}-line`);
  symlinkSync('/dev/null', `${file}-line`);
  assert.ok(!isStarted({ terminal }, { terminals: [`${file}-line`] }));
});

test('a helper with a list starts what stands there and nothing else, also the one that comes after it', async (t) => {
  const permitted = { permits: [permit({ file: '/bin/echo', rest: /^\w+$/ })] };
  const helper = openHelper({ permitted });
  t.after(() => helper.close());
  assert.equal(String((await helper.run(asked({ file: '/bin/echo', args: ['yes'] }))).stdout), 'yes\n');
  const shell = asked({ file: '/bin/sh', args: ['-c', 'echo no'] });
  await assert.rejects(helper.run(shell), { code: 'PROGRAM_REFUSED', message: /^\/bin\/sh is not started: / });
  // It holds for those to come as well.
  process.kill(helper.pid!, 'SIGKILL');
  await assert.rejects(helper.run(shell), { code: 'PROGRAM_REFUSED' });
});

test('whoever has taken over main gives it no other list, and no request that main itself would not send', async (t) => {
  const helper = fork(join(import.meta.dirname, 'process.ts'), { env: {}, execArgv: [], serialization: 'advanced' });
  t.after(() => helper.kill('SIGKILL'));
  const reports = on(helper, 'message');
  const order = (one: Order) => helper.send(one);
  const ends = async (id: number, run: ProgramRun) => {
    order({ id, run });
    for (;;) {
      const { value } = await reports.next();
      const [report] = value as [Report];
      if (report.id === id && !('begins' in report) && !('started' in report)) return report;
    }
  };
  order({ permitted: { permits: [permit({ file: '/bin/echo', rest: ANY })] } });
  order({ permitted: { permits: [permit({ file: '/bin/sh', rest: ANY })] } });
  const isRefused = async (id: number, run: Partial<ProgramRun>) =>
    assert.ok('refused' in (await ends(id, asked({ file: '/bin/echo', ...run }))), JSON.stringify(run));
  await isRefused(1, { file: '/bin/sh' });
  await isRefused(2, { args: [['x']] as never });
  await isRefused(3, { file: ['/bin/echo'] as never });
  await isRefused(4, { env: { GATEHOUSE_X: {} as never } });
  await isRefused(5, { stdin: 'text' as never });
  await isRefused(6, { timeoutMs: Number.NaN });
  await isRefused(7, { maxOutputBytes: 1e12 });
  assert.ok('result' in (await ends(8, asked({ file: '/bin/echo', args: ['x'] }))));
});
