/** bin/launcher.js under the system's own Node; where that is too old, as on Debian 12, it must find the one that came along. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { version } from '../platform/version.ts';

const SYSTEM = '/usr/bin/node';
const OLD = existsSync(SYSTEM) ? SYSTEM : process.execPath;
const tooOld = /^v(1\d|2[0-3])\./.test(spawnSync(OLD, ['--version'], { encoding: 'utf8' }).stdout);

const bin = fileURLToPath(new URL('../../bin/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-launcher-'));
after(() => rmSync(folder, { recursive: true }));

/** A program for the launcher that does what its first argument says. */
const program = join(folder, 'program.mjs');
writeFileSync(
  program,
  `export async function main() {
  const what = process.argv[2];
  if (what === 'code') process.exit(5);
  if (what === 'die') process.kill(process.pid, 'SIGKILL');
  process.on('SIGTERM', () => { console.log('terminated'); process.exit(6); });
  setInterval(() => {}, 1000);
  console.log(process.version);
}`,
);
const start = join(folder, 'start.mjs');
writeFileSync(start, `import('${bin}launcher.js').then(({ launch }) => launch('file://${program}'))`);

async function started(): Promise<{ child: ChildProcess; output: () => string }> {
  const child = spawn(OLD, [start, 'wait'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  await once(child.stdout!, 'data');
  return { child, output: () => text };
}

test('a newer Node is found, also through a link on the PATH', () => {
  const link = join(folder, 'gatehouse');
  symlinkSync(join(bin, 'gatehouse'), link);
  const { stdout, status } = spawnSync(OLD, [link, 'version'], { encoding: 'utf8' });
  assert.equal(status, 0);
  assert.match(stdout, new RegExp(`^gatehouse ${version.replaceAll('.', '\\.')} \\(Node v(2[4-9]|[3-9]\\d)\\.`));
  assert.match(spawnSync(OLD, [join(bin, 'serctl'), 'version'], { encoding: 'utf8' }).stdout, /^serctl /);
});

test('exit status and deadly signals are passed on', () => {
  assert.equal(spawnSync(OLD, [start, 'code']).status, 5);
  assert.equal(spawnSync(OLD, [start, 'die']).signal, 'SIGKILL');
});

test('a signal reaches the program, whose status becomes ours', async () => {
  const { child, output } = await started();
  child.kill('SIGTERM');
  const [code] = await once(child, 'close');
  assert.equal(code, 6);
  assert.match(output(), /^v2[4-9].*\nterminated\n$/);
});

test('the program does not outlive a launcher that was killed', async () => {
  const { child, output } = await started();
  child.kill('SIGKILL');
  // Standard output closes only when the program, which holds it too, is gone.
  await once(child, 'close');
  assert.doesNotMatch(output(), /terminated/);
});

if (tooOld)
  test('without a newer Node it says what to do', () => {
    copyFileSync(join(bin, 'launcher.js'), join(folder, 'launcher.mjs'));
    const lonely = join(folder, 'lonely.mjs');
    writeFileSync(lonely, `import('./launcher.mjs').then(({ launch }) => launch('./program.mjs'))`);
    const { status, stderr } = spawnSync(OLD, [lonely], { encoding: 'utf8' });
    assert.equal(status, 1);
    assert.match(stderr, /needs Node 24 or later, and this is Node 2\d[\s\S]*npm ci/);
  });
