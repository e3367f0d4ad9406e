import assert from 'node:assert/strict';
import { test } from 'node:test';
import { smsLab } from '../sms/lab.ts';
import { smsCalls } from './sms.ts';

test('a provider that a policy names stays, also while the policy is off', async () => {
  const { sender, rules } = await smsLab({ one: async () => '' });
  const calls = smsCalls(sender, rules, () => []);
  const all = { user: '*', realm: '*', client: '*', time: '' };
  const rule = { name: 'sms', scope: 'authentication', action: 'sms_provider=two one', ...all, active: false };
  rules.replace([rule]);
  await assert.rejects(calls.removeSmsProvider('one'), {
    code: 'SMS_PROVIDER_USED',
    message: 'Unable to delete - provider used in policies! [sms]',
  });
  rules.replace([{ ...rule, action: 'sms_provider=two' }]);
  await calls.removeSmsProvider('one');
  assert.deepEqual(sender.providers.list(), []);
});
