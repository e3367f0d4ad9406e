import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { type SipConfig, sipConfig } from './config.ts';
import { modules } from './modules/modules.ts';
import { loadScript } from './script/load.ts';
import { chooseTls } from './tls-options.ts';

const fixtures = join(import.meta.dirname, '..', '..', '..', 'test', 'fixtures', 'tls');
const gate = { certificate: join(fixtures, 'gate.pem'), key: join(fixtures, 'gate.key') };
const ca = join(fixtures, 'authority.pem');

function choose(tls: Partial<SipConfig['tls']>, lines: string[] = []) {
  const { script, problems } = loadScript([...lines, 'route { drop(); }'].join('\n'), { file: 'ser.cfg', modules });
  assert.ok(script, JSON.stringify(problems));
  return chooseTls(sipConfig.parse({ tls }).tls, script.globals, 'ser.cfg');
}

test('no certificate, no TLS', () => {
  assert.equal(choose({}), undefined);
  assert.throws(() => choose({ key: gate.key }), { code: 'TLS_CERTIFICATE', where: 'sip.tls' });
});

test('sip.tls of gatehouse.yaml wins over ser.cfg; servers must prove themselves', () => {
  const choice = choose({ ...gate, port: 5063 }, ['tls_certificate="/nowhere"']);
  assert.equal(choice?.from, 'sip.tls of gatehouse.yaml');
  assert.deepEqual(choice?.options, {
    ...gate,
    names: [],
    ca: undefined,
    clientCertificate: 'none',
    verifyServer: true,
  });
  assert.equal(choice?.port, 5063);
});

test('the tls_ lines of ser.cfg', () => {
  const files = [`tls_certificate="${gate.certificate}"`, `tls_private_key="${gate.key}"`];
  const options = (...lines: string[]) => choose({}, [...files, ...lines])?.options;
  assert.deepEqual(options(`tls_ca_list="${ca}"`, 'tls_verify=1', 'tls_require_certificate=1'), {
    ...gate,
    names: [],
    ca,
    clientCertificate: 'require',
    verifyServer: true,
  });
  assert.equal(options('tls_verify=0')?.verifyServer, false);
  assert.deepEqual([options()?.verifyServer, options()?.clientCertificate], [true, 'none']);
  assert.equal(options('tls_verify_client=1')?.clientCertificate, 'verify');
  assert.equal(options('disable_tls=yes'), undefined);
  assert.equal(choose({}, [...files, 'tls_port_no=5071'])?.port, 5071);
});

test('what is wrong with a file is found before anything is opened', () => {
  const where = join(fixtures, 'other.key');
  assert.throws(() => choose({ ...gate, key: where }), { code: 'TLS_CERTIFICATE', where });
  const names = [{ name: 'a.test', certificate: join(fixtures, 'nowhere.pem') }];
  assert.throws(() => choose({ ...gate, names }), { code: 'TLS_CERTIFICATE', where: names[0]!.certificate });
  assert.throws(() => choose({ ...gate, client_certificate: 'require' }), { where: 'sip.tls.client_certificate' });
});
