import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, outgoing, request, type ScriptCall } from '../lab.ts';
import { maxfwd } from './module.ts';

const process: ScriptCall = ['mf_process_maxfwd_header', '10'];

for (const [header, result, sent] of [
  [undefined, 2, 'Max-Forwards: 10'],
  ['Max-Forwards: 0', -1, 'Max-Forwards: 0'],
  ['Max-Forwards: 000', -1, 'Max-Forwards: 000'],
  ['Max-Forwards: 1', 1, 'Max-Forwards: 0'],
  ['Max-Forwards:  10 ', 1, 'Max-Forwards: 9'],
  ['Max-Forwards: 256', 1, 'Max-Forwards: 255'],
  ['Max-Forwards: 257', 1, 'Max-Forwards: 256'],
  ['Max-Forwards: 99999999999999999999', 1, 'Max-Forwards: 256'],
  ['Max-Forwards: 7a', 1, 'Max-Forwards: 7a'],
  ['Max-Forwards: -1', 1, 'Max-Forwards: -1'],
  ['Max-Forwards:', 1, 'Max-Forwards:'],
] as const) {
  test(`mf_process_maxfwd_header, ${header ?? 'no header'}: ${result}`, async () => {
    const [call] = await load(maxfwd, { calls: [process] });
    const { run } = request('INVITE sip:b@example.com', header === undefined ? [] : [header]);
    assert.equal(call!(run), result);
    assert.deepEqual(outgoing(run, 'Max-Forwards'), [sent]);
  });
}

test('max_limit cuts both what came and what is inserted', async () => {
  const [call] = await load(maxfwd, { parameters: { max_limit: 5 }, calls: [process] });
  const counted = request('INVITE sip:b@example.com', ['Max-Forwards: 70']).run;
  call!(counted);
  assert.deepEqual(outgoing(counted, 'Max-Forwards'), ['Max-Forwards: 5']);
  const inserted = request('INVITE sip:b@example.com').run;
  call!(inserted);
  assert.deepEqual(outgoing(inserted, 'Max-Forwards'), ['Max-Forwards: 5']);
});

test('is_maxfwd_lt', async () => {
  const [below] = await load(maxfwd, { calls: [['is_maxfwd_lt', '10']] });
  const results = ['Max-Forwards: 9', 'Max-Forwards: 10', 'Max-Forwards: x'].map((line) =>
    below!(request('INVITE sip:b@example.com', [line]).run),
  );
  assert.deepEqual(results, [1, -1, -3]);
  assert.equal(below!(request('INVITE sip:b@example.com').run), -2);
});

test('what was counted down is what a later function sees', async () => {
  const [call, below] = await load(maxfwd, { calls: [process, ['is_maxfwd_lt', '10']] });
  const { run } = request('INVITE sip:b@example.com', ['Max-Forwards: 11']);
  assert.equal(below!(run), -1);
  call!(run);
  assert.equal(below!(run), -1);
  call!(run);
  assert.equal(below!(run), 1);
  assert.deepEqual(outgoing(run, 'Max-Forwards'), ['Max-Forwards: 9']);
});

test('arguments are checked at load', () => {
  const check = maxfwd.functions[0]!.checkArgument!;
  assert.deepEqual(
    ['0', '255'].map((text) => check(0, text)),
    [undefined, undefined],
  );
  for (const text of ['256', '-1', '', 'ten', '1e2']) assert.match(check(0, text)!, /from 0 to 255/);
});
