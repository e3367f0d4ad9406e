import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Header } from '../../message/header-names.ts';
import { WAIT } from '../../script/types.ts';
import { CALLER, lab, request } from './relay-lab.ts';

test('an INVITE gets its 100 at once and goes out with our Via on top and the rest as it was', () => {
  const { receive, sent, requests } = lab();
  const { result } = receive(request('INVITE'), (run) => {
    run.edits.top = 'Record-Route: <sip:192.0.2.1;lr>\r\n';
  });
  assert.equal(result, 1);
  assert.match(sent[0]!.text, /^SIP\/2.0 100 trying -- your call is important to us\r\n/);
  const [out] = requests('INVITE');
  assert.deepEqual([out?.target.address, out?.target.port, out?.target.protocol], ['192.0.2.20', 5060, 'udp']);
  const branch = out!.message.via!.branch;
  assert.match(branch, /^z9hG4bK/);
  const original = request('INVITE').slice('INVITE sip:bob@192.0.2.20 SIP/2.0\r\n'.length);
  assert.equal(
    out?.text,
    `INVITE sip:bob@192.0.2.20 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=${branch}\r\nRecord-Route: <sip:192.0.2.1;lr>\r\n${original}`,
  );
});

test('provisional responses go upstream, a 100 does not; then each 2xx', () => {
  const { receive, respond, requests, upstream, sent } = lab();
  receive(request('INVITE'));
  const [out] = requests('INVITE');
  respond(out!, 100);
  respond(out!, 180);
  respond(out!, 183);
  respond(out!, 200);
  assert.deepEqual(upstream(), [100, 180, 183, 200]);
  const before = sent.length;
  respond(out!, 200);
  assert.equal(sent.length, before + 1, 'a repeated 2xx is passed on again');
  assert.equal(sent.at(-1)!.message.viaCount, 1);
});

test('destination and Path: sent there, Route on top, Request-URI kept', () => {
  const { receive, requests } = lab();
  receive(request('INVITE'), (run) => {
    run.destination = 'sip:192.0.2.77:5070;lr';
    run.path = '<sip:192.0.2.77:5070;lr>';
  });
  const [out] = requests('INVITE');
  assert.deepEqual([out?.target.address, out?.target.port], ['192.0.2.77', 5070]);
  assert.equal(out?.message.uri, 'sip:bob@192.0.2.20');
  assert.equal(out?.message.value(Header.route), '<sip:192.0.2.77:5070;lr>');
});

test('the first 2xx of a fork wins, the others are cancelled, a second 2xx is passed on too', () => {
  const { receive, respond, requests, upstream, fork } = lab();
  receive(request('INVITE'), fork);
  const [a, b, c] = requests('INVITE');
  assert.deepEqual(
    [a, b, c].map((one) => one?.message.uri),
    ['sip:b0@192.0.2.20', 'sip:b1@192.0.2.21', 'sip:b2@192.0.2.22'],
  );
  respond(a!, 180);
  respond(b!, 180);
  respond(b!, 200);
  assert.deepEqual(
    requests('CANCEL').map((one) => one.target.address),
    ['192.0.2.20'],
    'the silent one is not cancelled yet',
  );
  respond(c!, 180);
  assert.deepEqual(
    requests('CANCEL').map((one) => one.target.address),
    ['192.0.2.20', '192.0.2.22'],
  );
  respond(a!, 200, ['X: second']);
  respond(c!, 487);
  assert.deepEqual(
    upstream(),
    [100, 180, 180, 200, 200].filter((s, i) => i !== 2 || s !== 180),
  );
});

test('all branches refused: one final response, the best', () => {
  const { receive, respond, requests, upstream, fork } = lab();
  receive(request('INVITE'), fork);
  const [a, b, c] = requests('INVITE');
  respond(a!, 486);
  respond(b!, 404);
  assert.deepEqual(upstream(), [100]);
  respond(c!, 500);
  assert.deepEqual(upstream(), [100, 404]);
});

test('a 6xx cancels the others and wins over them', () => {
  const { receive, respond, requests, upstream, fork } = lab();
  receive(request('INVITE'), fork);
  const [a, b, c] = requests('INVITE');
  respond(a!, 180);
  respond(b!, 180);
  respond(c!, 603);
  assert.equal(requests('CANCEL').length, 2);
  respond(a!, 487);
  respond(b!, 487);
  assert.equal(upstream().at(-1), 603);
});

test('challenges of several branches go up together', () => {
  const { receive, respond, requests, sent, fork } = lab();
  receive(request('INVITE'), fork);
  const [a, b, c] = requests('INVITE');
  respond(a!, 407, ['Proxy-Authenticate: Digest realm="a", nonce="1"']);
  respond(b!, 401, ['WWW-Authenticate: Digest realm="b", nonce="2"']);
  respond(c!, 486);
  const up = sent.findLast((one) => one.message.status === 401)!.message;
  assert.equal(up.value(Header.wwwAuthenticate), 'Digest realm="b", nonce="2"');
  assert.equal(up.value(Header.proxyAuthenticate), 'Digest realm="a", nonce="1"');
});

test('a 503 goes upstream as 500', () => {
  const { receive, respond, requests, upstream } = lab();
  receive(request('INVITE'));
  respond(requests('INVITE')[0]!, 503);
  assert.deepEqual(upstream(), [100, 500]);
});

test('fr_timer: nothing from the next hop gives 408', () => {
  const { receive, pass, upstream } = lab({}, {}, {}, { response: 5000, invite: 20_000, restart: true });
  receive(request('INVITE'));
  pass(4);
  assert.deepEqual(upstream(), [100]);
  pass(2);
  assert.deepEqual(upstream(), [100, 408]);
});

for (const [restart, seconds] of [
  [true, 35],
  [false, 25],
] as const) {
  test(`fr_inv_timer: ringing ends with CANCEL and 408; each provisional response restarts it: ${restart}`, () => {
    const { receive, respond, pass, upstream, requests } = lab({}, {}, {}, { response: 5000, invite: 20_000, restart });
    receive(request('INVITE'));
    const [out] = requests('INVITE');
    pass(4);
    respond(out!, 180);
    pass(11);
    respond(out!, 180, ['X: again']);
    pass(seconds - 15 - 2);
    assert.equal(upstream().includes(408), false);
    pass(3);
    assert.equal(upstream().at(-1), 408);
    assert.equal(new Set(requests('CANCEL').map((one) => one.text)).size, 1);
    respond(out!, 200);
    assert.equal(upstream().at(-1), 200, 'late, but the callee has picked up');
  });
}

test('a next hop that said 100 has the time of fr_inv_timer', () => {
  const { receive, respond, pass, upstream, requests } = lab(
    {},
    {},
    {},
    { response: 5000, invite: 20_000, restart: true },
  );
  receive(request('INVITE'));
  respond(requests('INVITE')[0]!, 100);
  pass(19);
  assert.deepEqual(upstream(), [100]);
  pass(2);
  assert.deepEqual(upstream(), [100, 408]);
});

test('CANCEL while it rings: 200 to the CANCEL, CANCEL downstream, 487 upstream', () => {
  const { receive, respond, requests, upstream } = lab();
  receive(request('INVITE'));
  const [out] = requests('INVITE');
  respond(out!, 180);
  assert.equal(receive(request('CANCEL')).result, 1);
  assert.deepEqual(upstream('CANCEL'), [200]);
  const [cancel] = requests('CANCEL');
  assert.equal(cancel?.message.via?.branch, out?.message.via?.branch);
  assert.equal(upstream().includes(487), false);
  respond(out!, 487);
  assert.equal(upstream().at(-1), 487);
  receive(request('CANCEL'));
  assert.deepEqual(upstream('CANCEL'), [200]);
});

test('CANCEL before anything was heard: 487 at once, the CANCEL follows the first provisional response', () => {
  const { receive, respond, requests, upstream } = lab();
  receive(request('INVITE'));
  receive(request('CANCEL'));
  assert.deepEqual(upstream(), [100, 487]);
  assert.equal(requests('CANCEL').length, 0);
  respond(requests('INVITE')[0]!, 180);
  assert.equal(requests('CANCEL').length, 1);
  assert.deepEqual(upstream(), [100, 487]);
});

test('CANCEL that crosses the 2xx: the call stands', () => {
  const { receive, respond, requests, upstream } = lab();
  receive(request('INVITE'));
  const [out] = requests('INVITE');
  respond(out!, 180);
  receive(request('CANCEL'));
  respond(out!, 200);
  assert.equal(upstream().at(-1), 200);
  assert.equal(upstream().includes(487), false);
});

test('a 2xx behind the 487 reaches the caller, as often as a callee repeats it and no more', () => {
  const { receive, respond, requests, upstream, sent, pass } = lab();
  receive(request('INVITE'));
  receive(request('CANCEL'));
  const [out] = requests('INVITE');
  respond(out!, 200);
  assert.deepEqual(upstream(), [100, 487, 200]);
  const late = sent.at(-1)!;
  assert.deepEqual([late.target.address, late.target.port, late.message.viaCount], [CALLER, 5060, 1]);
  const successes = () => sent.filter(({ message }) => message.status === 200 && message.cseq?.method === 'INVITE');
  pass(6);
  for (let i = 0; i < 50; i++) respond(out!, 200);
  assert.equal(successes().length, 11);
});

test('CANCEL after the 2xx is answered and changes nothing', () => {
  const { receive, respond, requests, upstream } = lab();
  receive(request('INVITE'));
  respond(requests('INVITE')[0]!, 200);
  receive(request('CANCEL'));
  assert.deepEqual(upstream('CANCEL'), [200]);
  assert.equal(requests('CANCEL').length, 0);
});

test('CANCEL of a silent callee who never answers the CANCEL ends too', () => {
  const { receive, respond, requests, upstream, pass } = lab();
  receive(request('INVITE'));
  respond(requests('INVITE')[0]!, 180);
  receive(request('CANCEL'));
  pass(33);
  assert.equal(upstream().at(-1), 487);
});

test('CANCEL of an INVITE nobody knows is answered 481 and goes no further', () => {
  const { receive, requests, upstream, sent } = lab();
  assert.equal(receive(request('CANCEL')).result, 1);
  assert.deepEqual(upstream('CANCEL'), [481]);
  assert.equal(requests('CANCEL').length, 0);
  receive(request('CANCEL'));
  assert.equal(sent.at(-1)?.text, sent[0]?.text, 'repeated: the same answer');
});

test('CANCEL when there is no room for its transaction: answered, and it works', () => {
  const { receive, respond, requests, upstream } = lab({}, { maxTransactions: 2 });
  receive(request('INVITE'));
  respond(requests('INVITE')[0]!, 180);
  receive(request('CANCEL'));
  assert.deepEqual(upstream('CANCEL'), [200]);
  assert.equal(requests('CANCEL').length, 1);
});

test('t_relay twice: the request goes out once, and the log says so once', () => {
  const { receive, requests, relay, complaints } = lab();
  for (const method of ['MESSAGE', 'ACK', 'INVITE']) {
    const { run } = receive(request(method));
    assert.equal(relay.relay(run), -1, method);
    assert.equal(requests(method).length, 1, method);
  }
  assert.equal(complaints.length, 1);
  assert.match(complaints[0]!, /second time/);
});

test('the next way may be tried when nothing could be sent', () => {
  const { receive, requests, relay, complaints } = lab();
  receive(request('MESSAGE'), (run) => {
    run.uri = 'sips:bob@192.0.2.20';
    assert.equal(relay.relay(run), -1);
    run.uri = 'sip:bob@192.0.2.20';
  });
  assert.equal(requests('MESSAGE').length, 1);
  assert.deepEqual(complaints, []);
});

test('a CANCEL that came while the script waited: 487, nothing is sent on', () => {
  const { receive, requests, upstream } = lab();
  const { result } = receive(request('INVITE'), (run) => {
    run.cancelled = true;
  });
  assert.equal(result, 1);
  assert.deepEqual(upstream(), [487]);
  assert.equal(requests('INVITE').length, 0);
});

test('ACKs pass without a transaction, repetitions alike', () => {
  const { receive, requests, transactions, sent } = lab();
  receive(request('ACK'));
  receive(request('ACK'));
  assert.equal(sent.length, 2);
  assert.equal(sent[0]?.text, sent[1]?.text);
  assert.equal(requests('ACK')[0]?.target.address, '192.0.2.20');
  receive(request('ACK', undefined, [], 'z9hG4bKother'));
  assert.notEqual(sent[2]?.message.via?.branch, sent[0]?.message.via?.branch);
  assert.equal(transactions.stats.created, 0);
});

test('other methods: final response up; silence is not answered with 408 (RFC 4320), but ends', () => {
  const { receive, respond, requests, upstream, pass, transactions } = lab();
  receive(request('BYE'));
  respond(requests('BYE')[0]!, 481);
  assert.deepEqual(upstream('BYE'), [481]);
  receive(request('MESSAGE', undefined, [], 'z9hG4bKmessage'));
  pass(31);
  assert.deepEqual(upstream('MESSAGE'), []);
  pass(40);
  assert.equal(transactions.stats.servers + transactions.stats.clients, 0);
});

// Nothing can be sent: [Request-URI, status]
const UNUSABLE: [string, number][] = [
  ['sips:bob@192.0.2.20', 416],
  ['tel:+12025550100', 416],
  ['sip:bob@192.0.2.20;transport=sctp', 479],
  ['sip:bob@192.0.2.20;transport=tcp', 477],
  ['sip:bob@[2001:db8::1]', 477],
  ['sip:b ob@192.0.2.20', 479],
];

for (const [uri, status] of UNUSABLE) {
  test(`${uri} gives ${status}, once`, () => {
    const { receive, upstream, transactions } = lab();
    const { result } = receive(request('INVITE'), (run) => {
      run.uri = uri;
    });
    assert.equal(result, -1);
    assert.deepEqual(upstream(), [status]);
    assert.equal(transactions.stats.created, 0);
  });
}

test('more than twelve branches give 500', () => {
  const { receive, upstream } = lab();
  receive(request('INVITE'), (run) => {
    run.branches = Array.from({ length: 12 }, () => ({
      uri: 'sip:b@192.0.2.20',
      destination: undefined,
      path: undefined,
    }));
  });
  assert.deepEqual(upstream(), [500]);
});

test('each branch leaves by its own socket, else by the one of the request, else by the one it came in on', () => {
  const { receive, requests, source } = lab({}, {}, { 'branch_route[1]': () => {} });
  const other = { ...source.point, address: '192.0.2.2', name: 'udp:192.0.2.2:5060', hostPort: '192.0.2.2:5060' };
  const left = () =>
    requests('INVITE')
      .splice(-2)
      .map(({ target }) => target.point);
  const branch = { uri: 'sip:b@192.0.2.21', destination: undefined, path: undefined };
  receive(request('INVITE'), (run) => {
    run.uriFrom = other;
    run.branches = [branch];
  });
  assert.deepEqual(left(), [other, source.point]);
  receive(request('INVITE', 'sip:c@192.0.2.20', [], 'z9hG4bK2'), (run) => {
    run.sendFrom = other;
    run.branches = [{ ...branch, sendFrom: source.point }];
  });
  assert.deepEqual(left(), [other, source.point]);
  receive(request('INVITE', 'sip:d@192.0.2.20', [], 'z9hG4bK3'), (run) => {
    run.onBranch = 1;
    run.branches = [{ ...branch, sendFrom: other }];
  });
  assert.deepEqual(left(), [source.point, other], 'through a branch route, too');
});

test('a branch that cannot be sent counts as 503: another answer is better, alone it is 477', () => {
  const forked = lab();
  forked.receive(request('INVITE'), (run) => {
    run.branches = [{ uri: 'sip:b@[2001:db8::1]', destination: undefined, path: undefined }];
  });
  forked.respond(forked.requests('INVITE')[0]!, 486);
  assert.deepEqual(forked.upstream(), [100, 486]);
  const alone = lab();
  alone.receive(request('INVITE'));
  alone.requests('INVITE')[0]!.failure?.sendFailed('ECONNREFUSED');
  assert.deepEqual(alone.upstream(), [100, 477]);
});

test('a request that comes back unchanged gets 482; with another Request-URI it passes', () => {
  const { receive, requests, upstream } = lab();
  receive(request('MESSAGE'));
  const [out] = requests('MESSAGE');
  receive(out!.text);
  assert.deepEqual(requests('MESSAGE').length, 1);
  assert.deepEqual(upstream('MESSAGE'), [482]);
  receive(
    out!.text
      .replace('MESSAGE sip:bob@', 'MESSAGE sip:carol@')
      .replace('CSeq: 1', 'CSeq: 2')
      .replace('branch=z9hG4bK0', 'branch=z9hG4bK1'),
  );
  assert.equal(requests('MESSAGE').length, 2);
});

test('a host name suspends the run; its address is remembered', () => {
  const { receive, answerNames, resumed, requests, upstream, lookups } = lab({ 'A pbx.example.com': ['192.0.2.30'] });
  assert.equal(receive(request('INVITE', 'sip:bob@pbx.example.com:5070')).result, WAIT);
  assert.deepEqual(upstream(), [100]);
  assert.equal(requests('INVITE').length, 0);
  answerNames();
  assert.deepEqual(resumed, [1]);
  assert.deepEqual([requests('INVITE')[0]?.target.address, requests('INVITE')[0]?.target.port], ['192.0.2.30', 5070]);
  assert.equal(receive(request('BYE', 'sip:bob@pbx.example.com:5070')).result, 1);
  assert.equal(lookups.length, 0);
});

test('a host name nobody knows gives 478, once', () => {
  const { receive, answerNames, resumed, upstream } = lab();
  receive(request('INVITE', 'sip:bob@nowhere.example.com'));
  answerNames();
  assert.deepEqual(resumed, [-1]);
  assert.deepEqual(upstream(), [100, 478]);
});

test('two requests of one transaction with different Call-IDs that wait: one is sent, the other absorbed', () => {
  for (const method of ['INVITE', 'MESSAGE']) {
    const { receive, answerNames, resumed, requests, upstream } = lab({ 'A pbx.example.com': ['192.0.2.30'] });
    const text = request(method, 'sip:bob@pbx.example.com');
    for (const callId of ['one', 'two']) assert.equal(receive(text.replace('call-1', callId)).result, WAIT);
    answerNames();
    assert.deepEqual(resumed, [1, 1]);
    assert.equal(requests(method).length, 1);
    assert.ok(upstream(method).every((status) => status < 200));
  }
});

test('what goes wrong after a wait ends the request with 500 and harms no other', () => {
  const { receive, answerNames, resumed, upstream, complaints, transport } = lab({
    'A pbx.example.com': ['192.0.2.30'],
  });
  receive(request('MESSAGE', 'sip:bob@pbx.example.com'));
  receive(request('MESSAGE', 'sip:bob@pbx.example.com', [], 'z9hG4bKother').replace('call-1', 'call-2'));
  const { pointFor } = transport;
  let calls = 0;
  transport.pointFor = (...args) => {
    if (calls++ === 0) throw new Error('a fault of ours');
    return pointFor(...args);
  };
  answerNames();
  assert.deepEqual(resumed, [0, 1]);
  assert.deepEqual(upstream('MESSAGE'), [500]);
  assert.match(complaints.join(), /could not be relayed/);
});

test('a CANCEL that came during the look-up ends it with 487', () => {
  const { receive, answerNames, resumed, requests, upstream } = lab({ 'A pbx.example.com': ['192.0.2.30'] });
  const { run } = receive(request('INVITE', 'sip:bob@pbx.example.com'));
  run.cancelled = true;
  answerNames();
  assert.deepEqual(resumed, [1]);
  assert.deepEqual(upstream(), [100, 487]);
  assert.equal(requests('INVITE').length, 0);
});

test('whatever the branches do and in whatever order, one final response goes upstream, and every 2xx', () => {
  const event = fc.record({
    branch: fc.integer({ min: 0, max: 2 }),
    what: fc.constantFrom('180', '183', '200', '302', '404', '407', '486', '503', '603', 'fail', 'cancel', 'wait'),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 20 }), (events) => {
      const { receive, respond, pass, requests, upstream, fork, transactions } = lab();
      receive(request('INVITE'), fork);
      const out = requests('INVITE');
      for (const { branch, what } of events) {
        if (what === 'fail') out[branch]!.failure?.sendFailed('EHOSTUNREACH');
        else if (what === 'cancel') receive(request('CANCEL'));
        else if (what === 'wait') pass(7);
        else respond(out[branch]!, Number(what));
      }
      pass(300);
      const finals = upstream().filter((status) => status >= 200);
      assert.ok(finals.length > 0, 'the caller hears how it ends');
      assert.ok(
        finals.slice(1).every((status) => status < 300),
        `behind the first final response only a 2xx may come: ${finals}`,
      );
      assert.equal(transactions.stats.servers + transactions.stats.clients, 0, 'nothing stays behind');
      assert.equal(transactions.budget.held, 0);
    }),
    { numRuns: 60 },
  );
});
