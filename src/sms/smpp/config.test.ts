import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SmsConfig } from '../../core/sms/types.ts';
import { readSmppConfig } from './config.ts';

const CONFIG = { server: 'smpp-server', system_id: 'login-name', password: 'password', source_addr: 'me' };

test('what is absent is as LinOTP has it', () => {
  assert.deepEqual(readSmppConfig(CONFIG), {
    ...CONFIG,
    port: 5100,
    system_type: '',
    source_addr_ton: 1,
    source_addr_npi: 1,
    dest_addr_ton: 1,
    dest_addr_npi: 1,
    target_encoding: 'latin1',
    bind_mode: 'transceiver',
    registered_delivery: 0,
    keep_session: true,
    enquire_link: 30,
    window: 10,
    use_tls: false,
  });
});

test("the manual's sample works with a number in place of its word for the port", () => {
  const sample = {
    ...{ server: 'smpp-server', port: 'smmp-port', system_id: 'login-name', system_type: '', password: 'password' },
    ...{ source_addr: 'displayed-source-address', source_addr_npi: '0', source_addr_ton: '5' },
  };
  assert.throws(() => readSmppConfig(sample), {
    code: 'SMS_CONFIG',
    where: 'port',
    message: 'write the number of a port, from 1 to 65535',
  });
  const { port, source_addr, source_addr_ton, source_addr_npi } = readSmppConfig({ ...sample, port: '2775' });
  assert.deepEqual([port, source_addr, source_addr_ton, source_addr_npi], [2775, 'displayed-source-address', 5, 0]);
});

test('time-outs in all their spellings, under either name', () => {
  const both = { connect: 5_000, total: 20_000 };
  for (const TIMEOUT of ['5,20', '(5,20)', '(5, 20)', [5, 20]]) {
    assert.deepEqual(readSmppConfig({ ...CONFIG, TIMEOUT }).TIMEOUT, both);
    assert.deepEqual(readSmppConfig({ ...CONFIG, timeout: TIMEOUT }).timeout, both);
  }
  for (const TIMEOUT of [5, '5'])
    assert.deepEqual(readSmppConfig({ ...CONFIG, TIMEOUT }).TIMEOUT, { connect: 5_000, total: 5_000 });
});

test('names of encodings and modes as people write them', () => {
  for (const target_encoding of ['ISO8859-1', 'iso-8859-1', 'latin1', 'Latin-1'])
    assert.equal(readSmppConfig({ ...CONFIG, target_encoding }).target_encoding, 'latin1');
  for (const bind_mode of ['transmitter+receiver', 'Transmitter + Receiver'])
    assert.equal(readSmppConfig({ ...CONFIG, bind_mode }).bind_mode, 'transmitter+receiver');
  assert.equal(readSmppConfig({ ...CONFIG, server: '[::1]' }).server, '::1');
});

const FAULTS: readonly [change: SmsConfig, key: string][] = [
  [{ server: undefined }, 'server'],
  [{ server: 'smpp://host' }, 'server'],
  [{ server: 'host:2775' }, 'server'],
  [{ server: '' }, 'server'],
  [{ system_id: undefined }, 'system_id'],
  [{ password: undefined }, 'password'],
  [{ password: 'a\0b' }, 'password'],
  [{ source_addr: undefined }, 'source_addr'],
  [{ source_addr: '€' }, 'source_addr'],
  [{ source_addr: 'x'.repeat(65) }, 'source_addr'],
  [{ source_addr_ton: 'five' }, 'source_addr_ton'],
  [{ source_addr_npi: 256 }, 'source_addr_npi'],
  [{ dest_addr_ton: -1 }, 'dest_addr_ton'],
  [{ port: 0 }, 'port'],
  [{ port: 65_536 }, 'port'],
  [{ target_encoding: 'utf-8' }, 'target_encoding'],
  [{ target_encoding: 'constructor' }, 'target_encoding'],
  [{ bind_mode: 'receiver' }, 'bind_mode'],
  [{ registered_delivery: 'maybe' }, 'registered_delivery'],
  [{ registered_delivery: 'True', bind_mode: 'transmitter' }, 'bind_mode'],
  [{ registered_delivery: 'True', keep_session: 'False' }, 'keep_session'],
  [{ keep_session: 'yes' }, 'keep_session'],
  [{ window: 0 }, 'window'],
  [{ enquire_link: '0' }, 'enquire_link'],
  [{ SERVER_CERTIFICATE: '/ca.pem' }, 'SERVER_CERTIFICATE'],
  [{ CLIENT_CERTIFICATE_FILE: '/me.pem' }, 'CLIENT_CERTIFICATE_FILE'],
  [{ TIMEOUT: 'long' }, 'TIMEOUT'],
  [{ 'smmp-port': '2775' }, 'smmp-port'],
];

for (const [change, key] of FAULTS) {
  test(`a configuration with ${JSON.stringify(change)} is refused at ${key}`, () => {
    const all = Object.entries({ ...CONFIG, ...change }).filter(([, value]) => value !== undefined);
    assert.throws(() => readSmppConfig(Object.fromEntries(all)), { code: 'SMS_CONFIG', where: key });
  });
}
