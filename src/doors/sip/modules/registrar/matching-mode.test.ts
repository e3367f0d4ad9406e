/** usrloc's matching_mode 1: a binding is the contact and the Call-ID of its REGISTER. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { BindingRow } from '../../../../core/ser/types.ts';
import { GatehouseError } from '../../../../platform/errors.ts';
import type { ParameterValues } from '../../script/types.ts';
import { lab, START } from './lab.ts';

const CONTACT = 'sip:1000@10.0.0.2:5060';

async function site(more: ParameterValues = {}, rows: BindingRow[] = []) {
  const made = await lab({ usrloc: { matching_mode: 1, ...more }, registrar: { max_contacts: 3 }, rows });
  let cseq = 0;
  /** A REGISTER of the telephone with this Call-ID. */
  const from = (callId: string, headers: string[] = [], number = ++cseq) =>
    made.save([`Contact: <${CONTACT}>`, `Call-ID: ${callId}`, `CSeq: ${number} REGISTER`, ...headers]);
  const callIds = () => made.view.bindings('1000').map(({ callId }) => callId);
  return { ...made, from, callIds };
}

function row(callId: string, change: Partial<BindingRow> = {}): BindingRow {
  const bare = { domain: '', received: null, path: null, q: -1, cseq: 7, flags: 0, branchFlags: 0, userAgent: '' };
  const times = { expires: START + 600_000, modified: START - 1000 };
  return { username: '1000', contact: CONTACT, callId, ...bare, ...times, socket: null, methods: null, ...change };
}

test('two telephones with one contact are two bindings, and each refreshes and removes its own', async () => {
  const { from, callIds, last, events, pass } = await site();
  assert.equal(from('a'), 1);
  pass(1);
  assert.equal(from('b'), 1);
  assert.deepEqual(callIds(), ['b', 'a']);
  assert.equal(last().headers, `Contact: <${CONTACT}>;expires=3600, <${CONTACT}>;expires=3599\r\n`);
  assert.equal(from('a', ['Expires: 600']), 1);
  assert.equal(new Set(events.filter((event) => event.startsWith('opened'))).size, 2, 'two sessions, told apart');
  assert.equal(from('b', ['Expires: 0']), 1);
  assert.deepEqual(callIds(), ['a']);
  assert.equal(from('c', ['Expires: 0']), 1);
  assert.deepEqual(callIds(), ['a'], 'who has registered nothing removes nothing');
});

test('the order of CSeq counts among the requests of one Call-ID', async () => {
  const { from, last, pass } = await site();
  from('a', [], 10);
  assert.equal(from('b', [], 2), 1);
  assert.equal(from('a', [], 9), 0);
  assert.equal(last().status, 400);
  assert.equal(from('a', [], 10), 1, 'a retransmission');
  pass(21);
  assert.equal(from('a', [], 10), 0);
});

test('each counts for max_contacts; * takes all of them', async () => {
  const { from, save, last, view } = await site();
  for (const callId of ['a', 'b', 'c']) assert.equal(from(callId), 1);
  assert.equal(from('d'), 0);
  assert.equal(last().status, 503);
  assert.equal(from('b'), 1);
  assert.equal(save(['Contact: *', 'Expires: 0', 'Call-ID: e', 'CSeq: 1 REGISTER']), 1);
  assert.equal(view.size, 0);
});

test('rows: the key goes along, and a telephone that is in doubt is that one alone', async () => {
  const { from, units, settle, callIds } = await site({ db_mode: 2 });
  from('a');
  const [put] = units[0]!.changes;
  assert.ok(put?.kind === 'put-binding' && put.table.byCallId);
  settle();
  from('b');
  settle(new GatehouseError('STORAGE_UNAVAILABLE', 'gone'));
  assert.deepEqual(callIds(), ['a']);
  from('a', ['Expires: 0']);
  const removed = units.at(-1)!.changes.filter(({ kind }) => kind === 'delete-binding');
  assert.deepEqual(removed, [
    { kind: 'delete-binding', table: put.table, username: '1000', domain: '', contact: CONTACT, callId: 'a' },
  ]);
  settle();
  from('b', ['Expires: 0']);
  assert.deepEqual(
    units.at(-1)!.changes.map((change) => change.kind === 'delete-binding' && change.callId),
    ['b'],
  );
  settle();
});

test('a start loads each row, and each expires in its time', async () => {
  const rows = [row('a'), row('b', { expires: START + 60_000 }), row('a', { q: 1 })];
  const { callIds, pass, units } = await site({ db_mode: 2 }, rows);
  assert.deepEqual(callIds(), ['b', 'a']);
  pass(62);
  assert.deepEqual(callIds(), ['a']);
  const [gone] = units[0]!.changes;
  assert.ok(gone?.kind === 'delete-binding' && gone.callId === 'b');
});

test('db_mode 3: what another server wrote is one binding for each Call-ID', async () => {
  const { from, units, last, settle } = await site({ db_mode: 3 }, [row('a'), row('b')]);
  from('a', [], 8);
  await setImmediate();
  const [put] = units[0]!.changes;
  assert.ok(put?.kind === 'put-binding' && put.row.callId === 'a' && put.row.cseq === 8);
  settle();
  assert.equal(last().headers.split(CONTACT).length - 1, 2);
});

test('lookup: a place is a target once; the same contact behind two NATs is two', async () => {
  const same = await site({ db_mode: 2 }, [row('a'), row('b')]);
  const once = same.find('sip:1000@example.com');
  assert.deepEqual([once.result, once.run.uri, once.run.branches], [1, CONTACT, undefined]);
  const seen = (address: string) => ({ received: `sip:${address}:5060` });
  const apart = await site({ db_mode: 2 }, [row('a', seen('192.0.2.1')), row('b', seen('192.0.2.2')), row('c')]);
  const { run } = apart.find('sip:1000@example.com');
  const places = [run.destination, ...run.branches!.map(({ destination }) => destination)];
  assert.deepEqual(places.sort(), ['sip:192.0.2.1:5060', 'sip:192.0.2.2:5060', undefined]);
  // The better of the two does not accept the method.
  const picky = await site({ db_mode: 2 }, [row('a', { q: 1, methods: 0 }), row('b', { q: 0.5 })]);
  assert.equal(picky.find('sip:1000@example.com').result, 1);
});

test('a table that cannot hold them ends the start at the line that sets the mode', async () => {
  const open = async () => Promise.reject(new GatehouseError('SER_TABLE_KEY', 'a key', { hint: 'another' }));
  const told = { code: 'SER_TABLE_KEY', message: 'a key', hint: 'another', where: 'ser.cfg:1:1' };
  await assert.rejects(lab({ usrloc: { matching_mode: 1, db_mode: 1 }, open }), told);
});

test('administration: a contact goes under all its Call-IDs, a session alone; adding one again changes it', async () => {
  const { from, view, callIds } = await site();
  from('a');
  from('b');
  await view.put('1000', CONTACT, { expires: 0, q: 1 });
  await view.put('1000', CONTACT, { expires: 0, q: 0.5 });
  assert.deepEqual(callIds().sort(), ['a', 'b', 'gatehouse-administration']);
  const session = view.bindings('1000').find(({ callId }) => callId === 'a')!;
  assert.equal(await view.end('1000', session, 'kicked'), 1);
  assert.deepEqual(callIds().sort(), ['b', 'gatehouse-administration']);
  assert.equal(await view.remove('1000', CONTACT, 'removed'), 2);
  assert.equal(view.size, 0);
});
