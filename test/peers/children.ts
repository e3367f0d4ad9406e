/** What a test starts and writes ends with it, however it ends: a child that lives on would hold up the whole run. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cleanup } from './cleanup.ts';

const children = new WeakMap<Cleanup, Set<ChildProcess>>();
const all = new Set<ChildProcess>();

// A test process that gives up runs no endings of its tests.
process.once('exit', () => {
  for (const child of all) child.kill('SIGKILL');
});

/** Kills it at the end of the test, if it has not ended by then. */
export function endWith<Child extends ChildProcess>(t: Cleanup, child: Child): Child {
  let own = children.get(t);
  if (own === undefined) {
    own = new Set();
    children.set(t, own);
    t.after(() => endChildren(t));
  }
  if (child.pid === undefined) return child; // it could not be started, which is told by its `error`
  own.add(child);
  all.add(child);
  child.once('exit', () => {
    own.delete(child);
    all.delete(child);
  });
  return child;
}

/** A folder of the test's own, removed when none of its children can write there any more. */
export function folderFor(t: Cleanup, name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  t.after(async () => {
    await endChildren(t);
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

async function endChildren(t: Cleanup): Promise<void> {
  const endings = [...(children.get(t) ?? [])].map(async (child) => {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  });
  await Promise.all(endings);
}
