/** What every database must do, run over SQLite beside this file and over MariaDB in test/peers. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { verifyTrail } from '../core/audit/verify.ts';
import { dropOwn, type OwnTable, putOwn } from '../core/journal/own-table.ts';
import type { Change } from '../core/journal/types.ts';
import type { BindingRow, LocationSpec, RowsSpec, SubscriberRow, SubscriberSpec, UriSpec } from '../core/ser/types.ts';
import { wireText } from '../core/ser/wire-text.ts';
import { MessageLog } from '../core/sms/message-log.ts';
import type { Storage } from '../core/storage/types.ts';
import { rowOf, TOKEN_TABLE, type Token, tokenOf } from '../core/tokens/token.ts';
import type { TokenQuery } from '../core/tokens/types.ts';
import { NameLocks } from '../core/users/name-locks.ts';
import { systemClock } from '../platform/clock.ts';
import type { GatehouseError } from '../platform/errors.ts';
import { silentLog } from '../platform/log.ts';
import { openStorage, type StorageOptions } from './open.ts';

export const LOCATION: LocationSpec = { database: 'main', table: 'location', columns: {} };
/** The same rows, which may lag: for an hour, so that they catch up with a reader and not with the time. */
const LAGGING: LocationSpec = { ...LOCATION, behind: 3600 };
export const SUBSCRIBER: SubscriberSpec = {
  database: 'main',
  table: 'subscriber',
  userColumn: 'username',
  domainColumn: 'domain',
  passwordColumn: 'ha1',
  passwordColumn2: 'ha1b',
  columns: [],
};
export const URI: UriSpec = {
  database: 'main',
  table: 'uri',
  userColumn: 'username',
  domainColumn: 'domain',
  uriUserColumn: 'uri_user',
};
const AUDIT_LINE = '{"event":"probe"}';

export function binding(contact: string, change: Partial<BindingRow> = {}): BindingRow {
  return {
    username: '1000',
    domain: '',
    contact,
    received: null,
    path: null,
    expires: 4_000_000_000_000,
    q: -1,
    callId: 'call@host',
    cseq: 1,
    flags: 0,
    branchFlags: 0,
    userAgent: '',
    socket: null,
    methods: null,
    modified: 1_700_000_000_000,
    ...change,
  };
}

export function put(row: BindingRow, table = LOCATION): Change {
  return { kind: 'put-binding', table, row };
}

function refresh(row: BindingRow, table = LAGGING): Change {
  return { kind: 'put-binding', table, row, refresh: true };
}

/** What stands in the rows and in the log, without making the rows catch up. */
async function inTables(storage: Storage): Promise<{ cseqs: number[]; logged: number }> {
  const rows = await storage.ser.ask('main', 'SELECT cseq FROM location', [], 100);
  const log = await storage.ser.ask('main', 'SELECT id FROM gh_refresh', [], 100);
  return { cseqs: rows.map(([cseq]) => Number(cseq)), logged: log.length };
}

export function remove({ username, domain, contact, callId }: BindingRow, table = LOCATION): Change {
  return { kind: 'delete-binding', table, username, domain, contact, callId };
}

function token(serial: string, index: number): Token {
  return {
    serial,
    type: 'sms',
    owner: { source: 'staff', id: String(index), login: `user${index}` },
    realms: ['staff', 'sales'],
    description: `50% of 'em`,
    phone: '+491701234567',
    active: index > 0,
    counter: 2 ** 40,
    failCount: index,
    maxFailCount: 10,
    countWindow: 10,
    syncWindow: 1000,
    otpLength: 6,
    hash: 'sha1',
    timeStep: 30,
    timeWindow: 180,
    timeShift: -30,
    countAuth: 1,
    countAuthMax: 2,
    countAuthSuccess: 3,
    countAuthSuccessMax: 4,
    validFrom: 5,
    validUntil: 6,
    sentUntil: 1_700_000_000_000,
    created: 1_700_000_000_001,
    lastMatch: 1_700_000_000_002,
    lastSuccess: 1_700_000_000_003,
    pin: 'salt.mac',
    seed: 'sealed',
    sentCounter: -1,
    lockedAt: 7,
    syncCounter: 8,
    syncUntil: 9,
  };
}

/** The journal's answer to one unit. */
export function written(storage: Storage, ...unit: Change[]): Promise<GatehouseError | undefined> {
  return new Promise((resolve) => storage.journal.append(unit, { settled: resolve }));
}

export async function bindings(storage: Storage, table = LOCATION, now = 0): Promise<BindingRow[]> {
  const all: BindingRow[] = [];
  await storage.ser.loadBindings(table, now, (rows) => void all.push(...rows));
  return all.sort((a, b) => (a.contact < b.contact ? -1 : 1));
}

/** With the Call-ID in the key, in a table that is used as it stands: refused where a unique key of it forbids that. */
export async function byCallIdAsItStands(storage: Storage, layout: string): Promise<void> {
  const spec: LocationSpec = { ...LOCATION, byCallId: true };
  if (layout === 'ser-0.9') {
    const why = /unique key on username, domain, contact, so two contacts/;
    await assert.rejects(storage.ser.open('location', spec), { code: 'SER_TABLE_KEY', message: why });
    return;
  }
  const [first, second] = ['1@h', '2@h'].map((callId) => binding('sip:a@h', { callId })) as [BindingRow, BindingRow];
  const cseqs = async (table: LocationSpec) =>
    (await bindings(storage, table)).map(({ callId, cseq }) => `${callId} ${cseq}`).sort();
  // Written while only the contact counted.
  await written(storage, put(first));
  assert.deepEqual(await storage.ser.open('location', spec), { attached: true, layout });
  assert.deepEqual(await cseqs(spec), ['1@h 1']);
  await written(storage, put(second, spec), put({ ...first, cseq: 2 }, spec));
  const again = [first, second].map((row) => written(storage, refresh({ ...row, cseq: 3 }, spec)));
  assert.deepEqual(await Promise.all(again), [undefined, undefined]);
  assert.deepEqual(await cseqs(spec), ['1@h 3', '2@h 3']);
  await written(storage, remove(first, spec));
  assert.deepEqual(await cseqs(spec), ['2@h 3']);
  assert.deepEqual(await cseqs(LOCATION), ['2@h 3']);
  assert.equal(await written(storage, put({ ...second, cseq: 4 })), undefined);
  assert.deepEqual(await cseqs(LOCATION), ['2@h 4']);
  await written(storage, remove(second));
  assert.deepEqual(await cseqs(LOCATION), []);
}

export interface Cleanup {
  after(work: () => Promise<void>): void;
}

/** Options over a folder of their own, which goes when the test is over. */
export function storageOptions(t: Cleanup, main: (dir: string) => string): StorageOptions & { dir: string } {
  const dir = mkdtempSync(join(tmpdir(), 'gatehouse-storage-'));
  t.after(async () => rmSync(dir, { recursive: true, force: true }));
  const paths = { auditDir: join(dir, 'audit'), backupDir: join(dir, 'backup') };
  return { dir, main: main(dir), ...paths, auditKey: Buffer.alloc(32, 7), log: silentLog, clock: systemClock };
}

/** `fresh` gives the address of an empty database. */
export function storageContract(name: string, fresh: (dir: string) => Promise<string>): void {
  const is = (what: string, work: (t: Cleanup, storage: Storage, options: StorageOptions) => Promise<void>) =>
    test(`${name}: ${what}`, async (t) => {
      const options = storageOptions(t, (dir) => dir);
      const opened = { ...options, main: await fresh(options.main) };
      const storage = await openStorage(opened);
      try {
        await work(t, storage, opened);
      } finally {
        await storage.close();
      }
    });

  is('a fresh database is made, and found again', async (_t, storage, options) => {
    assert.equal(storage.report.created, true);
    assert.ok(storage.report.migrations.every(({ applied }) => applied !== null));
    assert.deepEqual(await storage.ser.open('location', LOCATION), { attached: false, layout: 'gatehouse' });
    const again = await openStorage({ ...options, auditDir: `${options.auditDir}-2` });
    assert.equal(again.report.created, false);
    assert.deepEqual(await again.ser.open('location', LOCATION), { attached: false, layout: 'gatehouse' });
    await again.close();
  });

  is('every field of a binding comes back as it went in', async (_t, storage) => {
    const bytes = Array.from({ length: 255 }, (_, i) => String.fromCharCode(i + 1)).join('');
    const full = binding(`sip:${bytes}@192.0.2.1`, {
      domain: 'example.com',
      received: 'sip:192.0.2.7:5062',
      path: '<sip:edge.example.com;lr>',
      q: 0.725,
      callId: `a'b"c\\d`,
      cseq: 2_147_483_647,
      flags: 0x8000_0001,
      branchFlags: 0xffff_fffe,
      userAgent: 'Grüße \x80\x9f',
      socket: 'udp:127.0.0.1:5060',
      methods: 0xbf,
    });
    const bare = binding('sip:bare@192.0.2.1', { expires: 0 });
    assert.equal(await written(storage, put(full), put(bare)), undefined);
    assert.deepEqual(
      await bindings(storage),
      [full, bare].sort((a, b) => (a.contact < b.contact ? -1 : 1)),
    );
  });

  is('the last change of a key in a batch wins', async (_t, storage) => {
    const [a, b, c] = ['sip:a@h', 'sip:b@h', 'sip:c@h'].map((contact) => binding(contact)) as [
      BindingRow,
      BindingRow,
      BindingRow,
    ];
    const all = [
      written(storage, put(a), put(b)),
      written(storage, remove(a)),
      written(storage, put({ ...b, cseq: 2 })),
      written(storage, remove(c), put(c)),
    ];
    assert.deepEqual(await Promise.all(all), [undefined, undefined, undefined, undefined]);
    assert.deepEqual(await bindings(storage), [{ ...b, cseq: 2 }, c]);
    assert.equal(await written(storage, put({ ...c, cseq: 9 }), remove(b)), undefined);
    assert.deepEqual(await bindings(storage), [{ ...c, cseq: 9 }]);
  });

  is('expired bindings are not loaded, permanent ones are', async (_t, storage) => {
    const now = 1_800_000_000_000;
    const rows = [binding('sip:gone@h', { expires: now }), binding('sip:live@h', { expires: now + 1000 })];
    await written(storage, ...rows.map((row) => put(row)), put(binding('sip:perm@h', { expires: 0 })));
    const contacts = (await bindings(storage, LOCATION, now)).map(({ contact }) => contact);
    assert.deepEqual(contacts, ['sip:live@h', 'sip:perm@h']);
  });

  is('the bindings of one user are read as they are now, without what has expired', async (_t, storage) => {
    const now = 1_800_000_000_000;
    const at = (contact: string, change: Partial<BindingRow>) => binding(contact, { domain: 'a.example', ...change });
    const rows = [
      at('sip:gone@h', { expires: now }),
      at('sip:live@h', { expires: now + 1000 }),
      at('sip:perm@h', { expires: 0, domain: 'b.example' }),
      at('sip:other@h', { username: '1001' }),
    ];
    const of = async (username: string, domain: string) => {
      const found = await storage.ser.readBindings(LOCATION, username, domain, now);
      return found.map(({ contact }) => contact).sort();
    };
    await written(storage, ...rows.map((row) => put(row)));
    assert.deepEqual(await of('1000', ''), ['sip:live@h', 'sip:perm@h']);
    assert.deepEqual(await of('1000', 'a.example'), ['sip:live@h']);
    assert.deepEqual(await of("1000' OR '1'='1", ''), []);
    assert.deepEqual(await storage.ser.readBindings(LOCATION, '1001', '', now), [rows[3]]);
  });

  is('what expired before a time is deleted, and nothing else', async (_t, storage) => {
    const now = 1_800_000_000_000;
    const rows = [
      binding('sip:gone@h', { expires: now - 1000 }),
      binding('sip:live@h', { expires: now }),
      binding('sip:perm@h', { expires: 0 }),
      binding('sip:ever@h', { expires: new Date(2020, 4, 28, 21, 32, 15).getTime() }),
    ];
    await written(storage, ...rows.map((row) => put(row)));
    assert.equal(await storage.ser.deleteExpired(LOCATION, now), 1);
    assert.equal(await storage.ser.deleteExpired(LOCATION, now), 0);
    const contacts = (await bindings(storage)).map(({ contact }) => contact);
    assert.deepEqual(contacts, ['sip:ever@h', 'sip:live@h', 'sip:perm@h']);
  });

  is(
    'a refresh of rows that may lag is durable before it is in its row, where the next reader finds it',
    async (_t, storage, options) => {
      const a = binding('sip:"a\\b"@h', { userAgent: 'Grüße \x80' });
      await bindings(storage, LAGGING); // nothing lags
      assert.equal(await written(storage, put(a, LAGGING)), undefined);
      assert.deepEqual(await inTables(storage), { cseqs: [1], logged: 0 });
      const fresh = { ...a, cseq: 3, callId: `a'b"c\\d`, expires: a.expires + 1000 };
      assert.equal(await written(storage, refresh({ ...a, cseq: 2 })), undefined);
      const line = written(storage, refresh(fresh), { kind: 'audit', line: AUDIT_LINE });
      assert.deepEqual(await Promise.all([written(storage, refresh(fresh)), line]), [undefined, undefined]);
      assert.deepEqual(await inTables(storage), { cseqs: [1], logged: 2 });
      // As a start after a crash, since the first one goes on as if nothing had been.
      const next = await openStorage({ ...options, auditDir: `${options.auditDir}-2` });
      assert.deepEqual(await bindings(next, LAGGING), [fresh]);
      assert.deepEqual(await inTables(next), { cseqs: [3], logged: 0 });
      await next.close();
      assert.deepEqual(await bindings(storage, LAGGING), [fresh]);
    },
  );

  is('rows that lag end as the last change says, whatever its kind', async (_t, storage, options) => {
    const rows = ['put', 'gone', 'again', 'both', 'lost'].map((name) => binding(`sip:${name}@h`));
    const [changed, gone, again, both, lost] = rows as [BindingRow, BindingRow, BindingRow, BindingRow, BindingRow];
    const at = (row: BindingRow, cseq: number) => ({ ...row, cseq });
    await bindings(storage, LAGGING);
    await written(storage, ...rows.map((row) => put(row, LAGGING)));
    // One batch each, and what is logged must not come back over what was written after it.
    await written(storage, refresh(at(changed, 2)));
    await written(storage, put(at(changed, 3), LAGGING));
    await written(storage, refresh(at(gone, 2)));
    await written(storage, remove(gone, LAGGING));
    await written(storage, refresh(at(again, 2)));
    await written(storage, remove(again, LAGGING));
    await written(storage, put(at(again, 3), LAGGING));
    await written(storage, refresh(at(again, 4)));
    // All in one.
    const units = [refresh(at(both, 2)), refresh(at(both, 3)), remove(both, LAGGING), put(at(both, 4), LAGGING)];
    assert.deepEqual(await Promise.all(units.map((change) => written(storage, change))), Array(4).fill(undefined));
    // Somebody else takes a row away that was just refreshed.
    await written(storage, refresh(at(lost, 2)));
    await storage.ser.ask('main', "DELETE FROM location WHERE contact = 'sip:lost@h'", [], 1);
    const next = await openStorage({ ...options, auditDir: `${options.auditDir}-2` });
    const found = (await bindings(next, LAGGING)).map(({ contact, cseq }) => `${contact} ${cseq}`);
    assert.deepEqual(found, ['sip:again@h 4', 'sip:both@h 4', 'sip:lost@h 2', 'sip:put@h 3']);
    await next.close();
  });

  is(
    'where the Call-ID counts, one contact under two of them is two bindings, until it counts no more',
    async (_t, storage, options) => {
      const spec: LocationSpec = { ...LAGGING, byCallId: true };
      const first = binding('sip:a@h', { callId: '1@h' });
      const second = binding('sip:a@h', { callId: '2@h', modified: first.modified + 1000 });
      const found = async (from = storage, table = spec) =>
        (await bindings(from, table)).map(({ callId, cseq }) => `${callId} ${cseq}`).sort();
      await written(storage, put(first, LAGGING));
      await written(storage, refresh({ ...first, cseq: 2 }));
      assert.deepEqual(await storage.ser.open('location', spec), { attached: false, layout: 'gatehouse' });
      assert.deepEqual(await found(), ['1@h 2'], 'what was logged under the old key has reached its row');
      const both = [written(storage, put({ ...first, cseq: 3 }, spec)), written(storage, put(second, spec))];
      assert.deepEqual(await Promise.all(both), [undefined, undefined]);
      await written(storage, ...[first, second].map((row) => put({ ...row, cseq: 4 }, spec)));
      const refreshes = [first, second].map((row) => written(storage, refresh({ ...row, cseq: 5 }, spec)));
      assert.deepEqual(await Promise.all(refreshes), [undefined, undefined]);
      await written(storage, remove(first, spec));
      const next = await openStorage({ ...options, auditDir: `${options.auditDir}-2` });
      assert.deepEqual(await found(next), ['2@h 5'], 'of the other nothing counts that was logged before it went');
      await next.close();
      // Written at once, in one statement, as in tables that do not lag.
      const atOnce: LocationSpec = { ...LOCATION, byCallId: true };
      await written(storage, put(first, atOnce));
      const rows = [first, second].map((row) => ({ ...row, cseq: 6 }));
      const changes = rows.map((row) => written(storage, refresh(row, atOnce)));
      assert.deepEqual(await Promise.all(changes), [undefined, undefined]);
      assert.deepEqual(await found(storage, atOnce), ['1@h 6', '2@h 6']);
      assert.deepEqual(await storage.ser.open('location', LOCATION), { attached: false, layout: 'gatehouse' });
      assert.deepEqual(await found(storage, LOCATION), ['2@h 6'], 'the newer one stays');
      assert.equal(await written(storage, put({ ...first, cseq: 7 })), undefined);
      assert.deepEqual(await found(storage, LOCATION), ['1@h 7']);
    },
  );

  is('a Call-ID that the rows do not hold is refused, although only the log would have to', async (_t, storage) => {
    const a = binding('sip:a@h');
    await bindings(storage, LAGGING);
    await written(storage, put(a, LAGGING));
    const refused = await written(storage, refresh({ ...a, callId: 'x'.repeat(256) }));
    assert.match(refused!.message, /column callid of table location holds 255 characters, the value has 256/);
    assert.deepEqual(await inTables(storage), { cseqs: [1], logged: 0 });
  });

  is('a unit that cannot be written does not sink its neighbours', async (_t, storage) => {
    const long = binding(`sip:${'x'.repeat(600)}@h`);
    const broken = { ...binding('sip:broken@h'), cseq: null as unknown as number };
    const all = await Promise.all([
      written(storage, put(binding('sip:1@h')), { kind: 'audit', line: AUDIT_LINE }),
      written(storage, put(binding('sip:2@h')), put(long)),
      written(storage, put(binding('sip:3@h')), put(broken), { kind: 'audit', line: AUDIT_LINE }),
      written(storage, put(binding('sip:4@h'))),
    ]);
    assert.deepEqual(
      all.map((error) => error?.code),
      [undefined, 'STORAGE_REFUSED', 'STORAGE_REFUSED', undefined],
    );
    assert.match(all[1]!.message, /column contact of table location holds 512 characters, the value has 606/);
    assert.deepEqual(
      (await bindings(storage)).map(({ contact }) => contact),
      ['sip:1@h', 'sip:4@h'],
    );
  });

  is('audit lines of refused units are not in the trail, those of written ones are', async (_t, storage, options) => {
    const broken = { ...binding('sip:broken@h'), cseq: null as unknown as number };
    await Promise.all([
      written(storage, put(binding('sip:1@h')), { kind: 'audit', line: '{"event":"one"}' }),
      written(storage, put(broken), { kind: 'audit', line: '{"event":"two"}' }),
      written(storage, { kind: 'audit', line: '{"event":"three"}' }),
    ]);
    const [segment] = readdirSync(options.auditDir).filter((file) => file.endsWith('.log'));
    const lines = readFileSync(join(options.auditDir, segment!), 'utf8').trimEnd().split('\n');
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).event),
      ['one', 'three'],
    );
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).seq),
      [1, 2],
    );
  });

  is('history is written once, however often it is sent', async (_t, storage) => {
    const row = { session: 'sip:1', door: 'sip', user: 'żółw', client: '::1', started: 1, ended: 2, reason: 'logout' };
    assert.equal(await written(storage, { kind: 'history', row }), undefined);
    assert.equal(await written(storage, { kind: 'history', row }, { kind: 'history', row }), undefined);
    const bytes = { sent: 2 ** 40, received: 7 };
    assert.equal(await written(storage, { kind: 'history', row: { ...row, ...bytes } }), undefined);
    const table = { name: 'gh_history', columns: ['session', 'login', 'sent', 'received'] };
    const rows = await storage.tokens.read(table, { session: 'sip:1' });
    assert.deepEqual(
      rows.map((cells) => cells.map(String)),
      [['sip:1', 'żółw', String(2 ** 40), '7']],
    );
  });

  is('a table that nobody made yet is made, one with a strange name too', async (_t, storage) => {
    const table = { database: 'main', table: 'odd `name\' "x', columns: {} };
    assert.deepEqual(await storage.ser.open('location', table), { attached: false, layout: 'gatehouse' });
    assert.equal(await written(storage, put(binding('sip:1@h'), table)), undefined);
    assert.equal((await bindings(storage, table)).length, 1);
    await assert.rejects(storage.ser.open('location', { ...table, database: 'attached' }), {
      code: 'SER_TABLE_MISSING',
    });
  });

  is('subscribers are read in one query and administered', async (_t, storage) => {
    const spec = { ...SUBSCRIBER, columns: ['rpid', 'email_address'] };
    await storage.ser.open('subscriber', spec);
    await assert.rejects(storage.ser.open('subscriber', { ...spec, columns: ['nix'] }), { code: 'SER_TABLE_LAYOUT' });
    const row = (username: string) => ({ username, domain: 'd', password: '', ha1: 'h', ha1b: 'b', email: 'x@y' });
    const { ser } = storage;
    const tables = { subscriber: spec };
    await ser.addUsers(tables, [row('1'), row("o'neil")]);
    await assert.rejects(ser.addUsers(tables, [row('3'), row('1')]), { code: 'STORAGE_REFUSED' });
    await assert.rejects(ser.addUsers(tables, [row('3'), row('x'.repeat(65))]), { code: 'SER_VALUE_TOO_LONG' });
    assert.deepEqual(await ser.readSubscribers(spec, [{ username: '3', domain: 'd' }]), [], 'all or none');
    const names = [
      { username: "o'neil", domain: 'd' },
      { username: '1', domain: '' },
      { username: '1', domain: 'other' },
    ];
    const found = await storage.ser.readSubscribers(spec, names);
    assert.deepEqual(found.map(({ username }) => username).sort(), ['1', "o'neil"]);
    assert.deepEqual(found[0]!.values, [null, 'x@y']);
    assert.equal(await storage.ser.updateSubscriber(spec, { ...row('1'), ha1: 'new' }), true);
    assert.equal((await storage.ser.readSubscribers(spec, [{ username: '1', domain: 'd' }]))[0]!.password, 'new');
    await ser.removeUser(tables, { username: '1', domain: 'other' });
    assert.equal((await ser.readSubscribers(spec, [{ username: '1', domain: 'd' }])).length, 1);
    await ser.removeUser(tables, { username: '1', domain: 'd' });
    assert.equal(await storage.ser.updateSubscriber(spec, row('1')), false);
  });

  is('uris are found, added, removed', async (_t, storage) => {
    const spec = URI;
    await storage.ser.open('uri', spec);
    const { ser } = storage;
    const user = { username: '1', domain: 'd' };
    const row = { ...user, password: '', ha1: '', ha1b: '', email: '' };
    await ser.addUsers({ uri: spec }, [row]);
    await ser.addUsers({ uri: spec }, [row, { ...row, username: 'wire \xc3\x81' }]);
    const asked: [string, string, string][] = [
      ['1', 'd', '1'],
      ['', '', '1'],
      ['', 'd', '1'],
      ['1', '', '1'],
      ['', '', 'wire \xc3\x81'],
      ['1', 'd', '2'],
      ['2', '', '1'],
      ['', 'other', '1'],
    ];
    const answers = await Promise.all(asked.map((one) => ser.hasUri(spec, ...one)));
    assert.deepEqual(answers, [true, true, true, true, true, false, false, false]);
    await ser.removeUser({ uri: spec }, user);
    assert.equal(await ser.hasUri(spec, '', '', '1'), false);
  });

  is('rows of the tables that modules ask for are written, read and taken away', async (_t, storage) => {
    const columns = ['uuid', 'attribute', 'type', 'value', 'last_modified'];
    const spec: RowsSpec = { database: 'main', table: 'usr_preferences', kind: 'usr_preferences', columns, keys: [] };
    assert.deepEqual(await storage.ser.open('rows', spec), { attached: false, layout: 'gatehouse' });
    const nix = { ...spec, columns: ['nix'] };
    await assert.rejects(storage.ser.open('rows', nix), { code: 'SER_TABLE_LAYOUT' });
    const row = (uuid: string, value: string, cut = false): Change => {
      const values = [uuid, `a'b"c\\d \x80?`, 3, value, 1_700_000_000_000];
      return { kind: 'insert-row', table: spec, values, cut };
    };
    const long = 'x'.repeat(300);
    const gone: Change = {
      kind: 'delete-rows',
      table: spec,
      where: [
        ['uuid', '1'],
        ['type', '3'],
      ],
    };
    const outcomes = await Promise.all([
      written(storage, row('1', 'one'), row('2', 'two'), { kind: 'audit', line: AUDIT_LINE }),
      written(storage, gone, row('1', 'again')),
      written(storage, row('3', long)),
      written(storage, row('4', long, true), row('1', 'more')),
      written(storage, { kind: 'insert-row', table: nix, values: ['1'] }),
    ]);
    const refused = 'STORAGE_REFUSED';
    assert.deepEqual(
      outcomes.map((error) => error?.code),
      [undefined, undefined, refused, undefined, refused],
    );
    const read = async (...where: [string, string][]) =>
      (await storage.ser.readRows(spec, where, 9)).map(([uuid, attribute, type, value]) => {
        assert.deepEqual([attribute, Number(type)], [`a'b"c\\d \x80?`, 3]);
        return `${uuid} ${value}`;
      });
    assert.deepEqual(await read(), ['2 two', '1 again', `4 ${long.slice(0, 255)}`, '1 more']);
    assert.deepEqual(await read(['uuid', '1'], ['type', '3']), ['1 again', '1 more']);
    assert.deepEqual(await read(['uuid', "1' OR ''='"]), []);
    assert.equal((await storage.ser.readRows(spec, [], 2)).length, 2);
    const ask = (sql: string, ...values: (string | number | null)[]) => storage.ser.ask('main', sql, values, 2);
    const evil = "1' OR ''='";
    assert.deepEqual(await ask('SELECT value FROM usr_preferences WHERE uuid = ? ORDER BY value', '1'), [
      ['again'],
      ['more'],
    ]);
    assert.deepEqual(await ask('SELECT value FROM usr_preferences WHERE uuid = ?', evil), []);
    assert.equal(
      (await ask('SELECT uuid FROM usr_preferences WHERE type = ? OR value = ?', 3, null)).length,
      2,
      'no more than asked',
    );
    assert.deepEqual(await ask('UPDATE usr_preferences SET value = ? WHERE uuid = ?', `${evil}?\\\x80`, '2'), []);
    assert.deepEqual(await read(['uuid', '2']), [`2 ${evil}?\\\x80`]);
    await assert.rejects(ask('SELECT value FROM nowhere'), { code: 'STORAGE_REFUSED' });
  });

  is(
    'rows of our own come and go with the journal: the last of a key counts, and what is refused takes nothing along',
    async (_t, storage) => {
      const table: OwnTable = { name: 'gh_system_config', columns: ['name', 'value'] };
      const odd = `a'b"c\\d {},\u00e9\u{1f4de} \u2028`;
      const outcomes = await Promise.all([
        written(storage, putOwn(table, ['a', 'one']), putOwn(table, ['b', odd]), { kind: 'audit', line: AUDIT_LINE }),
        written(storage, putOwn(table, ['a', 'two']), dropOwn(table, 'c')),
        written(storage, putOwn(table, ['c', 'three']), putOwn(table, ['d', 'four'])),
        written(storage, dropOwn(table, 'd')),
      ]);
      assert.deepEqual(outcomes, [undefined, undefined, undefined, undefined]);
      const all = async () => (await storage.tokens.read(table, {})).sort();
      assert.deepEqual(await all(), [
        ['a', 'two'],
        ['b', odd],
        ['c', 'three'],
      ]);
      const unfit = putOwn({ name: 'gh_nothing', columns: ['name', 'value'] }, ['x', 'y']);
      const [refused, taken] = await Promise.all([
        written(storage, putOwn(table, ['a', 'never']), unfit),
        written(storage, putOwn(table, ['b', 'new']), dropOwn(table, 'c')),
      ]);
      assert.equal(refused?.code, 'STORAGE_REFUSED');
      assert.equal(taken, undefined);
      assert.deepEqual(await all(), [
        ['a', 'two'],
        ['b', 'new'],
      ]);
      assert.deepEqual(await storage.tokens.read(table, { name: `' OR ''='` }), []);
    },
  );

  is('tokens are kept whole, and listed by pattern and page', async (_t, storage) => {
    const serials = ['LSSM0000000A', 'LSSM0000000B', 'LSHO00000001'];
    const tokens = serials.map((serial, index) => token(serial, index));
    assert.equal(await written(storage, ...tokens.map((one) => putOwn(TOKEN_TABLE, rowOf(one)))), undefined);
    for (const one of tokens) {
      const [row] = await storage.tokens.read(TOKEN_TABLE, { serial: one.serial });
      assert.deepEqual(tokenOf(row!), one);
    }
    const found = async (query: TokenQuery) => {
      const { rows, total } = await storage.tokens.list({ pageSize: 10, ...query });
      return [total, ...rows.map(([serial]) => serial)];
    };
    assert.deepEqual(await found({}), [3, 'LSHO00000001', 'LSSM0000000A', 'LSSM0000000B']);
    assert.deepEqual(await found({ serial: 'lssm*' }), [2, 'LSSM0000000A', 'LSSM0000000B']);
    assert.deepEqual(await found({ serial: 'LSSM_000000A' }), [0]);
    assert.deepEqual(await found({ login: 'user1' }), [1, 'LSSM0000000B']);
    assert.deepEqual(await found({ realm: 'sales' }), [3, 'LSHO00000001', 'LSSM0000000A', 'LSSM0000000B']);
    assert.deepEqual(await found({ realm: 'ales' }), [0]);
    assert.deepEqual(await found({ owner: { source: 'staff', id: '2' } }), [1, 'LSHO00000001']);
    assert.deepEqual(await found({ text: '50% of' }), [3, 'LSHO00000001', 'LSSM0000000A', 'LSSM0000000B']);
    assert.deepEqual(await found({ orderBy: 'failCount', descending: true, page: 2, pageSize: 2 }), [
      3,
      'LSSM0000000A',
    ]);
  });

  is('each table that a module may ask for can be made', async (_t, { ser }) => {
    const tables: [RowsSpec['kind'], string[]][] = [
      ['grp', ['username', 'domain', 'grp']],
      ['re_grp', ['reg_exp', 'group_id']],
      ['domain', ['domain']],
      ['dbaliases', ['alias_username', 'alias_domain', 'username', 'domain']],
      ['trusted', ['src_ip', 'proto', 'from_pattern', 'tag']],
      ['address', ['grp', 'ip_addr', 'mask', 'port']],
      ['acc', ['method', 'from_tag', 'to_tag', 'callid', 'sip_code', 'sip_reason', 'time']],
      ['missed_calls', ['method', 'from_tag', 'to_tag', 'callid', 'sip_code', 'sip_reason', 'time']],
    ];
    for (const [kind, columns] of tables) {
      const spec = { database: 'main', table: kind, kind, columns, keys: [] };
      assert.equal((await ser.open('rows', spec)).attached, false, kind);
      assert.deepEqual(await ser.readRows(spec, [], 1), [], kind);
    }
  });

  is('subscribers are listed by name, page by page', async (_t, { ser }) => {
    const spec = { ...SUBSCRIBER, columns: ['email_address'] };
    const names = ['a', 'a_1', 'ab', 'a%', 'b', 'c@x'].flatMap((username) => [
      { username, domain: 'one' },
      { username, domain: 'two' },
    ]);
    await ser.addUsers(
      { subscriber: spec },
      names.map((name) => ({ ...name, password: '', ha1: 'h', ha1b: '', email: `${name.username}!` })),
    );
    const seen: SubscriberRow[] = [];
    for (;;) {
      const last = seen.at(-1);
      const page = await ser.listSubscribers(spec, { limit: 5, ...(last ? { after: last } : {}) });
      if (page.length === 0) break;
      seen.push(...page);
    }
    const nameOf = ({ username, domain }: SubscriberRow) => `${username} ${domain}`;
    const inOrder = seen.map(nameOf);
    assert.deepEqual(inOrder.toSorted(), names.map(({ username, domain }) => `${username} ${domain}`).toSorted());
    assert.deepEqual(inOrder.slice(0, 2), ['a one', 'a two']);
    assert.deepEqual(seen[0], { ...names[0], password: 'h', password2: '', values: ['a!'] });
    const walked: SubscriberRow[] = [];
    await ser.walkSubscribers(spec, 100, (rows) => void walked.push(...rows));
    const byName = (a: SubscriberRow, b: SubscriberRow) => inOrder.indexOf(nameOf(a)) - inOrder.indexOf(nameOf(b));
    assert.deepEqual(walked.toSorted(byName), seen);
    walked.length = 0;
    await ser.walkSubscribers(spec, 5, (rows) => void walked.push(...rows));
    assert.equal(walked.length, 5);
    for (const [prefix, count] of [
      ['a_', 2],
      ['a%', 2],
      ['a', 8],
      ['|', 0],
    ] as const) {
      assert.equal((await ser.listSubscribers(spec, { limit: 100, prefix })).length, count, prefix);
    }
  });

  is('users: made, found by any login, changed, removed', async (_t, storage) => {
    const { users } = storage;
    const logins = [
      { name: '1000', domain: '' },
      { name: 'żółw', domain: 'example.com' },
    ];
    const fresh = { logins, email: 'ü@example.com', mobile: '+12025550100', created: 5 };
    const user = await users.create(fresh, (id) => Uint8Array.of(id, 255));
    assert.equal(user.mobile, fresh.mobile);
    assert.deepEqual(user.password, Uint8Array.of(user.id, 255));
    const asked = [
      { name: 'żółw', domain: '' },
      { name: 'żółw', domain: 'other' },
      { name: '1000', domain: '' },
    ];
    const found = await users.find(asked);
    assert.deepEqual(found, [
      { login: asked[0], user },
      { login: asked[2], user },
    ]);
    await assert.rejects(
      users.create({ logins: [{ name: '1000', domain: '' }], email: '', created: 5 }, () => null),
      { code: 'USER_EXISTS' },
    );
    assert.equal(await users.count(), 1);
    await users.update(user.id, { locked: true, password: null });
    assert.deepEqual(await users.list({ limit: 9 }), [{ ...user, locked: true, password: null }]);
    await users.update(user.id, { locked: true });
    const other = await users.create(
      { logins: [{ name: '1000', domain: 'other' }], email: '', created: 6 },
      () => null,
    );
    const sorted = (await users.lockedNames()).sort(
      (a, b) => Number(b.locked) - Number(a.locked) || (a.name < b.name ? -1 : 1),
    );
    assert.deepEqual(
      sorted.map(({ name, domain, locked }) => [name, domain, locked]),
      [
        ['1000', '', true],
        ['żółw', 'example.com', true],
        ['1000', 'other', false],
      ],
    );
    const { tokens: rows, journal } = storage;
    const locks = new NameLocks({ rows, journal });
    const by = { since: 1_700_000_000_000, by: 'admin żółw' };
    await locks.add({ name: 'żółw', domain: '' }, by, [AUDIT_LINE]);
    await locks.add({ name: 'żółw', domain: 'x'.repeat(128) }, by, []);
    await locks.remove(locks.of({ name: 'żółw', domain: 'x'.repeat(128) }), []);
    const again = new NameLocks({ rows, journal });
    await again.load();
    assert.deepEqual(again.list(), [{ name: 'żółw', domain: '', ...by }]);
    await users.remove(other.id);
    await assert.rejects(users.update(user.id + 1, { locked: true }), { code: 'USER_UNKNOWN' });
    await users.remove(user.id);
    await assert.rejects(users.remove(user.id), { code: 'USER_UNKNOWN' });
    assert.deepEqual(await users.find(asked), []);
  });

  is('a user and the SER rows that show it come and go together', async (_t, { users, ser }) => {
    const shownIn = { subscriber: { ...SUBSCRIBER, columns: ['email_address'] }, uri: URI };
    const make = (name: string, domain: string) =>
      users.create({ logins: [{ name, domain }], email: 'ü@h', created: 1 }, () => null, shownIn);
    const user = await make('żółw', 'd');
    const wire = Buffer.from('żółw').toString('latin1');
    const shown = () => ser.readSubscribers(shownIn.subscriber, [{ username: wire, domain: '' }]);
    const row = { username: wire, domain: 'd', password: '', password2: '', values: ['Ã¼@h'] };
    assert.deepEqual(await shown(), [row]);
    assert.equal(await ser.hasUri(URI, wire, 'd', wire), true);
    await assert.rejects(make('x'.repeat(70), 'd'), { code: 'SER_VALUE_TOO_LONG' });
    await assert.rejects(make('żółw', 'd'), { code: 'USER_EXISTS' });
    const many = ['1', '2', '1'].map((name) => ({ logins: [{ name, domain: '' }], email: '', created: 1 }));
    await assert.rejects(
      users.createMany(many, () => null, shownIn),
      { code: 'USER_EXISTS' },
    );
    assert.equal(await users.count(), 1);
    assert.equal((await ser.listSubscribers(SUBSCRIBER, { limit: 9 })).length, 1);
    await make('żółw', '');
    await users.remove(user.id, shownIn);
    assert.deepEqual(await shown(), [{ ...row, domain: '' }]);
  });

  is(
    'a change of users and its audit line are there together, or neither',
    async (_t, { users, ser }, { auditDir }) => {
      const shownIn = { subscriber: SUBSCRIBER, uri: URI };
      const user = (name: string) => ({ logins: [{ name, domain: '' }], email: '', created: 1 });
      const line = (event: string) => [`{"event":"${event}"}`];
      const { id } = await users.create(user('1'), () => null, shownIn, line('create'));
      await assert.rejects(
        users.create(user('1'), () => null, shownIn, line('never')),
        { code: 'USER_EXISTS' },
      );
      await users.createMany([user('2'), user('3')], () => null, shownIn, line('many'));
      const [update] = await Promise.allSettled([
        users.update(id, { email: 'x@y' }, shownIn, line('update')),
        users.update(id + 99, { email: 'x@y' }, shownIn, line('never')),
        users.remove(id + 99, shownIn, line('never')),
      ]);
      assert.equal(update.status, 'fulfilled');
      await users.remove(id, shownIn, line('remove'));
      const row = { username: '4', domain: '', password: '', ha1: '', ha1b: '', email: '' };
      await ser.addUsers(shownIn, [row], line('add-row'));
      await assert.rejects(ser.addUsers(shownIn, [row], line('never')), { code: 'STORAGE_REFUSED' });
      await ser.updateSubscriber(SUBSCRIBER, { ...row, email: 'a@b' }, line('update-row'));
      assert.equal(await ser.updateSubscriber(SUBSCRIBER, { ...row, username: '5' }, line('never')), false);
      await ser.removeUser(shownIn, row, line('remove-row'));
      const [segment] = readdirSync(auditDir).filter((file) => file.endsWith('.log'));
      const lines = readFileSync(join(auditDir, segment!), 'utf8').trimEnd().split('\n');
      const events = ['create', 'many', 'update', 'remove', 'add-row', 'update-row', 'remove-row'];
      assert.deepEqual(
        lines.map((text) => JSON.parse(text).event),
        events,
      );
      assert.deepEqual((await verifyTrail(auditDir, Buffer.alloc(32, 7))).faults, []);
    },
  );

  is('a new email address is shown in SER rows too', async (_t, { users, ser }) => {
    const spec = { ...SUBSCRIBER, columns: ['email_address'] };
    const shownIn = { subscriber: spec };
    const create = (name: string, domain: string) =>
      users.create({ logins: [{ name, domain }], email: 'old@h', created: 1 }, () => null, shownIn);
    const { id } = await create('żółw', 'd');
    await create('żółw', 'e');
    await users.update(id, { email: 'ü@h' }, shownIn);
    const emailOf = async (domain: string) =>
      (await ser.readSubscribers(spec, [{ username: wireText('żółw'), domain }]))[0]?.values[0];
    assert.deepEqual([await emailOf('d'), await emailOf('e')], [wireText('ü@h'), 'old@h']);
    await assert.rejects(users.update(id, { email: `${'x'.repeat(255)}@h` }, shownIn), { code: 'SER_VALUE_TOO_LONG' });
    assert.equal((await users.list({ limit: 1 }))[0]!.email, 'ü@h');
    await users.update(id, { mobile: '+12025550100', rpid: 'sip:+1@ü' }, shownIn);
    const [changed] = await users.list({ limit: 1 });
    assert.deepEqual([changed!.mobile, changed!.rpid], ['+12025550100', 'sip:+1@ü']);
  });

  is('many users at once, listed by prefix and page', async (_t, storage) => {
    const { users } = storage;
    const many = Array.from({ length: 1200 }, (_, i) => ({
      logins: [{ name: `u${i}%`, domain: 'd' }],
      email: '',
      created: 1,
    }));
    assert.equal(await users.createMany(many, (index, id) => Uint8Array.of(index & 255, id & 255)), 1200);
    const page = await users.list({ limit: 3, prefix: 'u11' });
    assert.deepEqual(
      page.map((user) => user.logins[0]!.name),
      ['u11%', 'u110%', 'u111%'],
    );
    const next = await users.list({ limit: 1, prefix: 'u11', after: page[2]!.id });
    assert.equal(next[0]!.logins[0]!.name, 'u112%');
    assert.deepEqual(page[0]!.password, Uint8Array.of(11, page[0]!.id & 255));
    await assert.rejects(
      users.createMany(many.slice(5, 6), () => null),
      { code: 'USER_EXISTS' },
    );
    const asked = many.flatMap(({ logins: [login] }, i) => [
      login!,
      { name: login!.name, domain: i % 2 ? '' : `d${i}` },
    ]);
    assert.equal((await users.find(asked)).length, 1800);
  });

  is('transactions and batches at the same time keep out of each other', async (_t, storage) => {
    const work = Array.from({ length: 40 }, (_, i) => [
      storage.users.create({ logins: [{ name: `${i}`, domain: '' }], email: '', created: 1 }, () => null),
      written(storage, put(binding(`sip:${i}@h`)), { kind: 'audit', line: AUDIT_LINE }),
    ]);
    await Promise.all(work.flat());
    assert.equal(await storage.users.count(), 40);
    assert.equal((await bindings(storage)).length, 40);
  });

  is('policies: set together, changed, removed, with their lines in the trail', async (_t, { policies }) => {
    const rule = (name: string, action: string) => {
      return {
        name,
        scope: 'sip',
        action,
        user: 'jörg, 10*',
        realm: '',
        client: '',
        time: '* * * * 1-5 *',
        active: true,
      };
    };
    assert.deepEqual(await policies.list(), []);
    await policies.set([rule('b', 'allow'), rule('a', 'allow=false')], [AUDIT_LINE]);
    await policies.set([{ ...rule('b', "text='ü'"), active: false }], []);
    assert.deepEqual(await policies.list(), [rule('a', 'allow=false'), { ...rule('b', "text='ü'"), active: false }]);
    await policies.remove('a', [AUDIT_LINE]);
    assert.deepEqual(
      (await policies.list()).map(({ name }) => name),
      ['b'],
    );
  });

  is('SMS providers: set, changed, removed; one of them is the default', async (_t, { smsProviders }) => {
    const sealed = (name: string, isDefault: boolean, size = 3) => {
      return { name, class: 'HttpSMSProvider', config: new Uint8Array(size).fill(255), timeout: null, isDefault };
    };
    await smsProviders.set(sealed('b', true), [AUDIT_LINE]);
    await smsProviders.set({ ...sealed('a', true, 16_500), timeout: 90 }, []);
    assert.deepEqual(await smsProviders.list(), [{ ...sealed('a', true, 16_500), timeout: 90 }, sealed('b', false)]);
    await smsProviders.set(sealed('b', true, 4), []);
    await smsProviders.remove('a', [AUDIT_LINE]);
    assert.deepEqual(await smsProviders.list(), [sealed('b', true, 4)]);
  });

  is('what became of messages is kept, the longest texts as well', async (_t, { journal, tokens: rows }) => {
    const log = new MessageLog({ rows, journal, clock: systemClock });
    const [one, two] = [log.queue(`żółw${'x'.repeat(999)}`, '***567'), log.queue('', '')];
    for (let i = 0; i < 12; i++) log.took(one, 'p'.repeat(64), `${i}`.padEnd(65, '"'));
    log.settle(one, 'p'.repeat(64), 'unreachable', `'\0\\ 😀${'y'.repeat(999)}`);
    log.failed(two, 'refused', '', [AUDIT_LINE]);
    await journal.drain();
    const again = new MessageLog({ rows, journal, clock: systemClock });
    const kept = await again.list({ limit: 9 });
    assert.deepEqual(kept, await log.list({ limit: 9 }));
    assert.deepEqual(
      kept.map(({ state }) => state),
      ['refused', 'unreachable'],
    );
  });

  is('resolvers and realms: set, changed, removed, with their lines in the trail', async (_t, { realms }) => {
    const sealed = (name: string, size: number) => {
      return { name, type: 'sqlresolver' as const, config: new Uint8Array(size).fill(255) };
    };
    await realms.setResolver(sealed('b', 3), [AUDIT_LINE]);
    await realms.setResolver(sealed('a', 32_000), []);
    await realms.setResolver(sealed('b', 4), []);
    assert.deepEqual(await realms.resolvers(), [sealed('a', 32_000), sealed('b', 4)]);
    await realms.removeResolver('a', [AUDIT_LINE]);
    assert.deepEqual(await realms.resolvers(), [sealed('b', 4)]);
    const staff = { name: 'staff', resolvers: ['b', 'local'], isDefault: true };
    const guests = { name: 'guests', resolvers: ['local'], isDefault: false };
    await realms.setRealms([staff, guests], [AUDIT_LINE]);
    assert.deepEqual(await realms.realms(), [guests, staff]);
    await realms.setRealms([], []);
    assert.deepEqual(await realms.realms(), []);
  });

  is('small values and administrators', async (_t, { meta, admins }) => {
    assert.equal(await meta.get('a'), undefined);
    await meta.set('a', 'b');
    await meta.set('a', 'c');
    assert.equal(await meta.get('a'), 'c');
    await admins.set('root', 'one', 1);
    await admins.set('root', 'two', 2);
    assert.equal(await admins.hash('root'), 'two');
    assert.equal(await admins.count(), 1);
  });
}
