/**
 * A test that stands in a network of its own: its file runs once more, in a namespace, so that servers of the test and the server under test
 * reach each other and nothing else.
 *
 * node:test's own channel to the runner is left out: what the inner run said is told where it failed.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, relative } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { endWith } from './children.ts';

const INSIDE = 'GATEHOUSE_TEST_INSIDE';

type Work = (t: TestContext) => Promise<void>;

/** What `test` of this file is to run. */
export function inOwnNetwork(file: string, work: Work): Work {
  return process.env[INSIDE] === undefined
    ? (t) => runInside(t, ['-n', process.execPath, '--no-warnings', file])
    : work;
}

/** Wherever the checkout lies: everybody finds it, and a folder for what is written, below /mnt. */
const FOR_EVERYBODY = `mount -t tmpfs -o mode=755 gatehouse /mnt && cd "$0" || exit
  for each in */; do mkdir "/mnt/$each" && mount --bind "$each" "/mnt/$each" || exit; done
  cp package.json /mnt && mkdir -m 1777 /mnt/tmp && export TMPDIR=/mnt/tmp && exec "$@"`;

/** The same for a server that is to go on as another user, who may not be let into the folder of the checkout. */
export function asSeenByEverybody(file: string, work: Work): Work {
  const root = join(import.meta.dirname, '..', '..');
  const inner = [process.execPath, '--no-warnings', join('/mnt', relative(root, file))];
  return process.env[INSIDE] === undefined
    ? (t) => runInside(t, ['-n', '-m', 'sh', '-c', FOR_EVERYBODY, root, ...inner])
    : work;
}

async function runInside(t: TestContext, command: readonly string[]): Promise<void> {
  const env: NodeJS.ProcessEnv = { ...process.env, [INSIDE]: '1' };
  delete env.NODE_TEST_CONTEXT;
  const child = endWith(t, spawn('unshare', command, { env, stdio: ['ignore', 'pipe', 'pipe'] }));
  const [said, complained] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  assert.equal(child.exitCode, 0, `${said}${complained}`);
  for (const [, measured] of said.matchAll(/^(?:# |ℹ )?(measured: .*)$/gm)) t.diagnostic(measured!);
}
