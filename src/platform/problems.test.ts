import assert from 'node:assert/strict';
import { test } from 'node:test';
import { excerptOf } from './problems.ts';

test('an excerpt shows neither the password of a URL nor the secret of nonces', () => {
  const lines = [
    'modparam("auth", "secret", "geheim" 5)',
    "modparam('auth','secret','geheim')",
    'modparam("auth", "secret",',
    '  "geheim")',
    'modparam("auth_db", "db_url", "mysql://ser:geheim@h/d")',
    'modparam("auth", "nonce_expire", 5)',
  ];
  const text = lines.join('\n');
  for (const line of lines.keys()) assert.doesNotMatch(excerptOf(text, line + 1, 3), /geheim/);
  assert.equal(excerptOf(text, 1, 1, 8), 'modparam("auth", "secret", ***\n^^^^^^^^');
  assert.equal(excerptOf(text, 6, 1, 8), `${lines[5]}\n^^^^^^^^`);
});

test('an excerpt shows no option `secret`, alone on its line or among others', () => {
  const text = '    secret: "geheim # und mehr"\n- { name: a b, secret: geheim, "secret": geheim }';
  assert.equal(excerptOf(text, 1, 5, 6), '    secret: ***\n    ^^^^^^');
  assert.equal(excerptOf(text, 2, 11, 3), '- { name: a b, secret: ***\n          ^^^');
});
