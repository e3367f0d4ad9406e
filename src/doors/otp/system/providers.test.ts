import assert from 'node:assert/strict';
import { test } from 'node:test';
import { otpLab, resultOf } from '../lab.ts';

const HTTP = {
  name: 'first',
  type: 'sms',
  class: 'smsprovider.HttpSMSProvider.HttpSMSProvider',
  config: '{"URL": "http://127.0.0.1/"}',
  timeout: '60',
};

test('a provider is set, shown as LinOTP shows it, made the default, tried and removed', async () => {
  const { call, administration } = await otpLab();
  assert.deepEqual(resultOf(await call('/system/setProvider', HTTP)).result, { status: true, value: true });
  assert.deepEqual(administration.smsProviders[0], {
    name: 'first',
    class: HTTP.class,
    config: { URL: 'http://127.0.0.1/' },
    timeout: 60,
    isDefault: false,
  });
  await call('/system/setProvider', { ...HTTP, name: 'second', timeout: '' });
  assert.equal(administration.smsProviders[1]!.timeout, null);
  assert.deepEqual(resultOf(await call('/system/setDefaultProvider', { name: 'second', type: 'sms' })).result, {
    status: true,
    value: true,
  });
  const shown = resultOf(await call('/system/getProvider', { type: 'sms', name: 'second' }, 'GET')).result;
  const view = Object.values((shown as { value: Record<string, object> }).value);
  assert.deepEqual(
    view.map((one) => Object.keys(one)),
    [['Class', 'Timeout', 'Config', 'Default']],
  );
  assert.deepEqual(resultOf(await call('/system/testProvider', { name: 'first', phone: '+49170' })).result, {
    status: true,
    value: true,
  });
  assert.deepEqual(administration.sent[0], { number: '+49170', text: 'A test of the SMS provider', provider: 'first' });
  assert.deepEqual(resultOf(await call('/system/delProvider', { name: 'first', type: 'sms' })).result, {
    status: true,
    value: true,
  });
  assert.equal(administration.smsProviders.length, 1);
});

test('what is missing is named as LinOTP names it, and changes are POSTs', async () => {
  const { call, administration } = await otpLab();
  const { class: _, ...rest } = HTTP;
  const refused = await call('/system/setProvider', rest);
  assert.equal(refused.status, 200);
  assert.deepEqual(resultOf(refused).result, {
    status: false,
    error: { code: 905, message: "missing key KeyError('class')" },
  });
  const page = await call('/system/setProvider', { ...rest, httperror: '444' });
  assert.deepEqual([page.status, page.type], [444, 'text/html; charset=utf-8']);
  assert.match(page.body, /\[LinOTP 4\.0\.0 \(Gatehouse\)\] 905: missing key KeyError\('class'\)/);
  assert.equal((await call('/system/setProvider', { ...rest, httperror: '' })).status, 500);
  assert.equal((await call('/system/setProvider', HTTP, 'GET')).status, 405);
  const broken = await call('/system/setProvider', { ...HTTP, config: '{"PASSWORD": "geheim",}' });
  assert.match(broken.body, /"code":905,"message":"config must be a JSON object/);
  assert.ok(!broken.body.includes('geheim'));
  assert.match((await call('/system/getProvider', { type: 'push' }, 'GET')).body, /"code":-311/);
  assert.deepEqual(administration.smsProviders, []);
});

test('there is nothing under other paths', async () => {
  const { call } = await otpLab();
  for (const path of ['/system/', '/system/getprovider', '/admin/nothing', '/validate/nothing', '/system/constructor'])
    assert.equal((await call(path)).status, 404, path);
});
