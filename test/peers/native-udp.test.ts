// peers: gcc
/** The native UDP module, built here. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { findProgram } from '../peers.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SHIPPED = join(ROOT, 'native', 'udp', 'linux-x64.node');
const SUITE = join(ROOT, 'src', 'doors', 'sip', 'transport', 'datagram.test.ts');

function build(t: TestContext, ...flags: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-build-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'udp.node');
  runs({ CC: 'gcc' }, join(ROOT, 'native', 'udp', 'build.ts'), file, ...flags);
  return file;
}

function runs(more: NodeJS.ProcessEnv, ...args: string[]): string {
  // Without the word of this test runner, under which another would report to it.
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
  const env = { ...environment, ...more };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8', timeout: 300_000 });
  assert.equal(status, 0, `${stdout}${stderr}`);
  return stdout;
}

test('what is built here passes the suite, and is what Gatehouse brings where the compiler is the same', (t) => {
  const file = build(t);
  assert.match(runs({ GATEHOUSE_TEST_NATIVE_UDP: file }, SUITE), /native: every byte/);
  const [built, shipped] = [readFileSync(file), readFileSync(SHIPPED)];
  const same = process.arch === 'x64' && compilerOf(built) === compilerOf(shipped);
  assert.equal(same ? built.equals(shipped) : true, true, 'npm run build:native, and commit it');
});

test('no access beside its memory, and nothing undefined, shows when the suite runs under the sanitizers', (t) => {
  const flags = ['-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-fno-omit-frame-pointer'];
  const file = build(t, ...flags);
  const library = (name: string) =>
    spawnSync(findProgram('gcc')!, [`-print-file-name=${name}`], { encoding: 'utf8' }).stdout.trim();
  const env = {
    GATEHOUSE_TEST_NATIVE_UDP: file,
    LD_PRELOAD: [library('libasan.so'), library('libubsan.so')].join(' '),
    // What V8 keeps until its end is no leak.
    ASAN_OPTIONS: 'detect_leaks=0',
  };
  assert.match(runs(env, SUITE), /native: every byte/);
});

/** As the compiler writes it into what it makes: GCC: (Debian 12.2.0-14) 12.2.0. */
function compilerOf(module: Buffer): string | undefined {
  return /GCC: \([^)]*\) [0-9.]+/.exec(module.toString('latin1'))?.[0];
}
