import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Run } from '../../run.ts';
import { AvpList } from '../../script/values/avps.ts';
import { stageLab } from '../../stage-lab.ts';
import { lab } from './lab.ts';

const CONTACT = 'Contact: <sip:1000@10.0.0.7:5062>';
const SEEN = 'sip:203.0.113.7:40000';

const withAvp = (name: string, value: string) => (run: Run) => {
  run.avps = new AvpList();
  run.avps.push(name, value);
};

test('refuse_short_expires: 423 with Min-Expires, but not for an hour and more, nor for a removal', async () => {
  const { save, last } = await lab({ registrar: { refuse_short_expires: 1, min_expires: 7200 } });
  assert.equal(save([CONTACT, 'Expires: 59']), 0);
  assert.deepEqual([last().status, last().reason], [423, 'Interval Too Brief']);
  assert.match(last().headers, /Min-Expires: 7200\r\n/);
  assert.equal(save([CONTACT, 'Expires: 3600']), 1);
  assert.match(last().headers, /expires=7200/);
  assert.equal(save([CONTACT, 'Expires: 0']), 1);
});

test('received: from the AVP, from the Contact, from the Path; what is no SIP URI is none', async () => {
  const { save, last, find } = await lab({
    registrar: { received_avp: '$avp(i:42)', received_param: 'rcv', use_path: 1, path_mode: 1, path_use_received: 1 },
  });
  save([CONTACT], { prepare: withAvp('i:42', SEEN) });
  assert.match(last().headers, /;rcv="sip:203\.0\.113\.7:40000"/);
  assert.equal(find('sip:1000@x').run.destination, SEEN);
  save([`${CONTACT};rcv="sip:203.0.113.8:1;transport=udp"`]);
  assert.match(last().headers, /;rcv="sip:203\.0\.113\.8:1;transport=udp"/);
  save([CONTACT, 'Path: <sip:p.example.com;lr;received=sip:203.0.113.9:2>']);
  assert.match(last().headers, /;rcv="sip:203\.0\.113\.9:2"/);
  for (const bad of ['tel:1', 'sip:', `sip:${'a'.repeat(256)}@h`, 'no uri']) {
    save([CONTACT], { prepare: withAvp('i:42', bad) });
    assert.doesNotMatch(last().headers, /rcv=/, bad);
  }
});

test('SER writes received_avp as a number', async () => {
  const { save, last } = await lab({ registrar: { received_avp: 42 } });
  save([CONTACT], { prepare: withAvp('i:42', SEEN) });
  assert.match(last().headers, /received=/);
  await stageLab('modparam("registrar", "received_avp", 42) route { exit; }');
});

test('aor_avp takes the place of To and Request-URI', async () => {
  const { save, last, find, functions, runOf, view } = await lab({ registrar: { aor_avp: '$avp(s:aor)' } });
  save([CONTACT], { prepare: withAvp('s:aor', 'sip:2000@example.com') });
  assert.deepEqual([...view.aors()], ['2000']);
  assert.equal(find('sip:1000@x').result, -1);
  const run = runOf('INVITE sip:1000@x SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n\r\n');
  withAvp('s:aor', '<sip:2000@x>')(run);
  assert.equal(functions.registered!('location')(run), 1);
  assert.equal(functions.lookup!('location')(run), 1);
  save([CONTACT], { prepare: withAvp('s:aor', 'nobody') });
  assert.equal(last().status, 400);
});

test('SER: nat_flag goes with the contact; OpenSER: the branch flags of each contact', async () => {
  const ser = await lab({ registrar: { nat_flag: 6 }, usrloc: { db_mode: 1 } });
  ser.save([CONTACT], { prepare: (run) => void Object.assign(run, { flags: 1 << 6 }) });
  const [put] = ser.units[0]!.changes;
  assert.ok(put?.kind === 'put-binding');
  assert.deepEqual([put.row.flags, put.row.branchFlags], [1, 0]);
  ser.settle();
  assert.equal(ser.find('sip:1000@x').run.flags, 1 << 6);
  const openser = await lab({ dialect: 'openser' });
  openser.save(['Contact: <sip:a@10.0.0.7>;q=0.9'], {
    prepare: (run) => void Object.assign(run, { branchFlags: 1 << 7 }),
  });
  openser.save(['Contact: <sip:b@10.0.0.7>;q=0.1'], { prepare: (run) => void Object.assign(run, { flags: 1 << 4 }) });
  const { run } = openser.find('sip:1000@x');
  assert.deepEqual([run.flags, run.branchFlags, run.branches?.[0]?.flags], [0, 1 << 7, 0]);
});

test('flags that change are written, not taken for a mere refresh', async () => {
  const { save, settle, units } = await lab({ usrloc: { db_mode: 1 }, dialect: 'openser' });
  save([CONTACT]);
  settle();
  save([CONTACT], { prepare: (run) => void Object.assign(run, { branchFlags: 2 }) });
  const [put] = units[0]!.changes;
  assert.ok(put?.kind === 'put-binding');
  assert.deepEqual([put.refresh, put.row.branchFlags], [false, 2]);
});

test('sock_flag: the socket is what the proxy before us wrote; add_sock_hdr writes it', async () => {
  const sock = 'X-Sock: udp:198.51.100.1:5080';
  const { save, units, functions, runOf } = await lab({
    registrar: { sock_flag: 3, sock_hdr_name: 'X-Sock' },
    usrloc: { db_mode: 1 },
  });
  const socketOf = (index: number) => {
    const [put] = units[index]!.changes;
    return put?.kind === 'put-binding' ? put.row.socket : undefined;
  };
  const flagged = (run: Run) => void Object.assign(run, { flags: 1 << 3 });
  save([CONTACT, sock], { prepare: flagged, to: 'sip:1@x' });
  save([CONTACT, sock], { to: 'sip:2@x' });
  save([CONTACT, 'X-Sock: nonsense'], { prepare: flagged, to: 'sip:3@x' });
  assert.deepEqual([0, 1, 2].map(socketOf), ['udp:198.51.100.1:5080', 'udp:192.0.2.1:5060', 'udp:192.0.2.1:5060']);
  const run = runOf('REGISTER sip:x SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n\r\n');
  assert.equal(functions.add_sock_hdr!('X-Sock')(run), 1);
  assert.equal(run.edits.bottom, 'X-Sock: udp:192.0.2.1:5060\r\n');
});

test('a thousand contacts of one user: over UDP the reply stays a datagram, over a stream it has them all', async () => {
  const { save, last, find, complaints, runOf, functions } = await lab({ registrar: { max_contacts: 1000 } });
  const uri = (i: number) => `sip:c${i}@192.0.2.9;x=${'y'.repeat(100)}`;
  for (let at = 0; at < 1000; at += 50)
    save([`Contact: ${Array.from({ length: 50 }, (_, i) => `<${uri(at + i)}>`).join(', ')}`]);
  assert.equal(save([`Contact: <${uri(0)}>;q=0.1`]), 1);
  const { headers } = last();
  const shown = headers.match(/<sip:/g)!.length;
  const more = Number(/^Warning: 399 192\.0\.2\.1:5060 "(\d+) more contacts/m.exec(headers)?.[1]);
  assert.ok(headers.length < 65_507 && headers.length > 60_000, String(headers.length));
  assert.equal(shown + more, 1000);
  assert.ok(headers.startsWith(`Contact: <${uri(0)}>;q=0.1`), 'the contact of the request comes first');
  assert.equal(save([`Contact: <${uri(1000)}>`]), 0);
  assert.equal(last().status, 503);
  assert.equal(find('sip:1000@x').run.branches?.length, 11);
  assert.equal(complaints.length, 1); // at most once a minute
  const query = runOf(
    'REGISTER sip:x SIP/2.0\r\nVia: SIP/2.0/TCP h\r\nTo: <sip:1000@x>\r\nCall-ID: q\r\nCSeq: 1 REGISTER\r\n\r\n',
  );
  Object.assign(query, { source: { ...query.source, point: { ...query.source.point, protocol: 'tcp' } } });
  assert.equal(functions.save!('location')(query), 1);
  assert.equal(last().headers.match(/<sip:/g)!.length, 1000);
});
