import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { lockLine } from './lock.ts';

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-lock-'));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'lock'));
  return folder;
}

/** A device, as far as locks go: under a path of its own. */
function lineIn(folder: string) {
  const path = join(folder, 'modem1');
  const name = path.slice(1).replaceAll('/', '_');
  const lockDirectory = join(folder, 'lock');
  return { path, lockDirectory, file: join(lockDirectory, `LCK..${name}`), files: () => readdirSync(lockDirectory) };
}

/** Of a process that has just ended. */
const endedPid = () => spawnSync('true').pid;

test('one lock for each name, with the pid ten wide; all gone after release', async (t) => {
  const folder = folderFor(t);
  const { lockDirectory, files } = lineIn(folder);
  const alias = join(folder, 'modem');
  symlinkSync('/dev/null', alias);
  const lock = await lockLine(alias, { waitMs: 0, lockDirectory });
  const expected = [`LCK..${alias.slice(1).replaceAll('/', '_')}`, 'LCK..null'].sort();
  assert.deepEqual(files().sort(), expected);
  assert.equal(readFileSync(join(lockDirectory, 'LCK..null'), 'latin1'), `${String(process.pid).padStart(10)}\n`);
  await assert.rejects(lockLine('/dev/null', { waitMs: 0, lockDirectory }), { code: 'LINE_LOCKED' });
  lock.release();
  assert.deepEqual(files(), []);
});

test('stale ones of every form go: decimal, binary, zeros, our own pid of an earlier life, empty and old', async (t) => {
  const { path, lockDirectory, file, files } = lineIn(folderFor(t));
  const pid = endedPid();
  const binary = Buffer.alloc(4);
  binary.writeInt32LE(pid);
  for (const stale of [
    `${pid}\n`,
    `${String(pid).padStart(10, '0')}\n`,
    `  ${pid} kppp\n`,
    binary,
    `${process.pid}\n`,
    '',
  ]) {
    writeFileSync(file, stale);
    if (stale === '') utimesSync(file, 1, 1);
    const lock = await lockLine(path, { waitMs: 0, lockDirectory });
    lock.release();
    assert.deepEqual(files(), []);
  }
});

test('those that live or cannot be judged stay, and the error names the holder', async (t) => {
  const { path, lockDirectory, file, files } = lineIn(folderFor(t));
  const binary = Buffer.alloc(4);
  binary.writeInt32LE(process.ppid);
  for (const [content, message] of [
    [`${process.ppid}\n`, new RegExp(`locked by ${process.ppid} \\S+`)],
    [binary, new RegExp(`locked by ${process.ppid} \\S+`)],
    ['', /empty yet/],
    ['hello\n', /no process id: "hello/],
    ['-1\n', /no process id/],
  ] as const) {
    writeFileSync(file, content);
    await assert.rejects(lockLine(path, { waitMs: 0, lockDirectory }), { code: 'LINE_LOCKED', message });
    assert.equal(files().length, 1);
  }
});

test('waits for a holder, says for whom once, and goes on when it is gone; a signal ends the wait', async (t) => {
  const { path, lockDirectory, file } = lineIn(folderFor(t));
  writeFileSync(file, `${process.ppid}\n`);
  const holders: string[] = [];
  const onWait = (holder: string) => {
    holders.push(holder);
    setTimeout(() => rmSync(file), 20);
  };
  const lock = await lockLine(path, { waitMs: 20_000, lockDirectory, onWait, pollMs: 5 });
  assert.equal(holders.length, 1);
  const stop = new AbortController();
  const second = lockLine(path, { waitMs: 20_000, lockDirectory, signal: stop.signal });
  stop.abort();
  await assert.rejects(second, { code: 'LINE_LOCKED', message: /this process/ });
  lock.release();
});

test('processes that take the line at once: never two have it', async (t) => {
  const { path, lockDirectory, file, files } = lineIn(folderFor(t));
  writeFileSync(file, `${endedPid()}\n`);
  // Whoever has the line makes a file that may not be there yet.
  const script = `
    import { rmSync, writeFileSync } from 'node:fs';
    import { lockLine } from ${JSON.stringify(join(import.meta.dirname, 'lock.ts'))};
    const [path, lockDirectory] = process.argv.slice(1);
    for (let i = 0; i < 20; i++) {
      const lock = await lockLine(path, { waitMs: 60_000, lockDirectory, pollMs: 1 });
      writeFileSync(lockDirectory + '.taken', '', { flag: 'wx' });
      await new Promise((resolve) => setTimeout(resolve, 1));
      rmSync(lockDirectory + '.taken');
      lock.release();
    }
  `;
  const processes = [1, 2, 3].map(() => {
    const args = ['--input-type=module', '-e', script, path, lockDirectory];
    return once(spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] }), 'exit');
  });
  assert.deepEqual(await Promise.all(processes), [
    [0, null],
    [0, null],
    [0, null],
  ]);
  assert.deepEqual(files(), []);
});

test('thirty at once on a stale lock: each has it once, never two', async (t) => {
  const { path, lockDirectory, file, files } = lineIn(folderFor(t));
  writeFileSync(file, `${endedPid()}\n`);
  let holders = 0;
  const one = async () => {
    const lock = await lockLine(path, { waitMs: 30_000, lockDirectory, pollMs: 1 });
    holders += 1;
    assert.equal(holders, 1);
    await new Promise((resolve) => setImmediate(resolve));
    holders -= 1;
    lock.release();
  };
  await Promise.all(Array.from({ length: 30 }, one));
  assert.deepEqual(files(), []);
});
