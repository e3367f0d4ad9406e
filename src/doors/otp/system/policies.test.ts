import assert from 'node:assert/strict';
import { test } from 'node:test';
import { otpLab, resultOf } from '../lab.ts';

const RULE = {
  name: 'texts',
  scope: 'authentication',
  realm: '*',
  user: '*',
  client: '*',
  action: "smstext='Your code: <otp>'",
};
const ATTRIBUTES = ['action', 'scope', 'realm', 'user', 'time', 'client', 'active'];

async function lab() {
  const { call, administration } = await otpLab();
  const value = async (path: string, fields: Record<string, string>, method: 'GET' | 'POST' = 'POST') => {
    const { result } = resultOf(await call(`/system/${path}`, fields, method)) as { result: { value: unknown } };
    return result.value;
  };
  const error = async (path: string, fields: Record<string, string>) => {
    const { result } = resultOf(await call(`/system/${path}`, fields)) as {
      result: { error: { code: number; message: string } };
    };
    return result.error;
  };
  return { call, administration, value, error };
}

test('a policy is set, found, checked, exported, imported and removed', async () => {
  const { call, value } = await lab();
  assert.deepEqual(await value('setPolicy', RULE), {
    'setPolicy texts': Object.fromEntries(ATTRIBUTES.map((name) => [name, true])),
  });
  const shown = { ...RULE, time: '', active: 'True' };
  assert.deepEqual(await value('getPolicy', { name: 'texts' }, 'GET'), { texts: shown });
  assert.deepEqual(await value('getPolicy', { scope: 'enrollment' }, 'GET'), {});
  const question = { user: 'hans', realm: 'house', scope: 'authentication', action: 'smstext', client: '192.0.2.7' };
  assert.deepEqual(await value('checkPolicy', question, 'GET'), { allowed: true, policy: { texts: shown } });
  const exported = await call('/system/getPolicy', { export: 'policy.cfg' }, 'GET');
  assert.equal(exported.type, 'text/plain; charset=utf-8');
  assert.match(exported.body, /^\[texts\]\n/);
  const removed = await value('delPolicy', { name: 'texts' });
  assert.deepEqual(Object.keys(removed as object), ['delPolicy']);
  assert.deepEqual(await value('getPolicy', {}, 'GET'), {});
  assert.equal(await value('importPolicy', { file: exported.body }), 1);
  assert.deepEqual(await value('getPolicy', { name: 'texts' }, 'GET'), { texts: shown });
});

test('what is missing or cannot be read is told', async () => {
  const { error } = await lab();
  const { scope: _, ...rest } = RULE;
  assert.deepEqual(await error('setPolicy', rest), { code: 905, message: "Missing parameter: 'scope'" });
  assert.equal((await error('setPolicy', { ...RULE, action: "smstext='open" })).code, -311);
  assert.match((await error('importPolicy', { file: 'no policy' })).message, /no line of a policy/);
});

test('policies say what an administrator may do', async () => {
  const { call, administration, value } = await lab();
  administration.policies.replace([
    { name: 'office', scope: 'system', action: 'read', user: 'admin', realm: '*', client: '*', time: '', active: true },
  ]);
  assert.deepEqual(Object.keys((await value('getPolicy', {}, 'GET')) as object), ['office']);
  const refused = resultOf(await call('/system/setPolicy', RULE));
  assert.deepEqual(refused.result, {
    status: false,
    error: { code: 410, message: 'no policy lets the administrator admin do this: system/write' },
  });
});
