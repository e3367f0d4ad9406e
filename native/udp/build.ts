/**
 * Builds the native UDP module for this machine and this Node: `npm run build:native`. Wants gcc or clang (CC), and the headers
 * that came with Node.
 *
 * The same compiler makes the same bytes. Only interfaces that stay are used: Node-API 8, libuv 1, glibc 2.17.
 *
 * Run: node native/udp/build.ts [FILE [FLAG ...]]
 */
import { spawnSync } from 'node:child_process';
import { renameSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { NATIVE_UDP, stampOf } from '../../src/platform/udp/native-udp.ts';

const INCLUDE = join(dirname(process.execPath), '..', 'include', 'node');
const FLAGS = ['-std=c11', '-O2', '-fPIC', '-shared', '-fvisibility=hidden', '-Wall', '-Wextra', '-Werror'];
const STRIP = ['-s', '-Wl,--build-id=none'];

const [file = NATIVE_UDP, ...more] = process.argv.slice(2);
const target = resolve(file);
const fresh = `${target}.${process.pid}`;
const stamp = stampOf(join(import.meta.dirname, 'udp.c'));
const compiler = process.env.CC ?? 'cc';
const done = spawnSync(
  compiler,
  [
    ...FLAGS,
    ...(more.length > 0 ? more : STRIP),
    '-DNAPI_VERSION=8',
    `-DSOURCE="${stamp}"`,
    '-I',
    INCLUDE,
    'udp.c',
    '-o',
    fresh,
  ],
  // The folder, so that no path of this machine gets into the module.
  { cwd: import.meta.dirname, stdio: 'inherit' },
);
if (done.status !== 0) {
  console.error(`${compiler} could not build the module${done.error ? `: ${done.error.message}` : ''}`);
  process.exit(1);
}
// A process that has the old one loaded keeps it.
renameSync(fresh, target);
console.log(target);
