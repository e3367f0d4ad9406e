import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditEntry } from '../../../core/audit/search.ts';
import { otpLab } from '../lab.ts';

const entry = (sequence: number, fields: AuditEntry['fields'], genuine = true): AuditEntry => ({
  sequence,
  fields: { time: '2026-01-01T10:00:00.123Z', ...fields },
  genuine,
});

const TRAIL = [
  entry(3, {
    event: 'admin',
    action: 'enrol-token',
    by: 'admin root from ::1',
    serial: 'LSSM1',
    type: 'sms',
    user: 'hans',
  }),
  entry(
    2,
    { event: 'refused', door: 'otp', user: 'hans@house', client: '192.0.2.7', port: 7, reason: 'wrong-proof' },
    false,
  ),
  entry(1, { event: 'opened', door: 'sip', user: '1000', session: '=cmd"x' }),
];

interface Page {
  page: number;
  total: number;
  rows: { id: string; cell: string[] }[];
}

async function lab() {
  const { call } = await otpLab(TRAIL);
  return async (fields: Record<string, string>) => {
    const reply = await call('/audit/search', fields, 'GET');
    assert.deepEqual([reply.status, reply.type], [200, 'application/json']);
    return JSON.parse(reply.body) as Page;
  };
}

test('lines stand in the columns of LinOTP, newest first', async () => {
  const { page, total, rows } = await (await lab())({ rp: '2' });
  assert.deepEqual([page, total, rows.map(({ id }) => id)], [1, 3, ['3', '2']]);
  const date = '2026-01-01 10:00:00.123';
  assert.deepEqual(
    rows.map(({ cell }) => cell),
    [
      [
        '3',
        date,
        'OK',
        '',
        'enrol-token',
        '1',
        'LSSM1',
        'sms',
        'hans',
        '',
        'admin root from ::1',
        '',
        '',
        '',
        '',
        '',
        '',
      ],
      [
        '2',
        date,
        'FAIL',
        '',
        'otp/refused',
        '0',
        '',
        '',
        'hans@house',
        '',
        '',
        'wrong-proof',
        'door=otp port=7',
        '',
        '192.0.2.7',
        '',
        '',
      ],
    ],
  );
  assert.deepEqual(
    (await (await lab())({ rp: '2', page: '2' })).rows.map(({ id }) => id),
    ['1'],
  );
});

test('columns and queries choose', async () => {
  const found = async (fields: Record<string, string>) =>
    (await (await lab())(fields)).rows.map(({ id }) => id).join(' ');
  assert.equal(await found({ user: 'HANS*' }), '3 2');
  assert.equal(await found({ user: 'hans' }), '3');
  assert.equal(await found({ user: '*s@h*e' }), '2');
  assert.equal(await found({ action: '*refused', success: '0' }), '2');
  assert.equal(await found({ qtype: 'client', query: '2.0.2' }), '2');
  assert.equal(await found({ qtype: 'all', query: 'sip' }), '1');
  assert.equal(await found({ query: 'nothing' }), '');
  const reply = await (await otpLab(TRAIL)).call('/audit/search', { qtype: 'nothing', query: 'x' }, 'GET');
  assert.match(reply.body, /"code":905/);
});

test('as CSV it is a file of all that fits, and holds no formula', async () => {
  const { call } = await otpLab(TRAIL);
  const reply = await call('/audit/search', { outform: 'csv', rp: '1' }, 'GET');
  assert.equal(reply.type, 'text/csv; charset=utf-8');
  assert.match(String(reply.headers?.['content-disposition']), /attachment/);
  const lines = reply.body.trimEnd().split('\n');
  assert.equal(lines.length, 4);
  assert.match(lines[0]!, /^"number","date","sig_check",/);
  assert.match(lines[3]!, /"door=sip session==cmd""x"/);
});

test('a policy may keep an administrator from the trail', async () => {
  const { call, administration } = await otpLab(TRAIL);
  const rule = { scope: 'audit', realm: '*', client: '*', time: '', active: true };
  administration.policies.replace([{ ...rule, name: 'view', action: 'view', user: 'other' }]);
  assert.match((await call('/audit/search', {}, 'GET')).body, /"code":410/);
});
