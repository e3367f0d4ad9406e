import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Log } from '../../platform/log.ts';
import { openPlacesFile } from './places-file.ts';

function lab(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-places-'));
  t.after(() => rmSync(directory, { recursive: true }));
  t.mock.timers.enable({ apis: ['setInterval'] });
  const file = join(directory, 'places');
  const said: string[] = [];
  const log = { warn: (text: string) => void said.push(text) } as Partial<Log> as Log;
  return { file, said, open: (capacity?: number) => openPlacesFile(file, log, capacity) };
}

const ODD = ['local:12', 'subscriber:a b@x', 'admin:żółw', '', '0 end', '__proto__'];

test('what was known before the stop is known after the start', async (t) => {
  const { open, file, said } = lab(t);
  const before = await open();
  for (const [i, user] of ODD.entries())
    for (let p = 0; p <= i; p++) before.places.add(user, before.places.hashOf(`p${p}`));
  await before.close();
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const { places, close } = await open();
  for (const [i, user] of ODD.entries()) {
    for (let p = 0; p < 8; p++) assert.equal(places.has(user, places.hashOf(`p${p}`)), p <= i, `${user} ${p}`);
  }
  assert.equal(places.size, ODD.length);
  await close();
  assert.deepEqual(said, []);
  assert.equal(existsSync(`${file}.new`), false);
});

test('the order of places lives on: the ninth takes the place of the one unused for longest', async (t) => {
  const { open } = lab(t);
  const before = await open();
  for (let p = 1; p <= 8; p++) before.places.add('alice', p);
  await before.close();
  const { places } = await open();
  places.add('alice', 9);
  assert.deepEqual(
    [1, 2, 8, 9].map((p) => places.has('alice', p)),
    [false, true, true, true],
  );
});

test('ten thousand users come back, as many as there is room for', async (t) => {
  const { open } = lab(t);
  const before = await open();
  for (let i = 0; i < 10_000; i++) before.places.add(`local:${i}`, before.places.hashOf(`10.0.${i >> 8}.${i & 255}`));
  await before.close();
  const all = await open();
  assert.equal(all.places.size, 10_000);
  assert.equal(all.places.has('local:9999', all.places.hashOf('10.0.39.15')), true);
  assert.equal((await open(100)).places.size, 100);
});

test('a name with a line break in it is not kept', async (t) => {
  const { open } = lab(t);
  const before = await open();
  before.places.add('a\n1 b', 1);
  before.places.add('c', 1);
  await before.close();
  const { places } = await open();
  assert.deepEqual([places.size, places.has('c', 1)], [1, true]);
});

test('once a minute it is written, if a place came to it', async (t) => {
  const { open, file } = lab(t);
  const { places, close } = await open();
  t.mock.timers.tick(60_000);
  places.add('alice', 1);
  t.mock.timers.tick(59_999);
  await idle();
  assert.equal(existsSync(file), false);
  t.mock.timers.tick(1);
  await until(() => existsSync(file));
  await close();
  const { mtimeNs } = statSync(file, { bigint: true });
  const again = await open();
  again.places.add('alice', 1);
  again.places.add('alice', 1);
  t.mock.timers.tick(60_000);
  await again.close();
  assert.equal(statSync(file, { bigint: true }).mtimeNs, mtimeNs);
});

for (const [what, damage] of [
  ['cut off', (file: string) => writeFileSync(file, readFileSync(file).subarray(0, -20))],
  ['changed', (file: string) => writeFileSync(file, readFileSync(file, 'utf8').replace('alice', 'mallo'))],
  ['appended to', (file: string) => appendFileSync(file, '1 mallory\n')],
  ['emptied', (file: string) => writeFileSync(file, '')],
  ['something else', (file: string) => writeFileSync(file, 'end\nend 0\n\0')],
  ['replaced by a directory', replaceByDirectory],
] as const) {
  test(`a file that was ${what} is told of once and ignored`, async (t) => {
    const { open, file, said } = lab(t);
    const before = await open();
    before.places.add('alice', 1);
    await before.close();
    damage(file);
    const { places } = await open();
    assert.equal(places.size, 0);
    assert.equal(said.length, 1);
  });
}

test('a disk that takes nothing is told of once, and written to again when it does', async (t) => {
  const { open, file, said } = lab(t);
  const { places, close } = await open();
  mkdirSync(`${file}.new`);
  for (let i = 0; i < 3; i++) {
    places.add(`u${i}`, 1);
    t.mock.timers.tick(60_000);
    await until(() => said.length > 0);
  }
  rmSync(`${file}.new`, { recursive: true });
  await close();
  assert.equal((await open()).places.size, 3);
  assert.equal(said.length, 1);
});

function replaceByDirectory(file: string): void {
  rmSync(file);
  mkdirSync(file);
}

async function until(done: () => boolean): Promise<void> {
  for (let turn = 0; !done(); turn++) {
    assert.ok(turn < 1_000_000, 'it never came');
    await idle();
  }
}

function idle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
