import assert from 'node:assert/strict';
import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ChainReader, HEAD_FILE, segmentName, verifyHead } from '../core/audit/chain.ts';
import { verifyTrail } from '../core/audit/verify.ts';
import { AuditLog } from './audit-log.ts';

const KEY = Buffer.alloc(32, 3);
const DAY = 86_400_000;

function lab(t: TestContext) {
  const dir = mkdtempSync(join(tmpdir(), 'gatehouse-audit-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const warnings: string[] = [];
  let time = Date.now();
  const broken = { openFile: undefined as typeof openSync | undefined };
  const open = () =>
    new AuditLog({
      dir,
      key: KEY,
      now: () => time,
      warn: (text) => void warnings.push(text),
      openFile: (...args) => (broken.openFile ?? openSync)(...args),
    });
  const file = (n = 1) => join(dir, segmentName(n));
  const faults = (...segments: number[]) => {
    const reader = new ChainReader(KEY, undefined);
    const lines = segments.flatMap((n) => readFileSync(file(n), 'utf8').split('\n').slice(0, -1));
    return { lines: lines.length, fault: lines.map((line) => reader.next(line)).find((fault) => fault !== undefined) };
  };
  const pass = (ms: number) => {
    time += ms;
  };
  return { dir, open, warnings, file, faults, pass, broken };
}

function write(log: AuditLog, ...names: string[]): void {
  log.write(names.map((name) => JSON.stringify({ name })));
  log.sync();
  log.confirm();
}

test('the chain goes on over a restart, and the head names the last line', (t) => {
  const { dir, open, faults, warnings } = lab(t);
  const first = open();
  write(first, 'a', 'b');
  first.close();
  const second = open();
  write(second, 'c');
  second.close();
  assert.deepEqual(faults(1), { lines: 3, fault: undefined });
  assert.equal(verifyHead(KEY, readFileSync(join(dir, HEAD_FILE), 'latin1'))?.sequence, 3);
  assert.deepEqual(warnings, []);
});

test('a torn last line is cut and said, the lines before it stay', (t) => {
  const { open, file, faults, warnings } = lab(t);
  const first = open();
  write(first, 'a');
  first.close();
  appendFileSync(file(), '{"name":"torn","seq":2,"ma');
  const second = open();
  write(second, 'b');
  second.close();
  assert.deepEqual(faults(1), { lines: 2, fault: undefined });
  assert.match(warnings.join(), /torn last line/);
});

test('a batch that failed leaves no line', (t) => {
  const { open, faults } = lab(t);
  const log = open();
  write(log, 'a');
  log.write(['{"name":"gone"}']);
  log.cancel();
  write(log, 'b');
  log.close();
  assert.deepEqual(faults(1), { lines: 2, fault: undefined });
});

test('to look whether lines can be written leaves nothing behind', (t) => {
  const { open, file, faults } = lab(t);
  const log = open();
  write(log, 'a');
  const before = readFileSync(file());
  assert.ok(log.isWritable());
  assert.deepEqual(readFileSync(file()), before);
  log.write(['{"name":"under way"}']);
  assert.ok(!log.isWritable(), 'a batch is at its end');
  log.cancel();
  write(log, 'b');
  log.close();
  assert.deepEqual(faults(1), { lines: 2, fault: undefined });
});

test('a head that lags behind whole lines is caught up', (t) => {
  const { open, faults, warnings } = lab(t);
  const first = open();
  write(first, 'a');
  first.write(['{"name":"b"}']);
  first.sync(); // killed before the head
  first.close();
  const second = open();
  write(second, 'c');
  second.close();
  assert.deepEqual(faults(1), { lines: 3, fault: undefined });
  assert.deepEqual(warnings, []);
});

test('lines cut off behind our back are said, and the gap stays visible', (t) => {
  const { open, file, faults, warnings } = lab(t);
  const first = open();
  write(first, 'a');
  const { length } = readFileSync(file());
  write(first, 'b');
  first.close();
  truncateSync(file(), length);
  const second = open();
  write(second, 'c');
  second.close();
  assert.match(warnings.join(), /lines are missing/);
  assert.equal(faults(1).fault, 'out-of-sequence');
});

test('a new day begins a new segment', (t) => {
  const { open, faults, pass } = lab(t);
  const log = open();
  write(log, 'a');
  pass(DAY);
  write(log, 'b');
  log.close();
  assert.equal(faults(2).lines, 1);
  assert.deepEqual(faults(1, 2), { lines: 2, fault: undefined });
});

test('when a new segment cannot be opened, nothing is written through the number of the old one', async (t) => {
  const { dir, open, pass, broken } = lab(t);
  const log = open();
  write(log, 'a');
  pass(DAY);
  broken.openFile = () => {
    throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
  };
  assert.throws(() => log.write(['{"name":"b"}']), { code: 'AUDIT_UNWRITABLE' });
  const path = join(dir, 'somebody-else');
  const handle = openSync(path, 'w+');
  assert.throws(() => log.write(['{"name":"b"}']), { code: 'AUDIT_UNWRITABLE' });
  broken.openFile = undefined;
  write(log, 'c');
  log.close();
  closeSync(handle);
  assert.equal(readFileSync(path, 'utf8'), '');
  assert.deepEqual(await verifyTrail(dir, KEY), { segments: 2, lines: 2, faults: [] });
});

test('the head is on the disk before a new segment has its first line', (t) => {
  const { dir, open, pass } = lab(t);
  const log = open();
  write(log, 'a');
  write(log, 'b'); // its head waits for the timer
  pass(DAY);
  log.write(['{"name":"c"}']);
  assert.equal(verifyHead(KEY, readFileSync(join(dir, HEAD_FILE), 'latin1'))?.sequence, 2);
  log.cancel();
  log.close();
});

test('an old head, as a power cut leaves it, is brought up to date at the start', async (t) => {
  const { dir, open, pass, warnings } = lab(t);
  const log = open();
  const head = join(dir, HEAD_FILE);
  write(log, 'a');
  const old = readFileSync(head);
  for (const name of ['b', 'c', 'd']) {
    write(log, name);
    pass(DAY);
  }
  log.close();
  for (const names of [[], ['e'], []]) {
    writeFileSync(head, old);
    const next = open();
    assert.ok(verifyHead(KEY, readFileSync(head, 'latin1'))!.sequence >= 4, 'at once, not with the next line');
    for (const name of names) write(next, name);
    next.close();
    assert.deepEqual((await verifyTrail(dir, KEY)).faults, []);
  }
  assert.deepEqual(warnings, []);
});

test('an old head does not hide a line that was changed since', async (t) => {
  const { dir, open, pass, file, warnings } = lab(t);
  const log = open();
  const head = join(dir, HEAD_FILE);
  write(log, 'a');
  const old = readFileSync(head);
  write(log, 'b');
  pass(DAY);
  write(log, 'c');
  log.close();
  writeFileSync(head, old);
  writeFileSync(file(1), readFileSync(file(1), 'utf8').replace('"b"', '"x"'));
  const next = open();
  write(next, 'd');
  next.close();
  assert.match(warnings.join(), /changed/);
  assert.deepEqual(
    (await verifyTrail(dir, KEY)).faults.map(({ line, fault }) => `${line} ${fault}`),
    ['2 the line was changed, or the one before it'],
  );
});
