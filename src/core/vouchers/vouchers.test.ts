import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OwnTable, OwnValues } from '../journal/own-table.ts';
import type { Change, Journal } from '../journal/types.ts';
import { keyringOf } from '../secrets/keyring.ts';
import { codeText, newCode, readCode } from './code.ts';
import { usedBy, type VoucherTerms, whatIsLeft } from './terms.ts';
import { putUse, Vouchers, voucherLogin } from './vouchers.ts';

const ONE: VoucherTerms = { seconds: 3_600, upload: 0, download: 1_000_000, devices: 1, expires: 0 };
const HOUR = 3_600_000;

function lab() {
  const tables = new Map<string, Map<string, OwnValues>>();
  const written: Change[] = [];
  const rowsOf = ({ name }: OwnTable) => {
    const rows = tables.get(name) ?? new Map<string, OwnValues>();
    tables.set(name, rows);
    return rows;
  };
  const journal: Journal = {
    append(unit, waiter) {
      for (const change of unit) {
        written.push(change);
        if (change.kind === 'put-own') rowsOf(change.table).set(String(change.values[0]), change.values);
      }
      setImmediate(() => waiter?.settled(undefined));
    },
    drain: async () => {},
  };
  const clock = { time: 1_000_000, now: () => clock.time, monotonic: () => clock.time };
  const rows = {
    read: async (table: OwnTable, where: Readonly<Record<string, unknown>>) =>
      [...rowsOf(table).values()].filter((values) =>
        Object.entries(where).every(([name, value]) => values[table.columns.indexOf(name)] === value),
      ),
  };
  const vouchers = new Vouchers({ rows, journal, keyring: keyringOf(Buffer.alloc(32, 7)), clock });
  return { vouchers, journal, written, clock };
}

test('a code is read as people write it, and what is none is not', () => {
  assert.equal(readCode('abcde-fgh1k'), 'ABCDEFGH1K');
  assert.equal(readCode(' o l i 0 1 2 3 4 5 6 '), '0110123456');
  for (const bad of ['', 'ABCDE', 'ABCDE-FGH1KK', 'ABCDE-FGH1U', 'ABCDE-FGH1é', 'A'.repeat(1_000_000), "' OR 1=1"])
    assert.equal(readCode(bad), undefined, bad.slice(0, 20));
  const codes = new Set(Array.from({ length: 1_000 }, newCode));
  assert.equal(codes.size, 1_000);
  for (const code of codes) assert.equal(readCode(codeText(code)), code);
});

test('what is left: time from the first login, a last day, volumes', () => {
  const now = 100 * HOUR;
  const fresh = { first: undefined, sent: 0, received: 0 };
  assert.deepEqual(whatIsLeft(ONE, fresh, now), { seconds: 3_600, upload: 0, download: 1_000_000 });
  const begun = { first: now - 0.75 * HOUR, sent: 50, received: 400_000 };
  assert.deepEqual(whatIsLeft(ONE, begun, now), { seconds: 900, upload: 0, download: 600_000 });
  assert.equal(whatIsLeft(ONE, { ...begun, first: now - HOUR }, now), undefined);
  assert.equal(whatIsLeft(ONE, { ...begun, received: 940_000 }, now), undefined);
  assert.equal(whatIsLeft({ ...ONE, upload: 65_585 }, begun, now), undefined);
  assert.equal(whatIsLeft({ ...ONE, expires: now + 60_000 }, begun, now)?.seconds, 60);
  assert.equal(whatIsLeft({ ...ONE, expires: now }, fresh, now), undefined);
  const endless = { seconds: 0, upload: 0, download: 0, devices: 1, expires: 0 };
  assert.deepEqual(whatIsLeft(endless, begun, now), { seconds: 0, upload: 0, download: 0 });
  const uses = [
    { started: 7, sent: 1, received: 2 },
    { started: 5, sent: 10, received: 20 },
  ];
  assert.deepEqual(usedBy(uses), { first: 5, sent: 11, received: 22 });
});

test('a batch: codes are found, printed, nowhere in the clear, and good no more when they are revoked', async () => {
  const { vouchers, written, journal, clock } = lab();
  await vouchers.add('summer', 3, ONE, ['made']);
  const { codes } = await vouchers.codes('summer', ['printed']);
  assert.deepEqual(
    codes.map(({ id }) => id),
    ['summer-0001', 'summer-0002', 'summer-0003'],
  );
  for (const { code } of codes) assert.ok(!JSON.stringify(written).includes(code));
  const found = await vouchers.find(codeText(codes[1]!.code).toLowerCase());
  assert.deepEqual(found, { id: 'summer-0002', batch: 'summer', revoked: 0, terms: ONE });
  assert.deepEqual(await vouchers.findByLogin(voucherLogin(found!)), found);
  assert.equal(await vouchers.findByLogin('summer-0002'), undefined);
  assert.equal(await vouchers.find('AAAAA-AAAAA'), undefined);

  const use = {
    session: 's',
    voucher: found!.id,
    batch: 'summer',
    mac: 'm',
    started: clock.time,
    sent: 0,
    received: 0,
  };
  journal.append([putUse(use)]);
  journal.append([putUse({ ...use, sent: 5, received: 300 })]);
  assert.deepEqual(await vouchers.usesOf(found!), [{ ...use, sent: 5, received: 300 }]);
  assert.deepEqual(await vouchers.revoke('summer-0001', []), ['summer-0001']);
  const states = async () => (await vouchers.list('summer')).map(({ state, received }) => `${state} ${received}`);
  assert.deepEqual(await states(), ['revoked 0', 'begun 300', 'new 0']);
  clock.time += HOUR;
  assert.deepEqual(await states(), ['revoked 0', 'over 300', 'new 0']);
  assert.deepEqual(await vouchers.revoke('summer', []), ['summer-0002', 'summer-0003']);
  assert.ok((await vouchers.find(codes[2]!.code))!.revoked > 0);
  assert.deepEqual((await vouchers.codes('summer', [])).codes, []);
  const audit = written.flatMap((change) => (change.kind === 'audit' ? [change.line] : []));
  assert.deepEqual(audit, ['made', 'printed']);
});

test('what cannot be', async () => {
  const { vouchers, clock } = lab();
  for (const name of ['', 'Summer', '-a', 'a b', 'x'.repeat(32), "a'"])
    await assert.rejects(vouchers.add(name, 1, ONE, []), { code: 'VOUCHER_BATCH' });
  await assert.rejects(vouchers.add('a', 1, { ...ONE, expires: clock.time }, []), { code: 'VOUCHER_BATCH' });
  await vouchers.add('a', 1, ONE, []);
  await assert.rejects(vouchers.add('a', 1, ONE, []), { code: 'VOUCHER_EXISTS' });
  for (const ask of [vouchers.list('b'), vouchers.codes('b', []), vouchers.revoke('b', [])])
    await assert.rejects(ask, { code: 'VOUCHER_UNKNOWN' });
});
