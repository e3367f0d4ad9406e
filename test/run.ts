/**
 * Runs the tests. `npm test`: all that can run on this machine, naming what it left out. `npm run test:all`: installs the peers,
 * runs the checks and everything, and fails if anything was left out. `npm run test:long`: the long variants as well.
 *
 * `npm test -- PATTERN ...` runs only the files whose path contains one of the patterns.
 */
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
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

interface TestFile {
  readonly path: string;
  readonly needs: readonly PeerName[];
}

const files: TestFile[] = globSync(['src/**/*.test.ts', 'test/**/*.test.ts'])
  .sort()
  .filter((path) => positionals.length === 0 || positionals.some((pattern) => path.includes(pattern)))
  .map((path) => ({ path, needs: peersOf(path) }));
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
let failures = 0;
// Tests that need peers measure out ports, databases and CPU: they run one after the other.
await runFiles(
  ready.filter((file) => file.needs.length === 0),
  2,
);
await runFiles(
  ready.filter((file) => file.needs.length > 0),
  1,
);

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
if (failures > 0) process.exitCode = 1;

function peersOf(path: string): PeerName[] {
  const line = /^\/\/ peers: (.+)$/m.exec(readFileSync(path, 'utf8'));
  return line?.[1]?.trim().split(/\s+/) ?? [];
}

async function runFiles(batch: readonly TestFile[], concurrency: number): Promise<void> {
  if (batch.length === 0) return;
  const stream = run({
    files: batch.map((file) => file.path),
    concurrency,
    timeout: values.long ? 3 * 3600_000 : 600_000,
  });
  stream.on('test:fail', () => {
    failures++;
  });
  stream.on('test:pass', (event) => {
    if (event.skip !== undefined) skipped.push(`${event.file}: ${event.name} (${event.skip})`);
  });
  const report = stream.compose(spec);
  for await (const text of report) process.stdout.write(text);
}

function check(): void {
  const done = spawnSync('npm', ['run', '-s', 'check'], { stdio: 'inherit' });
  if (done.status !== 0) fail('npm run check does not pass');
}

function fail(message: string): never {
  console.error(styleText('red', message));
  process.exit(1);
}
