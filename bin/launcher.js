/**
 * Starts a program of Gatehouse under Node 24 or later, whichever Node was asked to run this file: the one that came with
 * the packages, else the one running now. Plain JavaScript that Node 20 understands.
 *
 * A second process is made only when this Node is too old. It gets the signals that come here and its status becomes ours;
 * if this process is killed, it goes too (it notices that the pipe to us is closed).
 */
import { spawn } from 'node:child_process';
import { accessSync, constants, realpathSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { homedir, constants as os } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

const OLDEST = 24;
/** Tells the second process that it is one. */
const MARK = 'GATEHOUSE_LAUNCHED';

/** `program`: the module to run, relative to this file; it exports main(). */
export async function launch(program) {
  if (Number.parseInt(process.versions.node, 10) >= OLDEST) return run(program);
  const node = bundledNode();
  if (node === undefined || process.env[MARK]) return refuse();
  follow(
    spawn(node, [...process.execArgv, realpathSync(process.argv[1]), ...process.argv.slice(2)], {
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, [MARK]: '1' },
    }),
  );
}

async function run(program) {
  if (process.env[MARK] && process.channel) {
    delete process.env[MARK];
    process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
    process.channel.unref();
  }
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  // In a folder of this user only; where that cannot be written, Node goes on without.
  nodeModule.enableCompileCache(process.env.NODE_COMPILE_CACHE || join(cache, 'gatehouse', 'compiled'));
  // V8 makes objects that often outlive a collection in the old generation from the start, and what waits for a commit does: there it
  // is collected much later, and keeps its whole message until then (measurements.md).
  setFlagsFromString('--no-allocation-site-pretenuring');
  const { main } = await import(new URL(program, import.meta.url).href);
  await main();
}

/** The Node among our packages, wherever npm put them. */
export function bundledNode() {
  const { resolve } = nodeModule.createRequire(import.meta.url);
  try {
    const node = resolve(`node-${process.platform}-${process.arch}/bin/node`);
    accessSync(node, constants.X_OK);
    return node;
  } catch {
    return undefined;
  }
}

function follow(child) {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`gatehouse: cannot start ${child.spawnfile}: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
    // Not every signal ends us.
    setTimeout(() => process.exit(128 + (os.signals[signal] ?? 0)), 100);
  });
}

function refuse() {
  const root = fileURLToPath(new URL('..', import.meta.url));
  console.error(`gatehouse: needs Node ${OLDEST} or later, and this is Node ${process.versions.node}.
  It usually brings its own; in ${root} run:  npm ci
  (without --omit=optional), or install Node ${OLDEST}: https://nodejs.org/`);
  process.exit(1);
}
