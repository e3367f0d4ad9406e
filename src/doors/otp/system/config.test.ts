import assert from 'node:assert/strict';
import { test } from 'node:test';
import { otpLab, resultOf } from '../lab.ts';

async function lab() {
  const { call, administration } = await otpLab();
  const value = async (path: string, fields: Record<string, string> = {}) =>
    (resultOf(await call(`/system/${path}`, fields)) as { result: { value: unknown } }).result.value;
  return { call, administration, value };
}

test('keys are set one or many at a time, shown and removed', async () => {
  const { call, value } = await lab();
  assert.deepEqual(await value('setConfig', { key: 'SMSProviderTimeout', value: '60' }), {
    'setConfig SMSProviderTimeout:60': true,
  });
  assert.deepEqual(await value('setConfig', { splitAtSign: 'False', DefaultMaxFailCount: '5', session: 'x' }), {
    'setConfig splitAtSign:False': true,
    'setConfig DefaultMaxFailCount:5': true,
  });
  assert.deepEqual(await value('getConfig', { key: 'SMSProviderTimeout' }), { 'getConfig SMSProviderTimeout': '60' });
  const all = (await value('getConfig')) as Record<string, string>;
  assert.deepEqual([all.DefaultMaxFailCount, all.session], ['5', undefined]);
  assert.deepEqual(await value('delConfig', { key: 'SMSProviderTimeout' }), { 'delConfig SMSProviderTimeout': true });
  assert.deepEqual(await value('getConfig', { key: 'nothing' }), { 'getConfig nothing': null });
  assert.match((await call('/system/setConfig')).body, /"code":905/);
  assert.match((await call('/system/delConfig')).body, /"code":905/);
});

test('mayOverwriteClient: from whom it is believed where a user is', async () => {
  const { stock, send, call } = await otpLab();
  const clientSeen = async () => {
    const fields = new Map(Object.entries({ user: 'nobody', pass: 'x', client: '198.51.100.7' }));
    await send({ path: '/validate/check', fields });
    await stock.journal.drain();
    return stock.journal.lines.findLast(({ event }) => event === 'refused')?.client;
  };
  assert.equal(await clientSeen(), '192.0.2.1');
  await call('/system/setConfig', { mayOverwriteClient: '10.0.0.1, 192.0.2.0/24, nonsense' });
  assert.equal(await clientSeen(), '198.51.100.7');
  await call('/system/delConfig', { key: 'mayOverwriteClient' });
  assert.equal(await clientSeen(), '192.0.2.1');
});

test('the legacy keys are the provider imported_default, and no password is repeated', async () => {
  const { call, administration, value } = await lab();
  const config = '{"URL":"http://gateway/","PASSWORD":"geheim"}';
  await value('setConfig', { SMSProvider: 'smsprovider.RestSMSProvider' });
  assert.equal(administration.smsProviders.length, 0);
  const reply = await call('/system/setConfig', { SMSProviderConfig: config });
  assert.deepEqual(resultOf(reply).result, { status: true, value: { 'setConfig SMSProviderConfig:...': true } });
  assert.deepEqual(administration.smsProviders[0], {
    name: 'imported_default',
    class: 'smsprovider.RestSMSProvider',
    config: JSON.parse(config),
    timeout: null,
    isDefault: true,
  });
  await value('setConfig', { SMSProvider: 'smsprovider.HttpSMSProvider' });
  assert.equal(administration.smsProviders[0]?.class, 'smsprovider.HttpSMSProvider');
  await value('delConfig', { key: 'SMSProviderConfig' });
  assert.equal(administration.smsProviders.length, 0);
  assert.deepEqual(await value('getConfig', { key: 'SMSProviderConfig' }), { 'getConfig SMSProviderConfig': null });
});
