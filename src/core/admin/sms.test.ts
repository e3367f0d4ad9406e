import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PolicyRules } from '../policy/rules.ts';
import { keyringOf } from '../secrets/keyring.ts';
import { SmsProviders } from '../sms/providers.ts';
import { smsCalls } from './sms.ts';

test('a provider that a policy names stays, also while the policy is off', async () => {
  const providers = new SmsProviders({
    keyring: keyringOf(Buffer.alloc(32, 1)),
    store: { list: async () => [], set: async () => {}, remove: async () => {} },
    classes: [{ name: 'Any', about: '', open: async () => ({ send: async () => '', close: async () => {} }) }],
  });
  const rules = new PolicyRules();
  const calls = smsCalls(providers, rules, () => []);
  const one = { name: 'one', class: 'Any', config: {}, timeout: null, isDefault: true };
  await calls.setSmsProvider(one);
  const all = { user: '*', realm: '*', client: '*', time: '' };
  const rule = { name: 'sms', scope: 'authentication', action: 'sms_provider=two one', ...all, active: false };
  rules.replace([rule]);
  await assert.rejects(calls.removeSmsProvider('one'), {
    code: 'SMS_PROVIDER_USED',
    message: 'Unable to delete - provider used in policies! [sms]',
  });
  rules.replace([{ ...rule, action: 'sms_provider=two' }]);
  await calls.removeSmsProvider('one');
  assert.deepEqual(providers.list(), []);
});
