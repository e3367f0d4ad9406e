import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { lockHolder, takeLock } from './process-lock.ts';

test('one at a time, in this process and in another; a killed one holds nothing', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-lock-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'x.lock');
  const first = takeLock(path, 'server');
  assert.ok(first);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(takeLock(path, 'command'), undefined);
  const code = `
    import { takeLock } from ${JSON.stringify(import.meta.resolve('./process-lock.ts'))};
    console.log(takeLock(${JSON.stringify(path)}, 'command') ? 'held' : 'taken');
    setInterval(() => {}, 1000);`;
  const other = async () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => child.kill('SIGKILL'));
    const [said] = await once(child.stdout, 'data');
    return { child, said: String(said).trim() };
  };
  // The try in this very process, just now, must not have let go of it.
  const second = await other();
  assert.equal(second.said, 'taken');
  assert.deepEqual(lockHolder(path), { pid: process.pid, work: 'server' });
  first.release();
  first.release();
  assert.deepEqual(lockHolder(path), { pid: 0, work: '' });

  const third = await other();
  assert.equal(third.said, 'held');
  assert.equal(takeLock(path, 'server'), undefined);
  assert.deepEqual(lockHolder(path), { pid: third.child.pid, work: 'command' });
  third.child.kill('SIGKILL');
  await once(third.child, 'exit');
  const again = takeLock(path, 'server');
  assert.ok(again);
  again.release();
});
