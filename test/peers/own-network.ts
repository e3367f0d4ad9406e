/**
 * A test that stands in a network of its own: its file runs once more, in a namespace, so that servers of the test and the server under test
 * reach each other and nothing else.
 *
 * node:test's own channel to the runner is left out: what the inner run said is told where it failed.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { endWith } from './children.ts';

const INSIDE = 'GATEHOUSE_TEST_INSIDE';

/** What `test` of this file is to run. */
export function inOwnNetwork(file: string, work: (t: TestContext) => Promise<void>): (t: TestContext) => Promise<void> {
  return process.env[INSIDE] === undefined ? (t) => runInside(t, file) : work;
}

async function runInside(t: TestContext, file: string): Promise<void> {
  const env: NodeJS.ProcessEnv = { ...process.env, [INSIDE]: '1' };
  delete env.NODE_TEST_CONTEXT;
  const command = ['-n', process.execPath, '--no-warnings', file];
  const child = endWith(t, spawn('unshare', command, { env, stdio: ['ignore', 'pipe', 'pipe'] }));
  const [said, complained] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  assert.equal(child.exitCode, 0, `${said}${complained}`);
  for (const [, measured] of said.matchAll(/^(?:# |ℹ )?(measured: .*)$/gm)) t.diagnostic(measured!);
}
