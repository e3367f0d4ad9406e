import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeAdministration } from '../control/fake.ts';
import { linotpPolicies } from './linotp-policies.ts';

const MONDAY = new Date('2026-11-23T08:00');

function lab() {
  return linotpPolicies(fakeAdministration(), () => MONDAY);
}

const SMS = {
  name: 'sms',
  scope: 'authentication',
  action: 'sms_provider=one, autosms',
  realm: 'one',
  user: '*',
  client: '*',
};

test('setPolicy, getPolicy and delPolicy answer as LinOTP does', async () => {
  const policies = lab();
  const all = { action: true, scope: true, realm: true, user: true, time: true, client: true, active: true };
  assert.deepEqual(await policies.setPolicy(SMS), { 'setPolicy sms': all });
  await policies.setPolicy({ ...SMS, name: 'off', active: 'False' });
  const shown = { ...SMS, time: '', active: 'True' };
  assert.deepEqual(await policies.getPolicy({}), { sms: shown });
  assert.deepEqual(Object.keys(await policies.getPolicy({ inactive: true })), ['off', 'sms']);
  assert.deepEqual(Object.keys(await policies.getPolicy({ name: 'sms,off', inactive: true })), ['sms', 'off']);
  assert.deepEqual(await policies.getPolicy({ scope: 'admin' }), {});
  assert.deepEqual(Object.keys(await policies.getPolicy({ action: 'autosms=1' })), ['sms']);
  assert.deepEqual(await policies.getPolicy({ realm: 'two' }), {});
  const { delPolicy } = await policies.delPolicy('sms');
  assert.equal(delPolicy.result['linotp.Policy.sms.action'], true);
  assert.deepEqual(await policies.getPolicy({}), {});
  await assert.rejects(policies.setPolicy({ ...SMS, realm: '' }), {
    code: 'POLICY_INVALID',
    message: /Missing attribute realm/,
  });
});

test('checkPolicy: the most exact policies that hold now, and a scope of administrators without any allows all', async () => {
  const policies = lab();
  await policies.setPolicy(SMS);
  await policies.setPolicy({ ...SMS, name: 'hers', user: 'anna' });
  await policies.setPolicy({ ...SMS, name: 'night', user: 'anna', time: '* 0-5 * * * *' });
  const question = { user: 'anna', realm: 'one', scope: 'authentication', action: 'autosms', client: '10.0.0.1' };
  const { allowed, policy } = await policies.checkPolicy(question);
  assert.deepEqual([allowed, Object.keys(policy)], [true, ['hers']]);
  assert.deepEqual(await policies.checkPolicy({ ...question, realm: 'two' }), { allowed: false, policy: {} });
  const system = { ...question, scope: 'system', action: 'write' };
  assert.deepEqual(await policies.checkPolicy(system), { allowed: true, policy: 'No policies in scope system' });
  await policies.setPolicy({ name: 'root', scope: 'system', action: '*', realm: '*', user: 'root', client: '*' });
  assert.equal((await policies.checkPolicy(system)).allowed, false);
  assert.equal((await policies.checkPolicy({ ...system, user: 'root' })).allowed, true);
});

test('nobody locks all administrators out, unless it is enforced', async () => {
  const policies = lab();
  const look = { name: 'look', scope: 'system', action: 'read', realm: '*', user: '*', client: '*' };
  await assert.rejects(policies.setPolicy(look), { code: 'POLICY_LOCKOUT' });
  await assert.rejects(policies.setPolicy({ ...look, action: 'write', user: '' }), { code: 'POLICY_LOCKOUT' });
  await policies.setPolicy({ ...look, action: 'read, write', name: 'root' });
  await policies.setPolicy(look);
  await assert.rejects(policies.delPolicy('root'), { code: 'POLICY_LOCKOUT' });
  await policies.delPolicy('root', true);
});

test('what is exported is imported again', async () => {
  const from = lab();
  await from.setPolicy(SMS);
  await from.setPolicy({ ...SMS, name: 'text', action: 'smstext=\'Hello, "you"\', new_thing' });
  const to = lab();
  assert.equal(await to.importPolicy(await from.exportPolicy({}), 'policy.cfg'), 2);
  assert.deepEqual(await to.getPolicy({}), await from.getPolicy({}));
});
