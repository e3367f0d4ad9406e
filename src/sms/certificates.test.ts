import assert from 'node:assert/strict';
import { test } from 'node:test';
import { certificateEnds, serverTrust } from './certificates.ts';
import { openHttpProvider } from './http/provider.ts';
import { fixture, pem } from './lab.ts';
import { openRestProvider } from './rest/provider.ts';
import { openSmppProvider } from './smpp/provider.ts';
import { openSmtpProvider } from './smtp/provider.ts';

/** Of all in test/fixtures/tls. */
const END = Date.UTC(2126, 9, 29, 3, 55, 57);

test('what a provider shows and believes, with its end; keys and what is no certificate are passed over', () => {
  const damaged = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  const cert = `${pem('telephone.key')}${pem('telephone.pem')}${damaged}`;
  assert.deepEqual(certificateEnds({ cert, ca: [`${pem('authority.pem')}`] }), [
    { what: 'client certificate CN=telephone', end: END },
    { what: 'authority CN=Authority of the tests', end: END },
  ]);
  assert.ok(certificateEnds(serverTrust(fixture('.'))).length > 2);
  assert.deepEqual(certificateEnds({}), []);
  assert.deepEqual(certificateEnds({ rejectUnauthorized: false }), []);
});

test('providers of each class that speaks TLS tell their certificates', async () => {
  const SERVER_CERTIFICATE = fixture('authority.pem');
  const http = { URL: 'https://127.0.0.1/', SERVER_CERTIFICATE };
  const mail = { mailserver: '127.0.0.1', mailsender: 'a@example.com', mailto: '<phone>@example.com', use_ssl: true };
  const centre = {
    server: '127.0.0.1',
    system_id: 'a',
    password: 'b',
    source_addr: 'c',
    use_tls: 'True',
    SERVER_CERTIFICATE,
  };
  for (const provider of [
    openHttpProvider({ ...http, RETURN_SUCCESS: 'ID' }),
    openRestProvider({ ...http, PAYLOAD: {}, SMS_TEXT_KEY: 'text', SMS_PHONENUMBER_KEY: 'to' }),
    openSmtpProvider({ ...mail, SERVER_CERTIFICATE }),
    openSmppProvider(centre),
  ]) {
    assert.deepEqual(provider.certificates, [{ what: 'authority CN=Authority of the tests', end: END }]);
    await provider.close();
  }
});
