import assert from 'node:assert/strict';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { ChainState } from './chain.ts';
import { ChainReader, ChainWriter, HEAD_FILE, segmentName, signHead, verifyHead } from './chain.ts';
import { auditLine } from './events.ts';
import { verifyTrail } from './verify.ts';

const KEY = Buffer.alloc(32, 7);

/** Three segments of ten lines each, written with a restart after each, and the head. */
async function trail(t: TestContext) {
  const dir = await mkdtemp(join(tmpdir(), 'gatehouse-audit-'));
  t.after(() => rm(dir, { recursive: true }));
  const segments: string[][] = [];
  const states: ChainState[] = [];
  let state: ChainState | undefined;
  for (let segment = 1; segment <= 3; segment++) {
    const writer = new ChainWriter(KEY, state);
    const lines = Array.from({ length: 10 }, (_, i) => {
      const line = writer.seal(auditLine(i * 1000, 'refused', { user: `u${segment}.${i}`, reason: 'wrong-proof' }));
      states.push(writer.state);
      return line;
    });
    state = writer.state;
    segments.push(lines);
  }
  const path = (segment: number) => join(dir, segmentName(segment));
  const write = (segment: number, lines: readonly string[]) =>
    writeFile(path(segment), lines.map((l) => `${l}\n`).join(''));
  for (const [i, lines] of segments.entries()) await write(i + 1, lines);
  const writeHead = (at: ChainState, key = KEY) => writeFile(join(dir, HEAD_FILE), signHead(key, at));
  await writeHead(state!);
  const faults = async (key = KEY) =>
    (await verifyTrail(dir, key)).faults.map(({ file, line, fault }) => `${file}:${line} ${fault}`);
  return { dir, segments, states, path, write, writeHead, faults };
}

test('an untouched trail holds, over segments and restarts', async (t) => {
  const { dir } = await trail(t);
  assert.deepEqual(await verifyTrail(dir, KEY), { segments: 3, lines: 30, faults: [] });
});

test('a head that lags behind is no fault, as after a crash', async (t) => {
  const { faults, states, writeHead } = await trail(t);
  await writeHead(states[20]!);
  assert.deepEqual(await faults(), []);
});

test('an empty directory has nothing to complain about, a missing one has', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'gatehouse-audit-'));
  t.after(() => rm(dir, { recursive: true }));
  assert.deepEqual(await verifyTrail(dir, KEY), { segments: 0, lines: 0, faults: [] });
  await assert.rejects(verifyTrail(join(dir, 'none'), KEY), { code: 'AUDIT_BROKEN' });
});

test('a changed line is found, and only that one and what hangs on it', async (t) => {
  const { faults, segments, write } = await trail(t);
  await write(2, segments[1]!.with(4, segments[1]![4]!.replace('u2.4', 'u9.9')));
  assert.deepEqual(await faults(), [`${segmentName(2)}:5 the line was changed, or the one before it`]);
});

test('missing lines are found: in the middle, at the start, at the end of a segment', async (t) => {
  const { faults, segments, write } = await trail(t);
  await write(2, segments[1]!.toSpliced(3, 2));
  assert.deepEqual(await faults(), [`${segmentName(2)}:4 2 lines are missing before it`]);
  await write(2, segments[1]!.slice(1));
  assert.deepEqual(await faults(), [`${segmentName(2)}:1 1 line is missing before it`]);
  await write(2, segments[1]!.slice(0, -1));
  assert.deepEqual(await faults(), [`${segmentName(3)}:1 1 line is missing before it`]);
});

test('swapped and repeated lines are found', async (t) => {
  const { faults, segments, write } = await trail(t);
  const [a, b] = [segments[0]![2]!, segments[0]![3]!];
  await write(1, segments[0]!.with(2, b).with(3, a));
  assert.ok((await faults()).some((f) => f.includes('out of place')));
  await write(1, segments[0]!.toSpliced(3, 0, a));
  assert.deepEqual(await faults(), [`${segmentName(1)}:4 the line is out of place: number 3 after 3`]);
});

test('a cut-off line, a foreign line and an empty line are found', async (t) => {
  const { faults, path, segments, write } = await trail(t);
  const text = await readFile(path(3), 'utf8');
  await writeFile(path(3), text.slice(0, -20));
  assert.deepEqual(await faults(), [
    `${segmentName(3)}:10 the line is cut off`,
    `${HEAD_FILE}:1 the head names line 30, but the trail ends at 29: lines are missing`,
  ]);
  for (const foreign of ['', '{"time":"now"}']) {
    await write(3, segments[2]!.toSpliced(5, 0, foreign));
    assert.deepEqual(await faults(), [`${segmentName(3)}:6 the line is damaged or no line of the trail`]);
  }
});

test('missing and swapped segments are found', async (t) => {
  const { dir, faults, path, writeHead, states, write, segments } = await trail(t);
  await rename(path(2), join(dir, 'kept'));
  assert.deepEqual(await faults(), [
    `${segmentName(2)}:0 the segment is missing`,
    `${segmentName(3)}:1 10 lines are missing before it`,
  ]);
  await rename(join(dir, 'kept'), path(2));
  await write(1, segments[1]!);
  await write(2, segments[0]!);
  assert.equal((await faults()).length > 0, true);
  await write(1, segments[0]!);
  await write(2, segments[1]!);
  await rm(path(3));
  assert.deepEqual(await faults(), [
    `${HEAD_FILE}:1 the head names line 30, but the trail ends at 20: lines are missing`,
  ]);
  // Whoever goes on from an older head leaves a trail that fits it: that is what the copy of the head elsewhere is for.
  await writeHead(states[19]!);
  assert.deepEqual(await faults(), []);
});

test('a missing, forged or foreign head is found', async (t) => {
  const { dir, faults, states, writeHead } = await trail(t);
  await writeHead(states[29]!, Buffer.alloc(32, 8));
  assert.deepEqual(await faults(), [`${HEAD_FILE}:1 the head is not signed with this key`]);
  await rm(join(dir, HEAD_FILE));
  assert.deepEqual(await faults(), [`${HEAD_FILE}:0 the head is missing`]);
  await writeHead({ sequence: 29, mac: states[3]!.mac });
  assert.deepEqual(await faults(), [`${segmentName(3)}:9 the line is not the one that the head names`]);
});

test('with another key everything is wrong, and the list stays bounded', async (t) => {
  const { faults, segments, write } = await trail(t);
  await write(1, Array.from({ length: 50 }, () => segments[0]!).flat());
  const found = await faults(Buffer.alloc(32, 1));
  assert.equal(found.length, 101);
  assert.match(found.at(-1)!, /further faults/);
});

test('after lines were cut off, going on from the head leaves a gap for ever', async (t) => {
  const { faults, states, segments, write, writeHead } = await trail(t);
  await write(3, segments[2]!.slice(0, 5));
  const writer = new ChainWriter(KEY, states[29]);
  await write(4, [writer.seal('{"event":"opened"}')]);
  await writeHead(writer.state);
  assert.deepEqual(await faults(), [`${segmentName(4)}:1 5 lines are missing before it`]);
});

test('a chain goes on where its reader ends, and only whole objects are sealed', () => {
  const writer = new ChainWriter(KEY, undefined);
  const first = writer.seal('{"event":"a"}');
  const reader = new ChainReader(KEY, undefined);
  assert.equal(reader.next(first), undefined);
  const next = new ChainWriter(KEY, reader.state).seal('{"event":"b"}');
  assert.equal(reader.next(next), undefined);
  assert.deepEqual(JSON.parse(next), { event: 'b', seq: 2, mac: reader.state.mac });
  for (const bad of ['', '{}', '[1]', '{"a":1}\n{"b":1}', '{"a":1']) assert.throws(() => writer.seal(bad), TypeError);
  assert.equal(verifyHead(KEY, '{}'), undefined);
});

test('a fake tail within an event does not pass for the real one', () => {
  const writer = new ChainWriter(KEY, undefined);
  const line = writer.seal(auditLine(0, 'refused', { user: `x","seq":9,"mac":"${'A'.repeat(43)}"}` }));
  assert.equal(new ChainReader(KEY, undefined).next(line), undefined);
});
