import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ChainReader, HEAD_FILE, segmentName, verifyHead } from '../core/audit/chain.ts';
import { AuditLog } from './audit-log.ts';

const KEY = Buffer.alloc(32, 3);
const DAY = 86_400_000;

function lab(t: TestContext) {
  const dir = mkdtempSync(join(tmpdir(), 'gatehouse-audit-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const warnings: string[] = [];
  let time = Date.now();
  const open = () => new AuditLog({ dir, key: KEY, now: () => time, warn: (text) => void warnings.push(text) });
  const file = (n = 1) => join(dir, segmentName(n));
  const faults = (...segments: number[]) => {
    const reader = new ChainReader(KEY, undefined);
    const lines = segments.flatMap((n) => readFileSync(file(n), 'utf8').split('\n').slice(0, -1));
    return { lines: lines.length, fault: lines.map((line) => reader.next(line)).find((fault) => fault !== undefined) };
  };
  const pass = (ms: number) => {
    time += ms;
  };
  return { dir, open, warnings, file, faults, pass };
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
