import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CertificateEnds } from './certificate-ends.ts';

const DAY_MS = 86_400_000;
const END = Date.UTC(2026, 5, 30);

test('a warning from thirty days before the end on', () => {
  const ends = new CertificateEnds();
  ends.set('one', [{ what: 'client certificate CN=we', end: END }]);
  ends.set('two', [{ what: 'authority CN=old', end: END }]);
  const said = (now: number) => ends.health(now).map(({ code, severity }) => `${code} ${severity}`);
  assert.deepEqual(said(END - 30 * DAY_MS - 1), []);
  assert.deepEqual(said(END - 30 * DAY_MS), ['SMS_CERTIFICATE warning', 'SMS_CERTIFICATE warning']);
  assert.deepEqual(said(END - 1), ['SMS_CERTIFICATE warning', 'SMS_CERTIFICATE warning']);
  assert.deepEqual(said(END), ['SMS_CERTIFICATE warning', 'SMS_CERTIFICATE warning']);
  const [before] = ends.health(END - 1);
  assert.equal(
    before!.text,
    'of the SMS provider one, the client certificate CN=we ends on 2026-06-30: renew it, and set the provider again',
  );
  ends.delete('two');
  ends.set('one', []);
  assert.deepEqual(said(END), []);
});
