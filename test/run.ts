/**
 * Runs the tests. `npm test`: all that can run on this machine, naming what it left out. `npm run test:all`: installs the peers,
 * runs the checks and everything, and fails if anything was left out. `npm run test:long`: the long variants as well.
 *
 * A file that says `// alone: WHY` loads the machine or counts on it, and runs with no other beside it; all others run two at a time.
 *
 * A full run gives a file with peers, or alone, that failed a second chance at its end, when the machine may be less busy, and names it: a file
 * that is named is to be mended. At last it names the files that took longest.
 *
 * `npm test -- PATTERN ...` runs only the files whose path contains one of the patterns.
 */
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { parseArgs, styleText } from 'node:util';
import { installPeers, missingPeers, type PeerName } from './peers.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { all: { type: 'boolean' }, long: { type: 'boolean' } },
});
const complete = values.all || values.long;
if (values.long) process.env.GATEHOUSE_TEST_LONG = '1';

// Each file is a process of its own: without it they would all strip and compile the same sources anew.
process.env.NODE_COMPILE_CACHE ??= resolve('node_modules/.cache/compiled');

const SLOWEST = 25;

interface TestFile {
  readonly path: string;
  readonly needs: readonly PeerName[];
  readonly isAlone: boolean;
}

const files: TestFile[] = globSync(['src/**/*.test.ts', 'test/**/*.test.ts'])
  .sort()
  .filter((path) => positionals.length === 0 || positionals.some((pattern) => path.includes(pattern)))
  .map(read);
if (files.length === 0) fail(`no test file's path contains ${positionals.join(' or ')}`);

if (complete) {
  try {
    installPeers(missingPeers(files.flatMap((file) => file.needs)));
  } catch (error) {
    fail((error as Error).message);
  }
  check();
}

const missing = new Set(missingPeers(files.flatMap((file) => file.needs)));
const leftOut = files.filter((file) => file.needs.some((name) => missing.has(name)));
const ready = files.filter((file) => !leftOut.includes(file));

const skipped: string[] = [];
const took: { readonly path: string; readonly seconds: number }[] = [];
const [alone, besideOthers] = [ready.filter((file) => file.isAlone), ready.filter((file) => !file.isAlone)];
const [withPeers, unitTests] = [
  besideOthers.filter((file) => file.needs.length > 0),
  besideOthers.filter((file) => file.needs.length === 0),
];
const failed = await runFiles(unitTests, 2);
const unsteady = new Set([...(await runFiles(withPeers, 2)), ...(await runFiles(alone, 1))]);
if (complete && unsteady.size > 0) {
  console.log(styleText('yellow', `failed, and run once more: ${[...unsteady].join(', ')}`));
  const again = await runFiles(
    ready.filter(({ path }) => unsteady.has(path)),
    1,
  );
  for (const path of unsteady) {
    if (again.has(path) || !withPeers.some((file) => file.path === path)) failed.add(path);
    else console.log(styleText('yellow', `unsteady: ${path} failed at first and passed when it was run again`));
  }
} else for (const path of unsteady) failed.add(path);

if (complete) {
  took.sort((a, b) => b.seconds - a.seconds);
  console.log('the files that took longest, in seconds:');
  for (const { path, seconds } of took.slice(0, SLOWEST)) console.log(`${seconds.toFixed(1).padStart(7)} ${path}`);
}
for (const file of leftOut) {
  console.log(
    styleText('yellow', `left out: ${file.path} (needs ${file.needs.filter((n) => missing.has(n)).join(', ')})`),
  );
}
if (complete && (leftOut.length > 0 || skipped.length > 0)) {
  fail(
    `nothing may be left out of a full run, but these were:\n${[...leftOut.map((f) => f.path), ...skipped].join('\n')}`,
  );
}
if (failed.size > 0) fail(`failed: ${[...failed].join(', ')}`);

function read(path: string): TestFile {
  const text = readFileSync(path, 'utf8');
  const needs = /^\/\/ peers: (.+)$/m.exec(text)?.[1]?.trim().split(/\s+/) ?? [];
  return { path, needs, isAlone: /^\/\/ alone: ./m.test(text) };
}

/** The paths of the files in which something failed. */
async function runFiles(batch: readonly TestFile[], concurrency: number): Promise<Set<string>> {
  const failed = new Set<string>();
  if (batch.length === 0) return failed;
  const stream = run({
    files: batch.map((file) => file.path),
    concurrency,
    timeout: values.long ? 3 * 3600_000 : 600_000,
    // A test that failed may leave open what keeps its process alive: a full run goes on without it.
    execArgv: complete ? ['--test-force-exit'] : [],
  });
  stream.on('test:fail', ({ file, name }) => {
    failed.add(relative(process.cwd(), file ?? name));
  });
  stream.on('test:summary', ({ file, duration_ms }) => {
    if (file !== undefined) took.push({ path: relative(process.cwd(), file), seconds: duration_ms / 1000 });
  });
  stream.on('test:pass', (event) => {
    if (event.skip !== undefined) skipped.push(`${event.file}: ${event.name} (${event.skip})`);
  });
  const report = stream.compose(spec);
  for await (const text of report) process.stdout.write(text);
  return failed;
}

function check(): void {
  const done = spawnSync('npm', ['run', '-s', 'check'], { stdio: 'inherit' });
  if (done.status !== 0) fail('npm run check does not pass');
}

function fail(message: string): never {
  console.error(styleText('red', message));
  process.exit(1);
}
