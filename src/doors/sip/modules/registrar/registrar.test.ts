import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Admission, SessionName } from '../../../../core/gate/types.ts';
import type { BindingRow } from '../../../../core/ser/types.ts';
import { GatehouseError } from '../../../../platform/errors.ts';
import { parseUri } from '../../message/uri.ts';
import type { Run } from '../../run.ts';
import type { ParameterValues } from '../../script/types.ts';
import { WAIT } from '../../script/types.ts';
import { listenPoint } from '../../transport/point.ts';
import type { Connection, ListenPoint, Protocol } from '../../transport/types.ts';
import { fixContact, rememberSender } from '../nathelper/contact.ts';
import { lab, point as listening, request, START } from './lab.ts';

const CONTACT = 'Contact: <sip:1000@192.0.2.9:5062>';

// Expires: [Contact header, other headers, parameters, expires in the 200]
const EXPIRES: [string, string[], ParameterValues, number][] = [
  [CONTACT, [], {}, 3600],
  [CONTACT, ['Expires: 600'], {}, 600],
  [`${CONTACT};expires=300`, ['Expires: 600'], {}, 300],
  [`${CONTACT};expires=10`, [], {}, 60],
  [`${CONTACT};expires=10`, [], { min_expires: 5 }, 10],
  [`${CONTACT};expires=9000`, [], { max_expires: 1800 }, 1800],
  [CONTACT, [], { default_expires: 120 }, 120],
  [`${CONTACT};expires=soon`, [], {}, 3600],
  [CONTACT, ['Expires: -1'], {}, 3600],
  [`${CONTACT};expires=99999999999999999999`, [], {}, 31_536_000],
];

for (const [contact, headers, parameters, expected] of EXPIRES) {
  test(`expires: ${contact.slice(35)} ${headers} ${JSON.stringify(parameters)} gives ${expected}`, async () => {
    const { save, last } = await lab({ registrar: parameters });
    assert.equal(save([contact, ...headers]), 1);
    assert.deepEqual(last(), {
      status: 200,
      reason: 'OK',
      headers: `Contact: <sip:1000@192.0.2.9:5062>;expires=${expected}\r\n`,
    });
  });
}

// Refusals: [headers, parameters, status, part of P-Registrar-Error]
const LONG = `<sip:${'a'.repeat(256)}@192.0.2.9>`;
const REFUSED: [string[], ParameterValues, number, RegExp][] = [
  [['Contact: *'], {}, 400, /Expires is not zero/],
  [['Contact: *', 'Expires: 60'], {}, 400, /Expires is not zero/],
  [['Contact: *, <sip:c@192.0.2.9>', 'Expires: 0'], {}, 400, /together/],
  [['Contact: <sip:c@192.0.2.9>', 'Contact: *', 'Expires: 0'], {}, 400, /together/],
  [[`${CONTACT};q=1.5`], {}, 400, /q of a contact/],
  [[`${CONTACT};q=`], {}, 400, /q of a contact/],
  [[`${CONTACT};q=abc`], {}, 400, /q of a contact/],
  [[`Contact: ${LONG}`], {}, 400, /longer than 255/],
  [['Contact: <sip:@>'], {}, 400, /cannot be read/],
  [['Contact: <sip:1000@gate.example.com;x=1>'], {}, 400, /this server itself/],
  [['Contact: <sip:1000@192.0.2.9?Subject=x>'], {}, 400, /header fields/],
  [[`Contact: ${Array.from({ length: 65 }, (_, i) => `<sip:c${i}@192.0.2.9>`)}`], {}, 400, /64 contacts/],
  [['Contact: <sip:a@192.0.2.9>,<sip:b@192.0.2.9>'], { max_contacts: 1 }, 503, /Too many registered contacts/],
  [[CONTACT, 'Path: <sip:p.example.com;lr>'], { use_path: 1 }, 420, /Path/],
  [[CONTACT, `Call-ID: ${'c'.repeat(256)}`], {}, 400, /Call-ID/],
];

for (const [headers, parameters, status, error] of REFUSED) {
  test(`refused with ${status}: ${headers.join(' ').slice(0, 60)} ${JSON.stringify(parameters)}`, async () => {
    const { save, last, units, view, answers } = await lab({ registrar: parameters });
    assert.equal(save(headers), 0);
    assert.equal(last().status, status);
    assert.match(last().headers, /^P-Registrar-Error: .+\r\n/);
    assert.match(last().headers, error);
    assert.equal(answers.length, 1);
    assert.equal(units.length, 0);
    assert.equal(view.size, 0);
  });
}

test('To without a user, or with control characters in it, or too long is refused', async () => {
  const { save, last } = await lab();
  assert.equal(save([CONTACT], { to: 'sip:example.com' }), 0);
  assert.equal(last().status, 400);
  assert.equal(save([CONTACT], { to: 'sip:a%0d%0ab@example.com' }), 0);
  assert.equal(last().status, 400);
  assert.equal(save([CONTACT], { to: `sip:${'a'.repeat(257)}@example.com` }), 0);
  assert.equal(last().status, 500);
});

test('Retry-After goes along with too many contacts when the parameter says so', async () => {
  const { save, last } = await lab({ registrar: { max_contacts: 1, retry_after: 30 } });
  save([CONTACT]);
  assert.equal(save(['Contact: <sip:other@192.0.2.9>']), 0);
  assert.match(last().headers, /Retry-After: 30\r\n/);
  assert.equal(save([CONTACT]), 1, 'a refresh is no new contact');
  assert.equal(save([`${CONTACT};expires=0, <sip:other@192.0.2.9>`]), 1, 'counted as after the commit');
});

// Address of record: [To, use_domain, case_sensitive, realm_prefix, key]
const AORS: [string, number, number, string, string][] = [
  ['sip:Alice@Example.com', 0, 0, '', 'alice'],
  ['sip:Alice@Example.com', 0, 1, '', 'Alice'],
  ['sip:Alice@Example.com', 1, 0, '', 'alice@example.com'],
  ['sip:alice@sip.example.com', 1, 0, 'sip.', 'alice@example.com'],
  ['sip:al%69ce@example.com', 0, 0, '', 'alice'],
  ['sip:Ã@example.com', 0, 0, '', 'Ã'],
];

for (const [to, use_domain, case_sensitive, realm_prefix, key] of AORS) {
  test(`${to} is kept as ${key}`, async () => {
    const { save, view } = await lab({ usrloc: { use_domain }, registrar: { case_sensitive, realm_prefix } });
    assert.equal(save([CONTACT], { to }), 1);
    assert.deepEqual([...view.aors()], [key]);
  });
}

test('the 200 lists all bindings, highest q first, then newest; a query the same; without bindings no Contact', async () => {
  const { save, last, pass } = await lab();
  assert.equal(save([]), 1);
  assert.equal(last().headers, '');
  save(['Contact: <sip:a@192.0.2.9>;q=0.5;expires=100']);
  pass(1);
  save(['Contact: <sip:b@192.0.2.9>;expires=100']);
  pass(1);
  save(['Contact: <sip:c@192.0.2.9>;q=0.5;expires=100']);
  save(['Contact: <sip:d@192.0.2.9>;q=1;expires=100']);
  save([]);
  const list =
    '<sip:d@192.0.2.9>;q=1;expires=100, <sip:c@192.0.2.9>;q=0.5;expires=100, <sip:a@192.0.2.9>;q=0.5;expires=98, <sip:b@192.0.2.9>;expires=99';
  assert.equal(last().headers, `Contact: ${list}\r\n`);
});

test('a thousand contacts of one user: each counts and can be told apart, and one more is refused', async () => {
  const { save, last, find, view } = await lab({ registrar: { max_contacts: 1000, retry_after: 30 } });
  const contact = (i: number) => `<sip:c${i}@192.0.2.9>;q=${i === 777 ? 1 : 0.5}`;
  for (let i = 0; i < 1000; i += 50) {
    assert.equal(save([`Contact: ${Array.from({ length: 50 }, (_, k) => contact(i + k)).join(', ')}`]), 1);
  }
  assert.equal(view.size, 1000);
  assert.equal(last().headers.match(/<sip:c\d+@192\.0\.2\.9>;q=/g)?.length, 1000);
  assert.match(last().headers, /^Contact: <sip:c777@/);
  save(['Contact: <sip:c1000@192.0.2.9>']);
  assert.deepEqual([last().status, view.size], [503, 1000]);
  assert.match(last().headers, /^Retry-After: 30\r\n/m);
  assert.equal(save(['Contact: <sip:c0@192.0.2.9>;expires=0, <sip:c1000@192.0.2.9>']), 1);
  assert.equal(view.size, 1000);
  const { run } = find('sip:1000@anywhere');
  assert.deepEqual([run.uri, run.branches?.length], ['sip:c777@192.0.2.9', 11]);
  assert.equal(save(['Contact: *', 'Expires: 0']), 1);
  assert.equal(view.size, 0);
});

test('desc_time_order puts the newest first', async () => {
  const { save, last, pass } = await lab({ usrloc: { desc_time_order: 1 } });
  save(['Contact: <sip:a@192.0.2.9>;q=1']);
  pass(1);
  save(['Contact: <sip:b@192.0.2.9>;q=0.1']);
  assert.match(last().headers, /^Contact: <sip:b@.*<sip:a@/);
});

test('expires 0 removes one, * with Expires 0 removes all, and sessions end', async () => {
  const { save, last, view, events } = await lab();
  save(['Contact: <sip:a@192.0.2.9>, <sip:b@192.0.2.9>, <sip:c@192.0.2.9>']);
  assert.equal(save(['Contact: <sip:b@192.0.2.9>;expires=0']), 1);
  assert.equal(view.size, 2);
  assert.equal(save(['Contact: *', 'Expires: 0']), 1);
  assert.equal(last().headers, '');
  assert.equal(view.size, 0);
  assert.deepEqual(
    events.map((event) => event.replace(/:[0-9a-f]{8}/, '')),
    [
      'opened sip:location:1000 1000',
      'opened sip:location:1000 1000',
      'opened sip:location:1000 1000',
      'ended sip:location:1000 logout',
      'ended sip:location:1000 logout',
      'ended sip:location:1000 logout',
    ],
  );
});

// Ordering: [Call-ID, CSeq, seconds later, status]; the binding has Call-ID one and CSeq 5.
const ORDER: [string, number, number, number][] = [
  ['one', 6, 0, 200],
  ['one', 4, 0, 400],
  ['one', 5, 20, 200],
  ['one', 5, 21, 400],
  ['two', 1, 0, 200],
];

for (const [callId, cseq, later, status] of ORDER) {
  for (const contact of [`${CONTACT};expires=900`, `${CONTACT};expires=0`, 'Contact: *']) {
    test(`${contact} with Call-ID ${callId}, CSeq ${cseq}, ${later} s later: ${status}`, async () => {
      const { save, last, pass, view } = await lab();
      save([`${CONTACT};expires=300`, 'Call-ID: one', 'CSeq: 5 REGISTER']);
      pass(later);
      const result = save([contact, 'Expires: 0', `Call-ID: ${callId}`, `CSeq: ${cseq} REGISTER`]);
      assert.equal(last().status, status);
      assert.equal(result, status === 200 ? 1 : 0);
      const unchanged = status === 400 || (callId === 'one' && cseq === 5);
      const [binding] = view.bindings('1000');
      if (unchanged) assert.equal(binding?.expires, START + 300_000);
      else if (contact.endsWith('900')) assert.equal(binding?.expires, START + (later + 900) * 1000);
      else assert.equal(binding, undefined);
      if (status === 400) assert.match(last().headers, /Invalid CSeq/);
    });
  }
}

test('a contact named twice in one request counts once, as said last', async () => {
  const { save, view } = await lab();
  save([`${CONTACT};expires=100, <sip:1000@192.0.2.9:5062>;expires=200`]);
  assert.deepEqual(
    view.bindings('1000').map((one) => one.expires),
    [START + 200_000],
  );
});

test('durable: nothing is answered or remembered before the commit; one unit holds row and audit', async () => {
  const { save, settle, units, answers, resumed, view, events } = await lab({ usrloc: { db_mode: 2 } });
  assert.equal(save([`${CONTACT};q=0.25`, 'User-Agent: Phone 1'], { user: '1000' }), WAIT);
  assert.equal(answers.length, 0);
  assert.equal(view.size, 0);
  assert.equal(units.length, 1);
  const [put, opened] = units[0]!.changes;
  assert.equal(opened?.kind, 'audit');
  assert.ok(put?.kind === 'put-binding');
  const { callId, ...row } = put.row;
  assert.match(callId, /^c\d+@/);
  assert.deepEqual(row, {
    username: '1000',
    domain: '',
    contact: 'sip:1000@192.0.2.9:5062',
    received: null,
    path: null,
    expires: START + 3_600_000,
    q: 0.25,
    cseq: 1,
    flags: 0,
    branchFlags: 0,
    userAgent: 'Phone 1',
    socket: 'udp:192.0.2.1:5060',
    methods: null,
    modified: START,
  });
  settle();
  assert.deepEqual(resumed, [1]);
  assert.equal(answers[0]?.status, 200);
  assert.equal(view.size, 1);
  save([CONTACT], { user: '1000' });
  assert.deepEqual(
    units[0]?.changes.map((change) => change.kind),
    ['put-binding'],
    'a refresh is not written to the audit trail',
  );
  settle();
  assert.equal(events.at(-1), 'refreshed 1000');
});

for (const [code, status, retry] of [
  ['STORAGE_UNAVAILABLE', 503, true],
  ['STORAGE_BUSY', 503, true],
  ['STORAGE_REFUSED', 500, false],
] as const) {
  test(`${code} gives ${status} and leaves memory untouched`, async () => {
    const { save, settle, resumed, last, view, answers } = await lab({ usrloc: { db_mode: 1 } });
    save([CONTACT]);
    settle();
    save(['Contact: *', 'Expires: 0']);
    settle(new GatehouseError(code, 'x'));
    assert.deepEqual(resumed, [1, 0]);
    assert.equal(last().status, status);
    assert.equal(/Retry-After: \d+\r\n/.test(last().headers), retry);
    assert.equal(view.size, 1);
    assert.equal(answers.length, 2);
    save([CONTACT]);
    settle();
    assert.equal(last().status, 200, 'the turn was given back');
  });
}

for (const removal of [[`${CONTACT};expires=0`], ['Contact: *', 'Expires: 0']]) {
  test(`a new contact that may be on disk although it was refused goes with: ${removal[0]}`, async () => {
    const { save, settle, units, last, view } = await lab({ usrloc: { db_mode: 1 } });
    save([CONTACT]);
    settle(new GatehouseError('STORAGE_UNAVAILABLE', 'the connection was lost'));
    assert.equal(last().status, 503);
    save(['Contact: <sip:other@192.0.2.10>;expires=0']);
    assert.equal(last().status, 200, 'other contacts are in no doubt');
    save(removal);
    assert.deepEqual(
      units.at(-1)?.changes.map((change) => [change.kind, 'contact' in change && change.contact]),
      [['delete-binding', 'sip:1000@192.0.2.9:5062']],
      'no session ends: none was opened',
    );
    settle();
    assert.equal(last().status, 200);
    assert.equal(view.size, 0);
    const before = units.length;
    save(removal);
    assert.equal(units.length, before, 'once is enough');
  });
}

test('a doubtful contact that is registered again is in doubt no more', async () => {
  const { save, settle, units, view } = await lab({ usrloc: { db_mode: 1 } });
  save([CONTACT]);
  settle(new GatehouseError('STORAGE_UNAVAILABLE', 'the connection was lost'));
  save([CONTACT]);
  settle();
  assert.equal(view.size, 1);
  save(['Contact: *', 'Expires: 0']);
  assert.equal(units.at(-1)?.changes.filter((change) => change.kind === 'delete-binding').length, 1);
});

test('two requests for one user: the second is judged when the first has settled, and each gets its answer', async () => {
  const { save, settle, units, answers, resumed, view, events } = await lab({ usrloc: { db_mode: 2 } });
  assert.equal(save([CONTACT]), WAIT);
  assert.equal(save(['Contact: *', 'Expires: 0']), WAIT);
  assert.equal(save([CONTACT], { to: 'sip:2000@example.com' }), WAIT, 'others need not wait');
  assert.equal(units.length, 2);
  settle();
  assert.deepEqual(resumed, [1, 1]);
  assert.equal(units.length, 1);
  assert.equal(units[0]?.changes[0]?.kind, 'delete-binding');
  settle();
  assert.deepEqual(resumed, [1, 1, 1]);
  assert.deepEqual(
    answers.map((answer) => answer.headers !== ''),
    [true, true, false],
  );
  assert.equal(view.size, 1);
  assert.equal(events.filter((event) => event.startsWith('opened')).length, 2);
});

test('the same new contact twice at once opens one session', async () => {
  const { save, settle, events } = await lab({ usrloc: { db_mode: 2 } });
  save([CONTACT]);
  save([CONTACT]);
  settle();
  settle();
  assert.deepEqual(
    events.map((event) => event.split(' ')[0]),
    ['opened', 'refreshed'],
  );
});

test('too many requests waiting for one user are refused, not kept', async () => {
  const { save, last } = await lab({ usrloc: { db_mode: 2 } });
  for (let i = 0; i < 17; i++) assert.equal(save([CONTACT]), WAIT);
  assert.equal(save([CONTACT]), 0);
  assert.equal(last().status, 503);
});

test('a hook that refuses gives 403; its terms shorten the contact; without credentials it is not asked', async () => {
  let admission: Admission | Promise<Admission> = { admitted: false, reason: 'not today' };
  const asked: string[] = [];
  const admit = (_: unknown, { session }: SessionName) => {
    asked.push(session);
    return admission;
  };
  const { save, last, view, resumed, units } = await lab({ admit });
  assert.equal(save([CONTACT], { user: '1000' }), 0);
  assert.equal(last().status, 403);
  assert.equal(view.size + units.length, 0);
  admission = { admitted: true, terms: { seconds: 30 } };
  assert.equal(save([CONTACT], { user: '1000' }), 1);
  assert.match(last().headers, /expires=30\r\n/);
  admission = Promise.resolve({ admitted: true, terms: {} });
  assert.equal(save(['Contact: <sip:x@192.0.2.9>'], { user: '1000' }), WAIT);
  await admission;
  await new Promise(setImmediate);
  assert.deepEqual(resumed, [1]);
  assert.equal(view.size, 2);
  assert.match(asked[0]!, /^sip:location:1000:[0-9a-f]{8}$/);
  assert.equal(save(['Contact: <sip:y@192.0.2.9>']), 1);
  assert.equal(asked.length, 3);
});

test('who has as many telephones as a rule gives him is told so; a refresh is never one more', async () => {
  const counted: (number | undefined)[] = [];
  const admit = (_: unknown, { inAll }: SessionName): Admission => {
    counted.push(inAll);
    return inAll! > 2 ? { admitted: false, reason: 'few', full: true } : { admitted: true, terms: {} };
  };
  const { save, last, view } = await lab({ admit });
  const contacts = (...hosts: string[]) => hosts.map((host) => `Contact: <sip:x@${host}>`);
  assert.equal(save(contacts('a', 'b', 'c'), { user: '1000' }), 0, 'in one request neither');
  assert.deepEqual([last().status, last().reason], [403, 'Too Many Telephones']);
  for (const host of ['a', 'b', 'a']) assert.equal(save(contacts(host), { user: '1000' }), 1);
  assert.equal(save(contacts('c'), { user: '1000' }), 0);
  assert.deepEqual(counted, [3, 1, 2, 0, 3]);
  assert.equal(view.size, 2);
});

test('a gate that fails refuses the contact with 503', async () => {
  const { save, last, view, resumed } = await lab({ admit: () => Promise.reject(new Error('no')) });
  assert.equal(save([CONTACT], { user: '1000' }), WAIT);
  await new Promise(setImmediate);
  assert.deepEqual(resumed, [0]);
  assert.equal(last().status, 503);
  assert.equal(view.size, 0);
});

test('flags: 1 writes no row, 2 sends no reply', async () => {
  const { save, units, answers } = await lab({ usrloc: { db_mode: 2 } });
  assert.equal(save([CONTACT], { flags: '0x01' }), 1);
  assert.deepEqual(
    units[0]?.changes.map((change) => change.kind),
    ['audit'],
  );
  assert.equal(answers.length, 1);
  assert.equal(save([CONTACT], { flags: '3' }), 1);
  assert.equal(answers.length, 1);
});

test('lookup: best contact, further ones as branches, expired ones not at all', async () => {
  const { save, find, pass } = await lab();
  assert.equal(find('sip:1000@anywhere').result, -1);
  assert.equal(find('sip:example.com').result, -3);
  save(['Contact: <sip:a@192.0.2.9>;q=0.1;expires=60, <sip:b@192.0.2.9>;q=0.9;expires=600']);
  const both = find('sip:1000@anywhere');
  assert.equal(both.result, 1);
  assert.equal(both.run.uri, 'sip:b@192.0.2.9');
  assert.deepEqual(both.run.branches, [
    { uri: 'sip:a@192.0.2.9', destination: undefined, path: undefined, flags: 0, sendFrom: undefined, q: 100 },
  ]);
  pass(60);
  assert.equal(find('sip:1000@anywhere').run.branches, undefined);
  pass(540);
  assert.equal(find('sip:1000@anywhere').result, -1);
});

test('lookup: at most twelve branches in all; append_branches 0 gives one', async () => {
  const contacts = `Contact: ${Array.from({ length: 20 }, (_, i) => `<sip:c${i}@192.0.2.9>`)}`;
  const many = await lab();
  many.save([contacts]);
  assert.equal(many.find('sip:1000@x').run.branches?.length, 11);
  const one = await lab({ registrar: { append_branches: 0 } });
  one.save([contacts]);
  assert.equal(one.find('sip:1000@x').run.branches, undefined);
});

test('lookup: received and Path say where to send; methods say what for', async () => {
  const row: BindingRow = {
    username: '1000',
    domain: '',
    contact: 'sip:1000@10.0.0.7',
    received: 'sip:203.0.113.7:40000',
    path: null,
    expires: 0,
    q: -1,
    callId: 'c',
    cseq: 1,
    flags: 0,
    branchFlags: 0,
    userAgent: '',
    socket: null,
    methods: 1,
    modified: START,
  };
  const path = '<sip:p1.example.com;lr>,<sip:p2.example.com;lr>';
  const { find, save, last } = await lab({ usrloc: { db_mode: 1 }, rows: [row, { ...row, username: '2000', path }] });
  const direct = find('sip:1000@x').run;
  assert.deepEqual(
    [direct.uri, direct.destination, direct.path],
    ['sip:1000@10.0.0.7', 'sip:203.0.113.7:40000', undefined],
  );
  const routed = find('sip:2000@x').run;
  assert.deepEqual([routed.destination, routed.path], ['sip:p1.example.com;lr', path]);
  assert.equal(find('sip:1000@x', 'MESSAGE').result, -2);
  save([]);
  assert.equal(last().headers, 'Contact: <sip:1000@10.0.0.7>;expires=4294967295;received="sip:203.0.113.7:40000"\r\n');
});

test('lookup: where several sockets listen each contact is reached from the one it was registered over', async () => {
  const second: ListenPoint = {
    ...listening,
    address: '192.0.2.2',
    name: 'udp:192.0.2.2:5060',
    hostPort: '192.0.2.2:5060',
  };
  const { find, view, save } = await lab({ points: [listening, second] });
  const over = (point: ListenPoint, contact: string) =>
    save([`Contact: <${contact}>`], { prepare: (run) => Object.assign(run.source, { point }) });
  over(second, 'sip:b@192.0.2.9');
  over(listening, 'sip:a@192.0.2.9');
  const { run } = find('sip:1000@example.com');
  assert.deepEqual([run.uri, run.uriFrom], ['sip:a@192.0.2.9', listening]);
  assert.equal(run.branches?.[0]?.sendFrom, second);
  await view.put('1000', 'sip:c@192.0.2.9', { expires: 0, q: 1 });
  assert.equal(find('sip:1000@example.com').run.uriFrom, undefined, 'an administrator names no socket');
});

test('use_path keeps the Path and says so', async () => {
  const { save, last, find } = await lab({ registrar: { use_path: 1, method_filtering: 1 } });
  save([
    CONTACT,
    'Path: <sip:p1.example.com;lr>',
    'Path: <sip:p2.example.com;lr>',
    'Supported: gruu, path',
    'Allow: INVITE, ACK',
  ]);
  assert.match(last().headers, /Path: <sip:p1.example.com;lr>,<sip:p2.example.com;lr>\r\n/);
  assert.equal(find('sip:1000@x').run.destination, 'sip:p1.example.com;lr');
  assert.equal(find('sip:1000@x', 'MESSAGE').result, -2);
});

test('registered() asks for a contact that is valid', async () => {
  const { save, functions, runOf, pass } = await lab();
  const registered = functions.registered!('location');
  assert.equal(registered(runOf(request('INVITE', 'sip:1000@x'))), -1);
  save([`${CONTACT};expires=60`]);
  assert.equal(registered(runOf(request('INVITE', 'sip:1000@x'))), 1);
  pass(60);
  assert.equal(registered(runOf(request('INVITE', 'sip:1000@x'))), -1);
});

test('a contact that expires ends its session and its row; not while a change of it is on its way', async () => {
  const { save, settle, pass, units, events, view } = await lab({ usrloc: { db_mode: 2 } });
  save([`${CONTACT};expires=60`]);
  settle();
  pass(58);
  save([`${CONTACT};expires=60`]);
  pass(10);
  assert.equal(events.filter((event) => event.endsWith('expired')).length, 0);
  settle();
  assert.equal(view.bindings('1000').length, 1);
  pass(61);
  assert.equal(view.size, 0);
  assert.deepEqual(
    units[0]?.changes.map((change) => change.kind),
    ['delete-binding', 'audit'],
  );
  assert.match(events.at(-1)!, /expired$/);
});

test('a contact that comes back after its time, before the sweep, is a new session; its row is written last', async () => {
  const { save, settle, events, view, jump, pass, units } = await lab({ usrloc: { db_mode: 2 } });
  save([`${CONTACT};expires=60`, 'Call-ID: one', 'CSeq: 7 REGISTER']);
  settle();
  jump(60);
  save([CONTACT, 'Call-ID: one', 'CSeq: 1 REGISTER']);
  assert.deepEqual(
    units[0]?.changes.map((change) => change.kind),
    ['delete-binding', 'audit', 'put-binding', 'audit'],
  );
  settle();
  pass(2);
  assert.deepEqual(
    events.map((event) => event.split(' ')[0]),
    ['opened', 'ended', 'opened'],
  );
  assert.equal(view.size, 1);
  assert.equal(units.length, 0);
});

test('administration puts and removes, durably, and contacts are named by sessions', async () => {
  const { settle, view, find, units, events } = await lab({ usrloc: { db_mode: 2 } });
  const put = view.put('1000@example.com', 'sip:gw@192.0.2.5', { expires: 0, q: 1 });
  assert.equal(view.size, 0);
  settle();
  await put;
  assert.equal(find('sip:1000@x').run.uri, 'sip:gw@192.0.2.5');
  const [info] = view.bindings('1000');
  assert.equal(info?.expires, 0);
  assert.match(events[0]!, new RegExp(`^opened ${info?.session} `));
  await assert.rejects(view.put('1000', 'nonsense', { expires: 0, q: 1 }), { code: 'CONTACT_INVALID' });
  const failing = view.remove('1000', undefined, 'kicked');
  settle(new GatehouseError('STORAGE_UNAVAILABLE', 'x'));
  await assert.rejects(failing, { code: 'STORAGE_UNAVAILABLE' });
  assert.equal(view.size, 1);
  const removing = view.remove('1000', 'sip:gw@192.0.2.5', 'kicked');
  settle();
  assert.equal(await removing, 1);
  assert.match(events.at(-1)!, /kicked$/);
  assert.equal(await view.remove('1000', undefined, 'removed'), 0);
  assert.equal(units.length, 0);
});

function connectionOf(protocol: Protocol): Connection & { open: boolean } {
  const [remoteAddress, remotePort] = ['203.0.113.7', 40_001];
  return { point: listenPoint(protocol, '192.0.2.1', 5060), remoteAddress, remotePort, open: true, send() {} };
}

const BEHIND_NAT = 'sip:1000@10.0.0.5:5060;transport=tcp';
const SEEN_AT = 'sip:203.0.113.7:40001;transport=tcp';

test('a telephone behind a NAT is reached over the connection that it registered over, while that stands', async () => {
  const { save, settle, find, connections, last } = await lab();
  const over = connectionOf('tcp');
  connections.add(over);
  save([`Contact: <${BEHIND_NAT}>`], { over });
  settle();
  assert.match(last().headers, new RegExp(`received="${SEEN_AT}"`));
  const { run } = find('sip:1000@example.com');
  assert.deepEqual([run.uri, run.destination], [BEHIND_NAT, SEEN_AT]);
  connections.delete(over);
  assert.equal(find('sip:1000@example.com').run.destination, undefined, 'the contact itself is what is left');
});

test('who comes over a proxy, over UDP, or from the address of the contact is reached by the contact', async () => {
  const via = 'Via: SIP/2.0/TCP 10.0.0.5;branch=z9hG4bKx';
  const cases: [string[], Connection | undefined][] = [
    [[`Contact: <${BEHIND_NAT}>`, via], connectionOf('tcp')],
    [['Contact: <sip:1000@10.0.0.5:5060>'], connectionOf('tcp')],
    [['Contact: <sip:1000@10.0.0.5:5060>'], undefined],
    [['Contact: <sip:1000@203.0.113.7:5060;transport=tcp>'], connectionOf('tcp')],
    [['Contact: <sip:1000@a1.invalid;transport=ws>'], connectionOf('ws')],
  ];
  for (const [headers, over] of cases) {
    const { save, settle, last } = await lab();
    save(headers, over ? { over } : {});
    settle();
    assert.equal(last().status, 200);
    assert.doesNotMatch(last().headers, /received/, headers.join(' '));
  }
});

test('a contact that leads nowhere belongs to the connection once it is stored, and moves with its user', async () => {
  const { save, settle, names } = await lab({ usrloc: { db_mode: 1 } });
  const uri = parseUri('sip:x7@a1.invalid;transport=ws')!;
  const [first, thief, second] = [connectionOf('ws'), connectionOf('ws'), connectionOf('ws')];
  const contact = 'Contact: <sip:x7@a1.invalid;transport=ws>';
  save([contact], { over: first, user: '1000' });
  assert.equal(names.find(uri, 'ws'), undefined, 'not stored yet');
  settle();
  assert.equal(names.find(uri, 'ws'), first);
  save([contact], { over: thief, user: '1001', to: 'sip:1001@example.com' });
  settle();
  assert.equal(names.find(uri, 'ws'), first);
  save([contact], { over: second, user: '1000' });
  settle();
  assert.equal(names.find(uri, 'ws'), second);
});

test('after a restart the contact of a WebSocket has expired', async () => {
  const usrloc = { db_mode: 1 };
  const { save, settle, units, find } = await lab({ usrloc });
  save(['Contact: <sip:x7@a1.invalid;transport=ws>'], { over: connectionOf('ws') });
  const stored = units[0]!.changes.find((change) => change.kind === 'put-binding');
  assert.ok(stored);
  settle();
  assert.equal(find('sip:1000@example.com').result, 1);
  const again = await lab({ usrloc, rows: [stored.row] });
  assert.equal(again.find('sip:1000@example.com').result, -1);
  again.pass(2);
  assert.ok(again.events.some((event) => /^ended .* expired$/.test(event)));
});

test('fix_nated_contact before save: the corrected contact is stored, answered, found and removed', async () => {
  const { save, last, find, view } = await lab({ registrar: { received_avp: '$avp(i:42)' } });
  const from = (more: string[]) =>
    save(['Contact: "B" <sip:1000@10.0.0.5:5060;line=1>;q=0.5, sip:1000@10.0.0.6', 'Call-ID: c', ...more], {
      prepare: (run) => assert.equal(fixContact(run), 1),
    });
  assert.equal(from(['CSeq: 1 REGISTER']), 1);
  const [first, second] = ['sip:1000@192.0.2.9:5062;line=1', 'sip:1000@192.0.2.9:5062'];
  assert.equal(last().headers, `Contact: <${first}>;q=0.5;expires=3600, <${second}>;expires=3600\r\n`);
  const { run } = find('sip:1000@example.com');
  assert.deepEqual([run.uri, run.destination], [first, undefined]);
  assert.equal(from(['CSeq: 2 REGISTER', 'Expires: 0']), 1);
  assert.equal(view.size, 0);
});

test('fix_nated_register before save: the contact stays, and is reached where it was seen', async () => {
  const { save, last, find } = await lab({ registrar: { received_avp: '$avp(i:42)' } });
  const seen = 'sip:192.0.2.9:5062';
  const prepare = (run: Run) => assert.equal(rememberSender(run, 'i:42'), 1);
  assert.equal(save(['Contact: <sip:1000@10.0.0.5>'], { prepare }), 1);
  assert.equal(last().headers, `Contact: <sip:1000@10.0.0.5>;expires=3600;received="${seen}"\r\n`);
  const { run } = find('sip:1000@example.com');
  assert.deepEqual([run.uri, run.destination], ['sip:1000@10.0.0.5', seen]);
});
