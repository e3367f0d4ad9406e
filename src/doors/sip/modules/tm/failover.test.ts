/** RFC 3263 section 4.3: a request whose server fails goes to the next one that DNS names. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Header } from '../../message/header-names.ts';
import type { Answer } from '../../resolve/records.ts';
import type { Run } from '../../run.ts';
import { WAIT } from '../../script/types.ts';
import { listenPoint } from '../../transport/point.ts';
import { lab, request, US } from './relay-lab.ts';

const srv = (name: string, priority: number) => ({ name, priority, weight: 0, port: 5060 });
const TRUNK: Readonly<Record<string, Answer['records']>> = {
  'SRV _sip._udp.trunk.example': [srv('one.trunk.example', 1), srv('two.trunk.example', 2)],
  'A one.trunk.example': ['192.0.2.31'],
  'A two.trunk.example': ['192.0.2.32'],
};
const URI = 'sip:bob@trunk.example';

/** A request that waits for the names and goes to the first server. */
function sending(method = 'INVITE', zone = TRUNK) {
  const made = lab(zone);
  const { run, result } = made.receive(request(method, URI));
  assert.equal(result, WAIT);
  made.answerNames();
  const to = () => made.requests(method).map(({ target }) => target.address);
  return { ...made, run, to };
}

test('the first server by priority gets it; the names are known then', () => {
  const { to, receive, requests, lookups } = sending();
  assert.deepEqual(to(), ['192.0.2.31']);
  assert.equal(receive(request('BYE', URI, [], 'z9hG4bKbye')).result, 1);
  assert.equal(requests('BYE')[0]?.target.address, '192.0.2.31');
  assert.equal(lookups.length, 0);
});

test('a server that cannot be reached: the next one gets the same request with another branch', () => {
  const { to, requests, upstream, respond, relay } = sending();
  const [first] = requests('INVITE');
  first!.failure?.sendFailed('ECONNREFUSED');
  assert.deepEqual(to(), ['192.0.2.31', '192.0.2.32']);
  const second = requests('INVITE')[1]!;
  const bare = (text: string) => text.replace(/branch=z9hG4bK0[^\r;]*/, '');
  assert.notEqual(second.message.via?.branch, first!.message.via?.branch);
  assert.equal(bare(second.text), bare(first!.text));
  respond(second, 200);
  assert.deepEqual(upstream(), [100, 200]);
  assert.equal(relay.counters.failovers, 1);
});

test('a silent server: an INVITE waits four seconds for it, anything else its share of fr_timer', () => {
  const invite = sending();
  invite.pass(3.9);
  assert.deepEqual(new Set(invite.to()), new Set(['192.0.2.31']));
  invite.pass(0.3);
  assert.equal(invite.to().at(-1), '192.0.2.32');
  const message = sending('MESSAGE');
  message.pass(14.8);
  assert.deepEqual(new Set(message.to()), new Set(['192.0.2.31']));
  message.pass(0.4);
  assert.equal(message.to().at(-1), '192.0.2.32');
});

test('when all are silent the caller hears 408 after fr_timer, once', () => {
  const { upstream, pass, transactions } = sending();
  pass(29.5);
  assert.deepEqual(upstream(), [100]);
  pass(1);
  assert.deepEqual(upstream(), [100, 408]);
  pass(60);
  assert.equal(transactions.stats.clients + transactions.stats.servers, 0);
  assert.equal(transactions.budget.held, 0);
});

test('503: the next one is asked; of the last it goes upstream as ever', () => {
  const { to, requests, respond, upstream } = sending();
  respond(requests('INVITE')[0]!, 503);
  assert.deepEqual(to(), ['192.0.2.31', '192.0.2.32']);
  assert.equal(requests('ACK').length, 1, 'the first one gets its ACK');
  respond(requests('INVITE')[1]!, 503);
  assert.deepEqual(upstream(), [100, 500]);
});

test('a server that says when to come back is asked last until then', () => {
  const { requests, respond, receive, pass } = sending();
  respond(requests('INVITE')[0]!, 503, ['Retry-After: 20 (maintenance)']);
  respond(requests('INVITE')[1]!, 200);
  const next = (branch: string) => {
    receive(request('OPTIONS', URI, [], branch));
    return requests('OPTIONS').at(-1)!.target.address;
  };
  pass(19);
  assert.equal(next('z9hG4bKbefore'), '192.0.2.32');
  pass(2);
  assert.equal(next('z9hG4bKafter'), '192.0.2.31');
});

test('any other answer is the answer', () => {
  for (const status of [302, 404, 500, 603]) {
    const { to, requests, respond, upstream } = sending();
    respond(requests('INVITE')[0]!, status);
    assert.deepEqual(to(), ['192.0.2.31']);
    assert.deepEqual(upstream(), [100, status]);
  }
});

test('a server that rings is not given up for another one', () => {
  const { to, requests, respond, pass, upstream } = sending();
  respond(requests('INVITE')[0]!, 180);
  pass(119);
  assert.deepEqual(to(), ['192.0.2.31']);
  pass(2);
  assert.deepEqual(upstream(), [100, 180, 408]);
});

test('a caller who gives up has no further server asked', () => {
  const { receive, to, pass, upstream } = sending();
  receive(request('CANCEL', URI));
  assert.deepEqual(upstream(), [100, 487]);
  pass(60);
  assert.deepEqual(new Set(to()), new Set(['192.0.2.31']));
});

test('a branch that failed asks no further server when another one was answered', () => {
  const { requests, respond, receive, answerNames, pass } = lab(TRUNK);
  receive(request('MESSAGE', URI), (run) => {
    run.branches = [{ uri: 'sip:b@192.0.2.20', destination: undefined, path: undefined }];
  });
  answerNames();
  respond(requests('MESSAGE').find(({ target }) => target.address === '192.0.2.20')!, 200);
  pass(40);
  assert.ok(!requests('MESSAGE').some(({ target }) => target.address === '192.0.2.32'));
});

test('a server that has failed is asked last for half a minute, and first again once it has answered', () => {
  const { requests, respond, receive, pass } = sending();
  requests('INVITE')[0]!.failure?.sendFailed('ECONNREFUSED');
  const next = (branch: string) => {
    receive(request('OPTIONS', URI, [], branch));
    return requests('OPTIONS').at(-1)!;
  };
  const second = next('z9hG4bKsecond');
  assert.equal(second.target.address, '192.0.2.32');
  second.failure?.sendFailed('ECONNREFUSED');
  const third = requests('OPTIONS').at(-1)!;
  assert.equal(third.target.address, '192.0.2.31', 'both have failed: the other one all the same');
  respond(third, 200);
  assert.equal(next('z9hG4bKthird').target.address, '192.0.2.31');
  pass(31);
  assert.equal(next('z9hG4bKfourth').target.address, '192.0.2.31');
});

test('when there is no room for one more transaction the caller hears so', () => {
  const { receive, answerNames, requests, respond, upstream } = lab(TRUNK, { maxTransactions: 20 });
  // Ten calls; those that run are looked at before the one that is over could be forgotten.
  for (let i = 0; i < 10; i++) {
    receive(request('INVITE', URI, [], `z9hG4bKcall${i}`));
    answerNames();
  }
  respond(requests('INVITE')[9]!, 503);
  assert.equal(requests('INVITE').length, 10);
  assert.deepEqual(upstream(), [...Array(10).fill(100), 503]);
});

test('names that nobody answers: three seconds in all, however many questions one leads to', () => {
  const { receive, lookups, pass, resumed, upstream } = lab(TRUNK);
  receive(request('INVITE', URI));
  pass(2);
  for (const { done } of lookups.splice(0)) done({ records: [] });
  assert.deepEqual(
    lookups.map(({ type }) => type),
    ['SRV'],
  );
  pass(0.9);
  assert.deepEqual(resumed, []);
  pass(0.2);
  assert.deepEqual(resumed, [-1]);
  assert.deepEqual(upstream(), [100, 478]);
});

test('NAPTR has the request go by TCP, and the Record-Routes name both sides', () => {
  const naptr = {
    service: 'SIP+D2T',
    flags: 's',
    order: 1,
    preference: 1,
    regexp: '',
    replacement: '_sip._tcp.t.example',
  };
  const { transport, receive, answerNames, requests } = lab({
    'NAPTR trunk.example': [naptr],
    'SRV _sip._tcp.t.example': [srv('one.trunk.example', 1)],
    'A one.trunk.example': ['192.0.2.31'],
  });
  const [udp] = transport.points;
  const tcp = listenPoint('tcp', US, 5060);
  Object.assign(transport, { points: [udp, tcp], pointFor: (protocol: string) => (protocol === 'tcp' ? tcp : udp) });
  receive(request('INVITE', URI), (run) => {
    run.recordRoute = { lines: (inside, outside) => `Record-Route: ${outside.name} ${inside.name}\r\n` };
  });
  answerNames();
  const [out] = requests('INVITE');
  assert.equal(out?.target.protocol, 'tcp');
  assert.match(out!.text, /^Via: SIP\/2.0\/TCP /m);
  assert.equal(out?.message.value(Header.recordRoute), `tcp:${US}:5060 udp:${US}:5060`);
});

test('a Request-URI of sips goes by TLS, whatever the next hop says', () => {
  const { transport, receive, requests, upstream } = lab();
  const sips = (destination: string) => (run: { uri: string; destination: string | undefined }) => {
    run.uri = 'sips:bob@192.0.2.20';
    run.destination = destination;
  };
  receive(request('INVITE'), sips('sip:192.0.2.77;lr'));
  assert.deepEqual(upstream(), [416], 'we speak no TLS');
  const tls = listenPoint('tls', US, 5061);
  Object.assign(transport, { points: [tls], pointFor: () => tls });
  receive(request('INVITE', undefined, [], 'z9hG4bKtls'), sips('sip:192.0.2.77;lr'));
  const [out] = requests('INVITE');
  assert.deepEqual([out?.target.protocol, out?.target.address, out?.target.port], ['tls', '192.0.2.77', 5061]);
  receive(request('INVITE', undefined, [], 'z9hG4bKudp'), sips('sip:192.0.2.77;transport=udp;lr'));
  assert.equal(requests('INVITE').length, 1);
});

test('a failure route that was given up while it waited for names sends nothing any more', () => {
  let waiting: Run | undefined;
  const made = lab(
    TRUNK,
    {},
    {
      'failure_route[1]': (run) => {
        run.branches = [{ uri: URI, destination: undefined, path: undefined }];
        assert.equal(made.relay.relay(run), WAIT);
        waiting = run;
      },
    },
  );
  made.receive(request('INVITE'), (run) => {
    run.onFailure = 1;
  });
  made.respond(made.requests('INVITE')[0]!, 404);
  waiting!.abandon();
  waiting!.onEnd!(waiting!);
  assert.deepEqual(made.upstream(), [100, 404]);
  made.answerNames();
  assert.equal(made.requests('INVITE').length, 1);
  made.pass(70);
  assert.deepEqual([made.transactions.stats.clients, made.transactions.stats.servers], [0, 0]);
  assert.equal(made.transactions.budget.held, 0);
});

test('a server that rings after another one was asked gets a CANCEL, and its provisional responses go nowhere', () => {
  const { requests, respond, pass, upstream, transactions } = sending();
  pass(5);
  const [first, second] = [requests('INVITE')[0]!, requests('INVITE').at(-1)!];
  assert.equal(second.target.address, '192.0.2.32');
  respond(first, 180);
  assert.deepEqual(
    requests('CANCEL').map(({ target }) => target.address),
    ['192.0.2.31'],
  );
  respond(requests('CANCEL')[0]!, 200);
  respond(first, 487);
  assert.equal(requests('ACK').at(-1)?.target.address, '192.0.2.31');
  respond(second, 180);
  respond(second, 200);
  assert.deepEqual(upstream(), [100, 180, 200]);
  pass(70);
  assert.deepEqual([transactions.stats.clients, transactions.budget.held], [0, 0]);
});

test('a server that answers after another one was asked has the call, and the other one a CANCEL', () => {
  const { requests, respond, pass, upstream, transactions } = sending();
  pass(5);
  const [first, second] = [requests('INVITE')[0]!, requests('INVITE').at(-1)!];
  respond(second, 180);
  respond(first, 200);
  assert.deepEqual(upstream(), [100, 180, 200]);
  assert.deepEqual(
    requests('CANCEL').map(({ target }) => target.address),
    ['192.0.2.32'],
  );
  respond(requests('CANCEL')[0]!, 200);
  respond(second, 487);
  pass(70);
  assert.deepEqual(upstream(), [100, 180, 200]);
  assert.deepEqual([transactions.stats.clients, transactions.stats.servers, transactions.budget.held], [0, 0, 0]);
});

test('one that rings late and never ends does not end the call with the other', () => {
  const { requests, respond, pass, upstream } = sending();
  pass(5);
  const [first, second] = [requests('INVITE')[0]!, requests('INVITE').at(-1)!];
  respond(second, 180);
  respond(first, 180);
  pass(60);
  respond(second, 200);
  assert.deepEqual(upstream(), [100, 180, 200]);
});

test('who is given up is sent nothing more, and a 2xx behind the 408 still reaches the caller', () => {
  const { receive, requests, respond, pass, upstream } = lab(
    {},
    {},
    {},
    { response: 5000, invite: 120_000, restart: true },
  );
  receive(request('INVITE'));
  pass(6);
  assert.deepEqual(upstream(), [100, 408]);
  const before = requests('INVITE').length;
  pass(10);
  assert.equal(requests('INVITE').length, before);
  respond(requests('INVITE')[0]!, 200);
  assert.deepEqual(upstream(), [100, 408, 200]);
});
