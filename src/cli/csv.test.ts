import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CsvRecord } from './csv.ts';
import { csvLine, csvRecords } from './csv.ts';

async function read(...pieces: (string | Uint8Array)[]): Promise<CsvRecord[]> {
  const records: CsvRecord[] = [];
  for await (const record of csvRecords(
    (async function* () {
      yield* pieces;
    })(),
  ))
    records.push(record);
  return records;
}

test('quotes, doubled quotes, line ends within fields, empty lines, byte order mark', async () => {
  const text = '\ufeffa,b\r\n\r\n"x ""y""","1\n2",\nlast';
  assert.deepEqual(await read(Buffer.from(text)), [
    { line: 1, fields: ['a', 'b'] },
    { line: 3, fields: ['x "y"', '1\n2', ''] },
    { line: 5, fields: ['last'] },
  ]);
});

test('the cut between pieces does not matter', async () => {
  const bytes = Buffer.from('ä,"ß""\r\n€"\r\nz,\n');
  const whole = await read(bytes);
  for (let cut = 1; cut < bytes.length; cut++) {
    assert.deepEqual(await read(bytes.subarray(0, cut), bytes.subarray(cut)), whole, `cut at ${cut}`);
  }
});

test('faults are of their record only', async () => {
  assert.deepEqual(await read('"a"b,c\nd\n'), [
    { line: 1, fields: ['a', 'c'], fault: 'text behind a closing quote' },
    { line: 2, fields: ['d'] },
  ]);
  const [long, next] = await read(`"${'x'.repeat(70_000)}\nnext\n`);
  assert.match(long!.fault!, /^longer than/);
  assert.deepEqual(next?.fields, ['next']);
});

test('what is not UTF-8 is a fault of its line', async () => {
  const latin1 = Buffer.from('1000,p\xe4ss\n1001,pw\n\xe4,x\n1002,\xe4', 'latin1');
  const faults = (await read(latin1)).map(({ line, fault }) => [line, /^it is not UTF-8/.test(fault ?? '')]);
  assert.deepEqual(faults, [
    [1, true],
    [2, false],
    [3, true],
    [4, true],
  ]);
});

test('what is written reads back', async () => {
  const fields = ['a,b', 'c"d', 'e\nf', '=1', ''];
  assert.deepEqual((await read(csvLine(fields)))[0]?.fields, fields);
});
