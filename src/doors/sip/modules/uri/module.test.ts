import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, request, type ScriptCall } from '../lab.ts';
import { uri } from './module.ts';

async function called(call: ScriptCall, start: string, headers: string[] = []) {
  const [bound] = await load(uri, { calls: [call] });
  const { run } = request(start, headers);
  return [bound!(run), run.uri];
}

for (const [call, before, result, after] of [
  [['uri_param', 'lr'], 'sip:a@h;lr', 1, undefined],
  [['uri_param', 'LR'], 'sip:a@h;x=lr;Lr', 1, undefined],
  [['uri_param', 'lr'], 'sip:a@h;lr=on', -1, undefined],
  [['uri_param', 'lr'], 'sip:a@h', -1, undefined],
  [['uri_param', 'user', 'phone'], 'sip:a@h;user=Phone', 1, undefined],
  [['uri_param', 'user', 'phone'], 'sip:a;user=phone@h', -1, undefined],
  [['uri_param', 'user', 'phone'], 'sip:a@h;user=ip', -1, undefined],
  [['add_uri_param', 'a=b'], 'sip:a@h', 1, 'sip:a@h;a=b'],
  [['add_uri_param', 'lr'], 'sips:a?b@h;x?Subject=y', 1, 'sips:a?b@h;x;lr?Subject=y'],
  [['add_uri_param', 'lr'], 'sip:a@h?', 1, 'sip:a@h;lr?'],
  [['add_uri_param', 'lr'], 'tel:+12025550100', -1, undefined],
  [['tel2sip'], 'tel:+1-202-555-0100', 1, 'sip:+1-202-555-0100@example.com;user=phone'],
  [['tel2sip'], 'tel:0100;phone-context=+1202', 1, 'sip:0100;phone-context=+1202@example.com;user=phone'],
  [['tel2sip'], 'tel:1@evil.example', -1, undefined],
  [['tel2sip'], 'sip:a@h', 1, undefined],
] as [ScriptCall, string, number, string | undefined][]) {
  test(`${call.join(' ')} on ${before}: ${result}`, async () => {
    assert.deepEqual(await called(call, `INVITE ${before}`), [result, after ?? before]);
  });
}

test('tel2sip needs a From with a host', async () => {
  const [result] = await called(['tel2sip'], 'INVITE tel:1000', ['From: <tel:2000>;tag=a']);
  assert.equal(result, -1);
});

test('has_totag asks for the tag of To', async () => {
  assert.equal((await called(['has_totag'], 'BYE sip:a@h'))[0], -1);
  assert.equal((await called(['has_totag'], 'BYE sip:a@h', ['To: <sip:a@h>;tag=x']))[0], 1);
});

test('is_user asks for the one who has authenticated', async () => {
  const [boss] = await load(uri, { calls: [['is_user', 'boss']] });
  const { run } = request('INVITE sip:a@h');
  assert.equal(boss!(run), -1);
  run.authorised = { header: 0, username: 'boss@example.com', user: 'boss', realm: 'r', ticket: {} as never };
  assert.equal(boss!(run), 1);
  run.authorised = { ...run.authorised, user: 'Boss' };
  assert.equal(boss!(run), -1);
});

test('arguments that would break the Request-URI are refused', () => {
  const complaint = (name: string, ...args: string[]) => {
    const spec = uri.functions.find((one) => one.name === name)!;
    return args.map((text, index) => spec.checkArgument?.(index, text, args.length)).find((one) => one !== undefined);
  };
  for (const text of ['', 'a b', 'a;b', 'a=b=c', 'a?b', '<a>', 'a=', '=a', 'a\r\nX: y'])
    assert.match(complaint('add_uri_param', text) ?? '', /must be name or name=value/, text);
  assert.match(complaint('uri_param', 'a b') ?? '', /cannot stand/);
  assert.equal(complaint('uri_param', 'transport', 'tcp'), undefined);
});
