import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Run } from '../../run.ts';
import { lab, request, type Sent } from './relay-lab.ts';

const breadths = (sent: Sent[]) => sent.map(({ message }) => message.valueNamed('Max-Breadth'));

function branches(count: number): (run: Run) => void {
  return (run) => {
    run.branches = Array.from({ length: count - 1 }, (_, i) => ({
      uri: `sip:b${i}@192.0.2.2${i}`,
      destination: undefined,
      path: undefined,
    }));
  };
}

// [Max-Breadth that came, branches, Max-Breadths that go out, or the status of the refusal]
const CASES: [string[], number, (string | undefined)[] | number][] = [
  [[], 1, [undefined]],
  [[], 2, ['30', '30']],
  [[], 7, ['9', '9', '9', '9', '8', '8', '8']],
  [['Max-Breadth: 1'], 1, ['1']],
  [['Max-Breadth: 5'], 3, ['2', '2', '1']],
  [['max-breadth :  3'], 3, ['1', '1', '1']],
  [['Max-Breadth: 2'], 3, 440],
  [['Max-Breadth: 0'], 1, 440],
  [['Max-Breadth: 4000000'], 2, ['30', '30']],
  [['Max-Breadth: 4000000', 'Max-Breadth: 4000000'], 1, ['60']],
  [['Max-Breadth: many'], 1, 400],
];

for (const [headers, count, expected] of CASES) {
  test(`${headers.join(' ') || 'no Max-Breadth'}, ${count} branches: ${expected}`, () => {
    const { receive, requests, upstream } = lab();
    receive(request('INVITE', undefined, headers), branches(count));
    const out = requests('INVITE');
    if (typeof expected === 'number') {
      assert.deepEqual(upstream(), [expected]);
      assert.equal(out.length, 0);
      return;
    }
    assert.deepEqual(breadths(out), expected);
    for (const { text } of out) assert.ok((text.match(/max-breadth/gi) ?? []).length <= 1, text);
  });
}

test('a branch that cannot be sent takes no share', () => {
  const { receive, requests } = lab();
  receive(request('INVITE', undefined, ['Max-Breadth: 2']), (run) => {
    run.branches = ['sip:b@[2001:db8::1]', 'sip:b@192.0.2.21'].map((uri) => ({
      uri,
      destination: undefined,
      path: undefined,
    }));
  });
  assert.deepEqual(breadths(requests('INVITE')), ['1', '1']);
});

test('an ACK goes on with the Max-Breadth it brings', () => {
  const { receive, requests } = lab();
  receive(request('ACK', undefined, ['Max-Breadth: 0']));
  assert.deepEqual(breadths(requests('ACK')), ['0']);
});

test('contacts that lead back to us: the copies of one request stay few', () => {
  const { receive, requests, sent } = lab();
  receive(request('MESSAGE'), branches(12));
  let taken = 0;
  for (let round = 0; taken < requests('MESSAGE').length; round++) {
    assert.ok(round < 200 && sent.length < 2000, 'it goes on and on');
    const copy = requests('MESSAGE')[taken++]!.text.replace(/branch=z9hG4bK/, `branch=z9hG4bKback${taken}`);
    receive(copy.replace(/^MESSAGE \S+/, `MESSAGE sip:round${taken}@192.0.2.20`), branches(12));
  }
  assert.equal(requests('MESSAGE').length, 12);
});
