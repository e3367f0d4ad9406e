import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, request, type ScriptCall } from '../lab.ts';
import { sl } from './module.ts';

const notFound: ScriptCall = ['sl_send_reply', '404', 'User Not Found'];

test('a provisional reply may be followed by one final one, not by two', async () => {
  const [trying, final] = await load(sl, { calls: [['sl_send_reply', '100', 'Trying'], notFound] });
  const { run, host } = request('REGISTER sip:example.com');
  assert.deepEqual([trying!(run), final!(run), final!(run)], [1, 1, -1]);
  assert.deepEqual(host.replies, [
    { status: 100, reason: 'Trying', headers: '' },
    { status: 404, reason: 'User Not Found', headers: '' },
  ]);
});

test('an ACK is not answered', async () => {
  const [final, error] = await load(sl, { calls: [notFound, ['sl_reply_error']] });
  const { run, host } = request('ACK sip:b@example.com');
  assert.deepEqual([final!(run), error!(run)], [-1, -1]);
  assert.deepEqual(host.replies, []);
});

test('sl_reply_error says what the failed function left, else 500', async () => {
  const [error] = await load(sl, { calls: [['sl_reply_error']] });
  const plain = request('INVITE sip:b@example.com');
  assert.equal(error!(plain.run), 1);
  assert.equal(plain.host.replies[0]!.status, 500);
  const failed = request('INVITE sip:b@example.com');
  failed.run.fail(478, 'Unresolvable destination');
  assert.equal(error!(failed.run), 1);
  assert.deepEqual(failed.host.replies, [{ status: 478, reason: 'Unresolvable destination', headers: '' }]);
});

test('a 3xx names the destinations the script has set', async () => {
  const [moved] = await load(sl, { calls: [['sl_send_reply', '302', 'Moved']] });
  const changed = request('INVITE sip:b@example.com');
  changed.run.uri = 'sip:b@192.0.2.1;x=y';
  changed.run.branches = [{ uri: 'sip:b@192.0.2.2', destination: undefined, path: undefined }];
  moved!(changed.run);
  assert.equal(changed.host.replies[0]!.headers, 'Contact: <sip:b@192.0.2.1;x=y>, <sip:b@192.0.2.2>\r\n');
  const unchanged = request('INVITE sip:b@example.com');
  moved!(unchanged.run);
  assert.equal(unchanged.host.replies[0]!.headers, '');
});

test('status and phrase are checked at load', () => {
  const check = sl.functions[0]!.checkArgument!;
  for (const text of ['099', '700', '40', '4040', 'abc', '']) assert.match(check(0, text)!, /from 100 to 699/, text);
  assert.equal(check(0, '100'), undefined);
  assert.equal(check(0, '699'), undefined);
  assert.match(check(1, 'a\r\nb')!, /line break/);
});
