/** db_mode 3: the rows decide, whoever wrote them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { BindingRow } from '../../../../core/ser/types.ts';
import { WAIT } from '../../script/types.ts';
import { lab, request, START } from './lab.ts';

const CONTACT = 'sip:1000@192.0.2.9:5062';

function row(contact: string, change: Partial<BindingRow> = {}): BindingRow {
  return {
    username: '1000',
    domain: '',
    contact,
    received: null,
    path: null,
    expires: START + 600_000,
    q: -1,
    callId: 'elsewhere',
    cseq: 7,
    flags: 0,
    branchFlags: 0,
    userAgent: 'Other/1',
    socket: null,
    methods: null,
    modified: START - 60_000,
    ...change,
  };
}

async function shared(rows: BindingRow[] = []) {
  const site = { away: false };
  const made = await lab({ usrloc: { db_mode: 3 }, rows, away: () => site.away });
  /** What a function that waits comes to. */
  const outcome = async (result: number) => {
    assert.equal(result, WAIT);
    await setImmediate();
    return made.resumed.shift();
  };
  return { ...made, site, rows, outcome };
}

test('lookup finds what others wrote, and no more what they removed', async () => {
  const { find, outcome, rows } = await shared();
  assert.equal(await outcome(find('sip:1000@example.com').result), -1);
  rows.push(row('sip:a@h'), row('sip:b@h', { modified: START }), row('sip:gone@h', { expires: START }));
  const { run, result } = find('sip:1000@example.com');
  assert.equal(await outcome(result), 1);
  assert.equal(run.uri, 'sip:b@h');
  assert.deepEqual(
    run.branches?.map(({ uri }) => uri),
    ['sip:a@h'],
  );
  rows.length = 0;
  assert.equal(await outcome(find('sip:1000@example.com').result), -1);
});

test('registered asks the table', async () => {
  const { functions, runOf, outcome, rows } = await shared();
  const ask = () => functions.registered!('location')(runOf(request('INVITE', 'sip:1000@example.com')));
  assert.equal(await outcome(ask()), -1);
  rows.push(row('sip:a@h'));
  assert.equal(await outcome(ask()), 1);
});

test('while the database is away lookup gives -3, registered -1, and a REGISTER gets 503', async () => {
  const { find, functions, runOf, save, outcome, site, last, units } = await shared([row('sip:a@h')]);
  site.away = true;
  assert.equal(await outcome(find('sip:1000@example.com').result), -3);
  assert.equal(await outcome(functions.registered!('location')(runOf(request('INVITE', 'sip:1000@example.com')))), -1);
  for (const headers of [[], [`Contact: <${CONTACT}>`]]) {
    assert.equal(await outcome(save(headers)), 0);
    assert.deepEqual([last().status, units.length], [503, 0]);
    assert.match(last().headers, /Retry-After: 10\r\n/);
  }
  site.away = false;
  assert.equal(await outcome(find('sip:1000@example.com').result), 1);
});

test('a REGISTER is judged by the rows, and answered with all of them', async () => {
  const { save, settle, outcome, rows, last, units, resumed } = await shared();
  rows.push(row(CONTACT, { callId: 'c' }), row('sip:b@h'));
  assert.equal(await outcome(save([`Contact: <${CONTACT}>`, 'Call-ID: c', 'CSeq: 6 REGISTER'])), 0);
  assert.equal(last().status, 400, 'another server has seen a newer one');
  save([`Contact: <${CONTACT}>;expires=60`, 'Call-ID: c', 'CSeq: 8 REGISTER']);
  await setImmediate();
  const [put] = units[0]!.changes;
  assert.ok(put?.kind === 'put-binding' && put.row.cseq === 8);
  settle();
  assert.deepEqual(resumed, [1]);
  assert.match(last().headers, /^Contact: <sip:1000@192.0.2.9:5062>;expires=60, <sip:b@h>;expires=600\r\n$/);
});

test('save without a Contact shows what is there now', async () => {
  const { save, outcome, rows, last } = await shared();
  rows.push(row('sip:a@h'));
  assert.equal(await outcome(save([])), 1);
  assert.equal(last().headers, 'Contact: <sip:a@h>;expires=600\r\n');
});

test('flag 1 of save writes the row all the same: there is no memory that counts', async () => {
  const { save, units } = await shared();
  save([`Contact: <${CONTACT}>`], { flags: '1' });
  await setImmediate();
  assert.equal(units[0]!.changes[0]!.kind, 'put-binding');
});

test('a removal by an administrator deletes rows that memory has not seen', async () => {
  const { view, rows, units, settle } = await shared();
  rows.push(row('sip:a@h'));
  const removed = view.remove('1000', undefined, 'kicked');
  await setImmediate();
  assert.deepEqual(units[0]!.changes[0], {
    kind: 'delete-binding',
    table: { database: 'main', table: 'location', columns: {} },
    username: '1000',
    domain: '',
    contact: 'sip:a@h',
    callId: 'elsewhere',
  });
  settle();
  assert.equal(await removed, 1);
});

test('an administrator is told that the database is away', async () => {
  const { view, site } = await shared([row('sip:a@h')]);
  site.away = true;
  await assert.rejects(view.remove('1000', undefined, 'kicked'), { code: 'STORAGE_UNAVAILABLE' });
});

test('lists are brought up to the rows once in timer_interval, and old rows are deleted', async () => {
  const { view, rows, pass, deletions, events } = await shared([row('sip:a@h'), row('sip:b@h')]);
  assert.equal(view.size, 2);
  rows.splice(0, 1, row('sip:c@h', { username: '2000' }));
  pass(60);
  for (let i = 0; i < 5; i++) await setImmediate();
  assert.deepEqual([...view.aors()].sort(), ['1000', '2000']);
  assert.deepEqual(
    view.bindings('1000').map(({ contact }) => contact),
    ['sip:b@h'],
  );
  assert.deepEqual(deletions, [START + 60_000 - 3_600_000]);
  assert.match(events.join(), /ended sip:location:1000:[0-9a-f]{8} removed/);
});

test('a contact that another server refreshed does not expire here', async () => {
  const { view, rows, pass, events } = await shared([row('sip:a@h', { expires: START + 10_000 })]);
  rows[0] = row('sip:a@h', { expires: START + 30_000, cseq: 8 });
  pass(12);
  await setImmediate();
  assert.deepEqual(
    view.bindings('1000').map(({ expires }) => expires),
    [START + 30_000],
  );
  rows.length = 0;
  pass(20);
  await setImmediate();
  assert.equal(view.size, 0);
  assert.match(events.join(), /^ended sip:location:1000:[0-9a-f]{8} expired$/);
});
