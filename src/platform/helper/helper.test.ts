import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type HelperLimits, openHelper } from './helper.ts';
import type { ProgramRun } from './types.ts';

const ENV = { PATH: '/usr/local/bin:/usr/bin:/bin' };
const LIMITS = { timeoutMs: 60_000, maxOutputBytes: 4096 };

const program = (file: string, args: string[] = [], more: Partial<ProgramRun> = {}): ProgramRun => ({
  ...{ file, args, env: ENV },
  ...LIMITS,
  ...more,
});
const shell = (script: string, more: Partial<ProgramRun> = {}) => program('/bin/sh', ['-c', script], more);

function helperFor(t: TestContext, limits?: HelperLimits) {
  const helper = openHelper(limits && { limits });
  t.after(() => helper.close());
  return helper;
}

/** A process that is there and no zombie. */
function isAlive(pid: number): boolean {
  const file = `/proc/${pid}/stat`;
  try {
    return existsSync(file) && !/^\d+ \(.*\) Z /s.test(readFileSync(file, 'latin1'));
  } catch {
    return false;
  }
}

async function until(what: () => boolean): Promise<void> {
  const end = Date.now() + 30_000;
  while (!what()) {
    assert.ok(Date.now() < end, `in vain: ${what}`);
    await delay(10);
  }
}

test('input, arguments as they are, a whole environment, output and exit status', async (t) => {
  const helper = helperFor(t);
  assert.equal(helper.pid, undefined);
  const argument = '$(id) "; *';
  const done = await helper.run({
    ...program('/bin/sh', ['-c', 'cat; printf "%s|" "$@" >&2; pwd >&2; exit 3', 'sh', argument, '', 'ü']),
    stdin: Buffer.from('a\0b\n'),
    cwd: '/tmp',
  });
  assert.deepEqual([done.exitCode, done.signal, done.timedOut], [3, null, false]);
  assert.deepEqual([done.stdout.toString(), done.stderr.toString()], ['a\0b\n', `${argument}||ü|/tmp\n`]);
  const { stdout } = await helper.run(program('env', [], { env: { ...ENV, X: 'a=b' } }));
  assert.deepEqual(stdout.toString(), `PATH=${ENV.PATH}\nX=a=b\n`);
});

test('what a program says past its limit is dropped, and does not hold it up', async (t) => {
  const done = await helperFor(t).run(shell('head -c 3000000 /dev/zero; echo end >&2', { maxOutputBytes: 10 }));
  assert.deepEqual([done.exitCode, done.stdout.length, done.stderr.toString()], [0, 10, 'end\n']);
});

test('a program that does not read its input, and one that leaves something behind with its output', async (t) => {
  const helper = helperFor(t);
  const deaf = await helper.run(program('true', [], { stdin: Buffer.alloc(1 << 20) }));
  assert.equal(deaf.exitCode, 0);
  const done = await helper.run(shell('sleep 1000 & echo $!'));
  process.kill(Number(done.stdout), 'SIGKILL');
  assert.deepEqual([done.exitCode, done.timedOut], [0, false]);
});

test('what cannot be: NUL, limits, no such program, no right to it', async (t) => {
  const helper = helperFor(t);
  for (const run of [
    program('true', ['a\0b']),
    program('tr\0ue'),
    program('true', [], { env: { A: '\0' } }),
    program('true', [], { cwd: '/\0' }),
    program(''),
    program('true', ['x'.repeat(70_000)]),
    program('true', [], { timeoutMs: 0 }),
    program('true', [], { stdin: Buffer.alloc((1 << 20) + 1) }),
  ])
    await assert.rejects(helper.run(run), { code: 'PROGRAM_REQUEST' });
  assert.equal(helper.pid, undefined);
  await assert.rejects(helper.run(program('no-such-program')), { code: 'PROGRAM_START', message: /ENOENT/ });
  await assert.rejects(helper.run(program('/etc/passwd')), { code: 'PROGRAM_START', message: /EACCES/ });
  await assert.rejects(helper.run(program('true', [], { cwd: '/nowhere' })), { code: 'PROGRAM_START' });
});

test('another user, where root asks; nobody else can', async (t) => {
  const run = helperFor(t).run(shell('id -u; id -g', { user: { uid: 65_534, gid: 65_533 } }));
  if (process.getuid?.() === 0) assert.equal((await run).stdout.toString(), '65534\n65533\n');
  else await assert.rejects(run, { code: 'PROGRAM_START', message: /EPERM/ });
});

test('a time-out ends the whole group: those who listen by SIGTERM, the others by SIGKILL', async (t) => {
  const helper = helperFor(t);
  const scripts: readonly [script: string, signal: string][] = [
    ['sleep 1000 & echo $!; wait', 'SIGTERM'],
    ['trap "" TERM; sleep 1000 & echo $!; while :; do sleep 1; done', 'SIGKILL'],
    // The leader goes by SIGTERM, what it started has to be forced.
    ['(trap "" TERM; echo; while :; do sleep 1; done) & echo $!; wait', 'SIGTERM'],
  ];
  const ends = scripts.map(async ([script, expected]) => {
    const { exitCode, signal, timedOut, stdout } = await helper.run(shell(script, { timeoutMs: 5000 }));
    assert.deepEqual([exitCode, signal, timedOut], [null, expected, true], script);
    const pid = Number(stdout);
    assert.ok(pid > 1, script);
    await until(() => !isAlive(pid));
  });
  await Promise.all(ends);
});

test('so many at once, so many waiting, and no longer than they may run', async (t) => {
  const helper = helperFor(t, { atOnce: 1, waiting: 1 });
  const first = helper.run(shell('echo 1'));
  const second = helper.run(shell('echo 2'));
  await assert.rejects(helper.run(shell('echo 3')), { code: 'PROGRAM_QUEUE' });
  assert.deepEqual([(await first).stdout.toString(), (await second).stdout.toString()], ['1\n', '2\n']);
  const long = assert.rejects(helper.run(shell('exec sleep 1000')), { code: 'PROGRAM_LOST' });
  await assert.rejects(helper.run(shell('echo 4', { timeoutMs: 100 })), { code: 'PROGRAM_QUEUE' });
  await helper.close();
  await long;
});

test('a helper that dies: what it began is ended and told so, all else is run once, by the next one', async (t) => {
  const helper = helperFor(t, { atOnce: 3, waiting: 1 });
  const first = helper.run(shell('exec sleep 1000'));
  // When this one has ended, the start of the first was told.
  await helper.run(program('true'));
  const before = helper.pid!;
  const [sleeper = 0] = childrenOf(before);
  process.kill(before, 'SIGSTOP');
  await until(() => /^\d+ \(.*\) T /s.test(readFileSync(`/proc/${before}/stat`, 'latin1')));
  const unread = [helper.run(shell('echo 2')), helper.run(shell('echo 3'))];
  const waiting = helper.run(shell('echo 4'));
  process.kill(before, 'SIGKILL');
  await assert.rejects(first, { code: 'PROGRAM_LOST' });
  assert.deepEqual(
    (await Promise.all([...unread, waiting])).map(({ stdout }) => String(stdout)),
    ['2\n', '3\n', '4\n'],
  );
  assert.notEqual(helper.pid, before);
  await until(() => !isAlive(sleeper));
  // One that is dead already when it is asked, which main has not heard of yet.
  process.kill(helper.pid!, 'SIGKILL');
  assert.equal(String((await helper.run(shell('echo 5'))).stdout), '5\n');
  await helper.close();
  await assert.rejects(helper.run(shell('echo 6')), { code: 'PROGRAM_LOST' });
});

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').map(Number);
}

test('a main that is killed takes helper and programs with it; signals to the helper do not', async (t) => {
  const script = `
    import { openHelper } from ${JSON.stringify(join(import.meta.dirname, 'helper.ts'))};
    const helper = openHelper();
    const run = (script) => helper.run({ file: '/bin/sh', args: ['-c', script], env: {}, timeoutMs: 1e6, maxOutputBytes: 100 });
    await run('true');
    process.kill(helper.pid, 'SIGTERM');
    process.kill(helper.pid, 'SIGINT');
    const { stdout } = await run('echo 7');
    run('exec /bin/sleep 1000');
    console.log(helper.pid, String(stdout));
  `;
  const main = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => main.kill('SIGKILL'));
  const [said] = await once(main.stdout, 'data');
  const [helper = 0, answer] = String(said).split(' ').map(Number);
  assert.equal(answer, 7);
  await until(() => childrenOf(helper)[0]! > 0);
  const [sleeper = 0] = childrenOf(helper);
  main.kill('SIGKILL');
  await until(() => !isAlive(helper) && !isAlive(sleeper));
});

test('a program that is not wanted any more is ended, and one that waits is not started', async (t) => {
  const helper = helperFor(t, { atOnce: 1, waiting: 1 });
  const end = new AbortController();
  const first = helper.run(shell('trap "" TERM; echo; while :; do sleep 1; done', { graceMs: 50 }), end.signal);
  const second = assert.rejects(helper.run(shell('true'), end.signal), { code: 'PROGRAM_LOST' });
  end.abort();
  await second;
  const { signal, timedOut } = await first;
  assert.deepEqual([['SIGTERM', 'SIGKILL'].includes(signal!), timedOut], [true, false]);
  assert.equal((await helper.run(shell('echo 1'))).stdout.toString(), '1\n');
});

test('one that is started once is there before it is asked, and when it ends there is no other', async (t) => {
  const helper = helperFor(t);
  const { promise: lost, resolve } = Promise.withResolvers<void>();
  helper.startOnce(resolve);
  assert.ok(isAlive(helper.pid!));
  assert.equal((await helper.run(shell('echo $PPID'))).stdout.toString(), `${helper.pid}\n`);
  const hangs = assert.rejects(helper.run(shell('exec sleep 60')), { code: 'PROGRAM_LOST' });
  process.kill(helper.pid!, 'SIGKILL');
  await Promise.all([lost, hangs]);
  assert.equal(helper.pid, undefined);
  await assert.rejects(helper.run(shell(':')), { code: 'PROGRAM_LOST' });
});
