import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Run } from '../../run.ts';
import { lab, request } from './relay-lab.ts';

function replicating(uri: string, names: Parameters<typeof lab>[0] = {}) {
  const made = lab(names);
  const results: number[] = [];
  /** As a script that answers by itself: only the copy goes out. */
  const send = (text: string, prepare: (run: Run) => void = () => {}) =>
    made.receive(text, (run) => {
      prepare(run);
      results.push(made.relay.replicate(run, uri));
      run.finalStatus = 200;
    });
  return { ...made, send, results };
}

test('a copy goes to the second server with a Via of ours, and is repeated until it is answered', () => {
  const { send, results, requests, respond, pass, transactions } = replicating('sip:192.0.2.50:5062');
  send(request('REGISTER', 'sip:example.com'), (run) => {
    run.advertised = { host: 'gw.example.com', port: 5070 };
    run.localRport = true;
  });
  const [copy] = requests('REGISTER');
  assert.deepEqual(results, [1]);
  assert.deepEqual([copy?.target.address, copy?.target.port], ['192.0.2.50', 5062]);
  assert.match(
    copy!.text,
    /^REGISTER sip:example.com SIP\/2.0\r\nVia: SIP\/2.0\/UDP gw.example.com:5070;branch=[^;]+;rport\r\n/,
  );
  pass(2);
  assert.ok(requests('REGISTER').length > 1);
  respond(copy!, 200);
  pass(60);
  assert.equal(transactions.stats.clients, 0);
  assert.equal(transactions.budget.held, 0);
});

test('a host name is looked up meanwhile; one that nobody knows ends it', () => {
  const known = replicating('sip:second.example', { 'A second.example': ['192.0.2.51'] });
  known.send(request('REGISTER', 'sip:example.com'));
  assert.deepEqual([known.results, known.requests('REGISTER').length], [[1], 0]);
  known.answerNames();
  assert.equal(known.requests('REGISTER')[0]?.target.address, '192.0.2.51');
  const unknown = replicating('sip:second.example');
  unknown.send(request('REGISTER', 'sip:example.com'));
  unknown.answerNames();
  assert.equal(unknown.requests('REGISTER').length, 0);
  assert.equal(unknown.transactions.budget.held, 0);
});

test('a server that cannot be reached changes nothing; a scheme that we do not speak is -1', () => {
  const gone = replicating('sip:192.0.2.50');
  gone.send(request('REGISTER', 'sip:example.com'));
  gone.requests('REGISTER')[0]!.failure?.sendFailed('ECONNREFUSED');
  assert.deepEqual(gone.complaints, []);
  const { send, results } = replicating('sips:192.0.2.50');
  assert.equal(send(request('REGISTER', 'sip:example.com')).run.errorStatus, 416);
  assert.deepEqual(results, [-1]);
});
