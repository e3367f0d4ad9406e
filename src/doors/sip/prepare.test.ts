/** What gatehouse.yaml changes in what is told of a script. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { sipConfig } from './config.ts';
import { prepareSip } from './prepare.ts';

const SCRIPT = `loadmodule "sl.so"
loadmodule "auth.so"
route { www_challenge("", "0"); }
`;

test('one-time nonces make a challenge without qop safe, where all domains have them', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-prepare-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const script = join(folder, 'ser.cfg');
  writeFileSync(script, SCRIPT);
  const told = (digest: object) =>
    prepareSip(sipConfig.parse({ script, digest }), undefined).problems.map(({ code }) => code);
  assert.deepEqual(told({}), ['SCRIPT_REPLAY']);
  assert.deepEqual(told({ one_time_nonces: true }), []);
  const other = { name: 'a.example', one_time_nonces: false };
  assert.deepEqual(told({ one_time_nonces: true, domains: [other] }), ['SCRIPT_REPLAY']);
});

test('sip.digest: what differs in a domain, whose name is written in any case', () => {
  const digest = {
    algorithms: ['SHA-256', 'MD5'],
    domains: [{ name: 'A.Example', algorithms: ['MD5'], auth_int: true }],
  };
  const { ready } = prepareSip(sipConfig.parse({ digest }), undefined);
  const rules = ready!.options.digest;
  assert.deepEqual(rules.of('b.example'), { algorithms: ['SHA-256', 'MD5'], authInt: false, oneTime: false });
  assert.deepEqual(rules.of('a.EXAMPLE'), { algorithms: ['MD5'], authInt: true, oneTime: false });
  assert.equal(sipConfig.safeParse({ digest: { algorithms: ['MD5', 'MD5'] } }).success, false);
});
