/**
 * Calls through the relay: a telephone at 192.0.2.9 calls one at 192.0.2.20. What becomes of the call is looked at in the list, in what is
 * written down, and on the wire.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EndReason, SessionStart, Ticket } from '../../../core/gate/types.ts';
import type { OwnValues } from '../../../core/journal/own-table.ts';
import type { Change } from '../../../core/journal/types.ts';
import { Header } from '../message/header-names.ts';
import { CALLER, lab, request, type Sent, US } from '../modules/tm/relay-lab.ts';
import type { RecordRoute, Run } from '../run.ts';
import { Calls } from './calls.ts';

const CALLED = '192.0.2.20';
const RECORDED = `Record-Route: <sip:${US}:5060;lr>`;
const OURS: RecordRoute = { lines: () => `${RECORDED}\r\n` };
const ALICE = `sip:alice@${CALLER}:5070`;
const BOB = `sip:bob@${CALLED}:5080`;
const ANSWERED = [RECORDED, `Contact: <${BOB}>`];
const BOTH = [`1000 ${CALLER} call out sip:bob@example.com`, `1001 ${CALLED} call in sip:alice@example.com`];

describe('which calls are followed', () => {
  test('each user in it has a session, and those of one can be asked for', () => {
    const { call, who } = house();
    call();
    assert.deepEqual(who(), BOTH);
    assert.deepEqual(who('1001'), [BOTH[1]]);
    assert.deepEqual(who('1002'), []);
  });

  test('one of nobody here is not, nor one without our Record-Route, nor what is no call', () => {
    const { call, receive, respond, requests, who } = house();
    call({ caller: '', called: '' });
    receive(other(request('INVITE', undefined, [`Contact: <${ALICE}>`]), 2), (run) => {
      by('1000', '')(run);
      run.recordRoute = undefined;
    });
    respond(requests('INVITE')[1]!, 200, ANSWERED);
    receive(other(request('MESSAGE'), 3), by('1000', '1001'));
    respond(requests('MESSAGE')[0]!, 200);
    assert.deepEqual(who(), []);
  });

  test('two telephones that answer the same INVITE are two calls, a repetition is none', () => {
    const { receive, respond, requests, fork, ids } = house();
    receive(request('INVITE', undefined, [`Contact: <${ALICE}>`]), (run) => {
      by('1000', '')(run);
      fork(run);
    });
    const [first, second] = requests('INVITE');
    respond(first!, 200, ANSWERED);
    respond(first!, 200, ANSWERED);
    assert.equal(ids().length, 1);
    respond(second!, 200, ANSWERED, 'other');
    respond(second!, 200, ANSWERED, 'other');
    assert.equal(new Set(ids()).size, 2);
  });

  test('one that was answered when the caller had given up is one until he hangs up, and not again', () => {
    const { receive, respond, requests, upstream, within, who } = house();
    receive(request('INVITE', undefined, [`Contact: <${ALICE}>`]), by('1000', '1001'));
    const [invite] = requests('INVITE');
    receive(request('CANCEL'));
    assert.deepEqual(upstream(), [100, 487]);
    respond(invite!, 200, ANSWERED);
    assert.deepEqual(who(), BOTH);
    respond(within('caller', 'BYE', 2, BOB), 200);
    respond(invite!, 200, ANSWERED);
    assert.deepEqual(who(), []);
  });

  test('one that passes here twice is one call, whose caller nobody else can make himself', () => {
    const { receive, respond, requests, who } = house();
    // Answered nearest to the called one first; the last is another user's, with the same tags.
    for (const [at, caller] of ['', '1000', '1002'].entries()) {
      const uri = `sip:${at}@${CALLED}`;
      receive(request('INVITE', uri, [`Contact: <${ALICE}>`], `z9hG4bKpass${at}`), by(caller, '1001'));
      respond(requests('INVITE')[at]!, 200, ANSWERED);
    }
    assert.deepEqual(who(), BOTH);
  });

  test('what does not fit is let through, and counted', () => {
    const { call, calls, ids } = house({ most: 2 });
    for (let i = 0; i < 3; i++) call({ number: i, called: '' });
    assert.equal(ids().length, 2);
    assert.deepEqual(calls.dialogs.counters, { followed: 2, unfollowed: 1 });
  });
});

describe('how a call ends by itself', () => {
  for (const [from, to] of [
    ['caller', BOB],
    ['called', ALICE],
  ] as const) {
    test(`by a BYE of the ${from}, when it is answered`, () => {
      const { call, within, respond, who, requests } = house();
      call();
      const bye = within(from, 'BYE', 7, to);
      assert.deepEqual(who(), BOTH, 'not yet');
      respond(bye, 200);
      assert.deepEqual(who(), []);
      assert.equal(requests('BYE').length, 1);
    });
  }

  test('not by a BYE that is asked who it is of, but by one that nobody answers', () => {
    const { call, within, respond, pass, who } = house();
    call();
    respond(within('caller', 'BYE', 2, BOB), 401);
    respond(within('caller', 'BYE', 3, BOB), 403);
    assert.deepEqual(who(), BOTH);
    within('caller', 'BYE', 4, BOB);
    pass(33);
    assert.deepEqual(who(), []);
  });

  test('not by a BYE with other tags', () => {
    const { call, receive, respond, requests, who } = house();
    call();
    const text = request('BYE', BOB, [], 'z9hG4bKstranger').replace('To: <sip:bob@example.com>', '$&;tag=guessed');
    receive(text);
    respond(requests('BYE')[0]!, 200);
    assert.deepEqual(who(), BOTH);
  });

  test('a BYE that went elsewhere proves nothing: both sides are told', () => {
    const { call, within, respond, requests, who } = house();
    call();
    const astray = within('caller', 'BYE', 2, 'sip:friend@192.0.2.66');
    assert.deepEqual(who(), BOTH);
    respond(astray, 200);
    assert.deepEqual(who(), []);
    assert.deepEqual(
      requests('BYE')
        .slice(1)
        .map(({ message }) => message.uri),
      [ALICE, BOB],
    );
  });

  test('by 481 to an INVITE or UPDATE within it, not by that to an INFO or by another refusal', () => {
    const { call, within, respond, who } = house();
    call();
    respond(within('caller', 'INFO', 2, BOB), 481);
    respond(within('called', 'INVITE', 3, ALICE), 488);
    respond(within('called', 'UPDATE', 4, ALICE), 408);
    assert.deepEqual(who(), BOTH);
    respond(within('called', 'UPDATE', 5, ALICE), 481);
    assert.deepEqual(who(), []);
  });

  test('when the time is over that both agreed on, and no refresh came', () => {
    const { call, within, respond, pass, who, requests, events } = house();
    call({ answer: [...ANSWERED, 'Session-Expires: 90;refresher=uac'] });
    pass(80);
    respond(within('caller', 'UPDATE', 2, BOB), 200, ['x: 90']);
    pass(80);
    assert.deepEqual(who(), BOTH);
    pass(20);
    assert.deepEqual(who(), []);
    assert.deepEqual(requests('BYE'), []);
    assert.deepEqual(events.slice(2), ['ended 1000 expired', 'ended 1001 expired']);
  });

  test('after the longest time, and then both are told', () => {
    const { call, pass, who, requests } = house({ longestMs: 60_000 });
    call();
    pass(57);
    assert.deepEqual(who(), BOTH);
    pass(6);
    assert.deepEqual(who(), []);
    const [bye] = requests('BYE');
    assert.match(bye!.text, /Reason: SIP;cause=408;/);
  });
});

describe('ending a call', () => {
  test('either session of it does, and both sides hear of it in the name of the other', async () => {
    for (const which of [0, 1]) {
      const { call, calls, ids, who, requests, events } = house();
      call();
      assert.ok(await calls.end(ids()[which]!, 'kicked'));
      assert.deepEqual(who(), []);
      const [toAlice, toBob] = requests('BYE');
      assert.equal(toAlice!.message.uri, ALICE);
      assert.deepEqual([toAlice!.target.address, toAlice!.target.port], [CALLER, 5070]);
      assert.equal(toAlice!.message.value(Header.from), '<sip:bob@example.com>;tag=callee');
      assert.equal(toAlice!.message.value(Header.to), '<sip:alice@example.com>;tag=a');
      assert.equal(toBob!.message.uri, BOB);
      assert.deepEqual([toBob!.target.address, toBob!.target.port], [CALLED, 5080]);
      assert.equal(toBob!.message.fromTag, 'a');
      assert.equal(toBob!.message.toTag, 'callee');
      assert.equal(toBob!.message.callId, 'call-1');
      assert.match(toBob!.text, /Reason: SIP;cause=403;/);
      assert.deepEqual(events, [
        `opened 1000 ${CALLER} sip:bob@example.com`,
        `opened 1001 ${CALLED} sip:alice@example.com`,
        'ended 1000 kicked',
        'ended 1001 kicked',
      ]);
    }
  });

  test('its CSeq is above all that either side has used', async () => {
    const { call, calls, within, respond, ids, requests } = house();
    call();
    respond(within('caller', 'INFO', 1_000, BOB), 200);
    respond(within('called', 'INFO', 70, ALICE), 200);
    respond(within('called', 'INFO', 60, ALICE), 200);
    await calls.end(ids()[0]!, 'kicked');
    const [toAlice, toBob] = requests('BYE').map(({ message }) => message.cseq!.number);
    assert.ok(toAlice! > 70 && toAlice! < 1_000, String(toAlice));
    assert.ok(toBob! > 1_000, String(toBob));
  });

  test('whatever either side says, it is over; who says nothing holds up nobody', async () => {
    const { call, calls, ids, requests, respond, pass, complaints } = house();
    call();
    await calls.end(ids()[0]!, 'kicked');
    respond(requests('BYE')[0]!, 481);
    pass(33);
    assert.deepEqual(ids(), []);
    assert.equal(await calls.end('sip:call:0123456789abcdef:out', 'kicked'), false);
    assert.deepEqual(complaints, []);
  });

  test('the Record-Routes of both sides are gone through, and ours left out', async () => {
    const { call, calls, ids, requests } = house();
    const above = ['<sip:192.0.2.31;lr>', '<sip:192.0.2.32;lr>'];
    const below = ['<sip:192.0.2.42;lr>', '<sip:192.0.2.41;lr>'];
    const headers = [`Contact: <${ALICE}>`, `Record-Route: ${above.join(', ')}`];
    const answer = [`Record-Route: ${below.join(', ')}`, RECORDED, ...headers.slice(1), `Contact: <${BOB}>`];
    call({ invite: headers, answer });
    await calls.end(ids()[0]!, 'kicked');
    const [toAlice, toBob] = requests('BYE');
    const routes = ({ message }: Sent) => [...message.text.matchAll(/^Route: (.*)\r$/gm)].map(([, value]) => value);
    assert.deepEqual(routes(toAlice!), above);
    assert.equal(toAlice!.target.address, '192.0.2.31');
    assert.deepEqual(routes(toBob!), below.toReversed());
    assert.equal(toBob!.target.address, '192.0.2.41');
    assert.equal(toBob!.message.uri, BOB);
  });

  test('a strict router gets the Request-URI, the telephone the last Route', async () => {
    const { call, calls, ids, requests } = house();
    call({ answer: ['Record-Route: <sip:192.0.2.41>', ...ANSWERED] });
    await calls.end(ids()[0]!, 'kicked');
    const { message, target } = requests('BYE')[1]!;
    assert.equal(message.uri, 'sip:192.0.2.41');
    assert.equal(message.value(Header.route), `<${BOB}>`);
    assert.equal(target.address, '192.0.2.41');
  });

  test('a new Contact counts, and an address behind a NAT is reached where its messages came from', async () => {
    const { call, calls, within, respond, ids, requests } = house();
    call({ invite: ['Contact: <sip:alice@192.168.7.7:5062>'] });
    respond(within('called', 'INVITE', 5, 'sip:alice@192.168.7.7:5062', [`Contact: <sip:bob@${CALLED}:5099>`]), 200);
    await calls.end(ids()[0]!, 'kicked');
    const [toAlice, toBob] = requests('BYE');
    assert.equal(toAlice!.message.uri, 'sip:alice@192.168.7.7:5062');
    assert.deepEqual([toAlice!.target.address, toAlice!.target.port], [CALLER, 5060]);
    assert.equal(toBob!.message.uri, `sip:bob@${CALLED}:5099`);
    assert.equal(toBob!.target.port, 5099);
  });

  test('one that rings is refused to the caller and cancelled; whoever answers after all is not put through', async () => {
    for (const [which, status] of [403, 480].entries()) {
      const { receive, respond, requests, upstream, calls, ids, who } = house();
      receive(request('INVITE', undefined, [`Contact: <${ALICE}>`]), by('1000', '1001'));
      const [invite] = requests('INVITE');
      respond(invite!, 180);
      assert.deepEqual(who(), [
        `1000 ${CALLER} ringing out sip:bob@example.com`,
        '1001  ringing in sip:alice@example.com',
      ]);
      assert.ok(await calls.end(ids()[which]!, 'kicked'));
      assert.deepEqual(upstream(), [100, 180, status]);
      assert.equal(requests('CANCEL').length, 1);
      respond(invite!, 200, ANSWERED);
      assert.deepEqual(upstream(), [100, 180, status]);
      assert.deepEqual(who(), []);
    }
  });
});

describe('what is written down', () => {
  test('nothing of a short call; of one that lasts, its beginning and end', () => {
    const { call, within, respond, pass, events, rows } = house();
    call();
    respond(within('caller', 'BYE', 2, BOB), 200);
    pass(10);
    assert.deepEqual([events, rows.size], [[], 0]);
    call({ number: 2, called: '' });
    pass(7);
    assert.equal(rows.size, 1);
    respond(within('caller', 'BYE', 2, BOB, [], 2), 200);
    assert.deepEqual(events, [`opened 1000 ${CALLER} sip:bob@example.com`, 'ended 1000 logout']);
    assert.equal(rows.size, 0);
  });

  test('what is ended when nothing else is left runs no timer', () => {
    const { call, within, respond, pass, wheel } = house();
    call();
    respond(within('caller', 'BYE', 2, BOB), 200);
    pass(60);
    assert.equal(wheel.size, 0);
  });

  test('the next server lists it, knows its BYE, and can end it', async () => {
    const rows = new Map<string, OwnValues>();
    const before = house({ rows });
    before.call();
    before.call({ number: 2 });
    before.respond(before.within('caller', 'INFO', 500, BOB), 200);
    before.calls.dialogs.close();
    assert.equal(rows.size, 2);

    rows.set('broken', ['broken', '{']);
    const after = house({ rows });
    (await after.calls.load())();
    assert.deepEqual(new Set(after.ids()), new Set(before.ids()));
    assert.deepEqual(after.who('1000'), [BOTH[0], BOTH[0]]);
    after.respond(after.within('called', 'BYE', 7, ALICE, [], 2), 200);
    assert.deepEqual(after.who(), BOTH);
    await after.calls.end(after.ids()[1]!, 'removed');
    const [toAlice, toBob] = after.requests('BYE').slice(1);
    assert.equal(toAlice!.target.port, 5070);
    assert.ok(toBob!.message.cseq!.number > 500);
    assert.equal(rows.size, 0);
  });
});

interface HouseOptions {
  readonly longestMs?: number;
  readonly most?: number;
  readonly rows?: Map<string, OwnValues>;
}

interface CallOptions {
  readonly number?: number;
  readonly caller?: string;
  readonly called?: string;
  readonly invite?: readonly string[];
  readonly answer?: readonly string[];
}

function house({ longestMs = 3_600_000, most, rows = new Map() }: HouseOptions = {}) {
  const events: string[] = [];
  const journal = {
    append(unit: readonly Change[]) {
      for (const change of unit) {
        if (change.kind === 'put-own') rows.set(String(change.values[0]), change.values);
        else if (change.kind === 'drop-own') rows.delete(change.key);
        else if (change.kind === 'audit') events.push(change.line);
      }
    },
    drain: async () => {},
  };
  const said = (line: string): Change[] => [{ kind: 'audit', line }];
  const gate = {
    opened: ({ user, client, peer }: SessionStart) => said(`opened ${user} ${client} ${peer}`),
    ended: ({ user }: SessionStart, reason: EndReason) => said(`ended ${user} ${reason}`),
  };
  let calls: Calls | undefined;
  const phones = lab({}, {}, {}, undefined, undefined, (parts) => {
    const store = { read: async () => [...rows.values()] };
    const all = { ...parts, gate, journal, rows: store, key: Buffer.alloc(32), longestMs };
    calls = new Calls(most === undefined ? all : { ...all, most });
    return calls.dialogs;
  });

  function call({ number = 1, caller = '1000', called = '1001', answer = ANSWERED, invite }: CallOptions = {}): Sent {
    const headers = [...(invite ?? [`Contact: <${ALICE}>`])];
    phones.receive(other(request('INVITE', undefined, headers), number), by(caller, called));
    const sent = phones.requests('INVITE').at(-1)!;
    assert.ok(phones.respond(sent, 200, answer));
    return sent;
  }

  /** A request of one side as it comes here, and goes on. */
  function within(
    from: 'caller' | 'called',
    method: string,
    cseq: number,
    uri: string,
    extra: string[] = [],
    call = 1,
  ) {
    const [alice, bob] = ['<sip:alice@example.com>;tag=a', '<sip:bob@example.com>'];
    const [sender, receiver] = from === 'caller' ? [alice, `${bob};tag=callee`] : [`${bob};tag=callee`, alice];
    const text = request(method, uri, extra, `z9hG4bK${method}${cseq}`)
      .replace(/^From: .*$/m, `From: ${sender}`)
      .replace(/^To: .*$/m, `To: ${receiver}`)
      .replace('CSeq: 1 ', `CSeq: ${cseq} `);
    phones.receive(other(text, call));
    return phones.requests(method).at(-1)!;
  }

  const who = (user?: string) =>
    [...calls!.sessions(user)].map(
      ({ user: login, client, detail: { kind, direction, peer } }) => `${login} ${client} ${kind} ${direction} ${peer}`,
    );
  const ids = () => [...calls!.sessions()].map(({ session }) => session);
  return { ...phones, calls: calls!, events, rows, call, within, who, ids };
}

/** Of another call. */
function other(text: string, call: number): string {
  return text.replaceAll('call-1', `call-${call}`).replace('z9hG4bK', `z9hG4bK${call}-`);
}

/** What the script has found out. */
function by(caller: string, called: string) {
  return (run: Run) => {
    run.recordRoute = OURS;
    run.called = called;
    const ticket = { account: { login: caller } } as Ticket;
    if (caller !== '') run.authorised = { header: 0, username: caller, user: caller, realm: '', ticket };
  };
}
