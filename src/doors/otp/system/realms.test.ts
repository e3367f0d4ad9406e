import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatehouseError } from '../../../platform/errors.ts';
import { otpLab, resultOf } from '../lab.ts';

async function lab() {
  const { call, administration } = await otpLab();
  const value = async (path: string, fields: Record<string, string> = {}) => {
    const { result } = resultOf(await call(`/system/${path}`, fields)) as { result: { value: unknown } };
    return result.value;
  };
  return { call, administration, value };
}

test('resolvers and realms are set, shown and removed in the words of LinOTP', async () => {
  const { value } = await lab();
  assert.equal(await value('setResolver', { name: 'staff', type: 'passwdresolver', fileName: '/etc/staff' }), true);
  const resolvers = (await value('getResolvers')) as Record<string, unknown>;
  assert.deepEqual(resolvers.staff, { resolvername: 'staff', type: 'passwdresolver', entry: 'passwdresolver.staff' });
  assert.deepEqual(await value('getResolver', { resolver: 'staff' }), {
    type: 'passwdresolver',
    data: { fileName: '/etc/staff' },
    resolver: 'staff',
  });
  const resolver = 'useridresolver.PasswdIdResolver.IdResolver.staff';
  assert.equal(await value('setRealm', { realm: 'House', resolvers: resolver }), true);
  assert.equal(await value('setDefaultRealm', { realm: 'house' }), true);
  const realms = (await value('getRealms')) as Record<string, unknown>;
  assert.deepEqual(realms.house, { realmname: 'house', useridresolver: [resolver], default: 'true', entry: 'house' });
  assert.deepEqual(await value('getDefaultRealm'), { house: realms.house });
  assert.deepEqual(await value('delRealm', { realm: 'house' }), { delRealm: { result: true } });
  assert.equal(await value('delResolver', { resolver: 'staff' }), true);
  assert.deepEqual(await value('getResolver', { resolver: 'staff' }), {});
});

test('a type of resolvers that there is not, and what is missing, is told', async () => {
  const { call } = await lab();
  const message = async (path: string, fields: Record<string, string>) => (await call(`/system/${path}`, fields)).body;
  assert.match(
    await message('setResolver', { name: 'staff', type: 'httpresolver' }),
    /"code":905,"message":"type must be/,
  );
  assert.match(await message('setRealm', { realm: 'x' }), /"code":905,"message":"Missing parameter: 'resolvers'"/);
});

test('testresolver asks one that is not set yet, and says what came of it', async () => {
  const { call, administration } = await lab();
  const result = async (fields: Record<string, string>) =>
    (resultOf(await call('/admin/testresolver', fields)) as { result: { value: unknown } }).result.value;
  const fields = { name: 'staff', type: 'passwdresolver', fileName: '/etc/staff' };
  administration.testResolver = async (what) => {
    assert.deepEqual(what, { name: 'staff', type: 'passwdresolver', config: { fileName: '/etc/staff' } });
    return { persons: [], more: true, notes: [] };
  };
  assert.deepEqual(await result(fields), { result: true, desc: '0 or more users' });
  administration.testResolver = async () => {
    throw new GatehouseError('RESOLVER_UNAVAILABLE', 'the resolver staff cannot be asked');
  };
  assert.deepEqual(await result(fields), { result: false, desc: 'the resolver staff cannot be asked' });
});

test('getPolicyDef and getProviderDef: what there is to be set', async () => {
  const { value } = await lab();
  const all = (await value('getPolicyDef')) as Record<string, Record<string, unknown>>;
  assert.deepEqual(all.authentication?.otppin, { type: 'int', range: [0, 1, 2, 3] });
  assert.deepEqual(all.enrollment?.maxtoken, { type: 'int' });
  assert.deepEqual(await value('getPolicyDef', { scope: 'audit' }), { audit: { view: { type: 'bool' } } });
  const form = (await value('getProviderDef', { type: 'sms' })) as Record<string, unknown>;
  assert.deepEqual(Object.keys(form), ['name', 'config', 'timeout']);
});
