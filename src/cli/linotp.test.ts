/** The tokens of a LinOTP database, which is made here in LinOTP's form: tables, encryption and all. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { linotpRow } from '../core/linotp/lab.ts';
import { LINOTP_COLUMNS, type LinotpRow } from '../core/linotp/tokens.ts';
import { lab } from './lab.ts';

const SEED = Buffer.from('12345678901234567890').toString('hex');
const KEY = randomBytes(96);

function linotpDatabase(file: string, rows: readonly LinotpRow[]): void {
  const database = new DatabaseSync(file);
  const numbers = LINOTP_COLUMNS.slice(-7);
  const columns = LINOTP_COLUMNS.map((name) => `"${name}" ${numbers.includes(name) ? 'INTEGER' : 'VARCHAR(2000)'}`);
  database.exec(`CREATE TABLE "Token" ("LinOtpTokenId" INTEGER PRIMARY KEY, ${columns.join(', ')});
    CREATE TABLE "Realm" (id INTEGER PRIMARY KEY, name VARCHAR(255), "default" BOOLEAN, option VARCHAR(40));
    CREATE TABLE "TokenRealm" (id INTEGER PRIMARY KEY, token_id INTEGER, realm_id INTEGER);
    INSERT INTO "Realm" (id, name) VALUES (7, 'work'), (8, 'home');`);
  const add = database.prepare(
    `INSERT INTO "Token" (${LINOTP_COLUMNS.join(', ')}) VALUES (${LINOTP_COLUMNS.map(() => '?').join(', ')})`,
  );
  const join = database.prepare('INSERT INTO "TokenRealm" (token_id, realm_id) VALUES (?, ?)');
  for (const { cells, realms } of rows) {
    const { lastInsertRowid } = add.run(...cells);
    for (const realm of realms) join.run(lastInsertRowid, realm === 'work' ? 7 : 8);
  }
  database.close();
}

test('tokens come with owner, realms, counter and PIN; those that cannot are named; again changes nothing', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-linotp-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = (name: string) => join(folder, name);
  writeFileSync(file('encKey'), KEY);
  writeFileSync(file('other'), randomBytes(96));
  writeFileSync(file('short'), randomBytes(31));
  writeFileSync(file('passwd'), 'alice:x:1001:100:Alice Example,,+12025550100,,a@a.example:/:\n');
  writeFileSync(file('config.json'), JSON.stringify({ fileName: file('passwd') }));
  const alice = { LinOtpUserid: '1001', LinOtpIdResClass: 'useridresolver.PasswdIdResolver.IdResolver.myDefRes' };
  const sms = { LinOtpTokenType: 'sms', LinOtpTokenInfo: '{"phone": "+4917", "hashlib": "sha1"}', LinOtpCount: '12' };
  const secret = { seed: SEED, pin: 'geheim' };
  linotpDatabase(file('token.db'), [
    linotpRow(KEY, secret, { LinOtpTokenSerialnumber: 'LSSM1', ...sms, ...alice }, ['work', 'home']),
    linotpRow(KEY, { ...secret, old: true }, { LinOtpTokenSerialnumber: 'OATH1', LinOtpIsactive: '0' }),
    linotpRow(KEY, secret, { LinOtpTokenSerialnumber: 'UBOM1', LinOtpTokenType: 'yubikey' }),
    linotpRow(KEY, secret, { LinOtpTokenSerialnumber: 'LOST1', ...alice, LinOtpUserid: '9' }),
    ...Array.from({ length: 600 }, (_, i) => linotpRow(KEY, secret, { LinOtpTokenSerialnumber: `MANY${i}` })),
  ]);
  const { gatehouse } = lab({ input: [`sqlite:///${file('token.db')}\n`] });
  await gatehouse('resolver', 'set', 'staff', 'passwdresolver', file('config.json'));
  await gatehouse('realm', 'set', 'work', 'staff');
  const import_ = (...args: string[]) => gatehouse('token', 'import-linotp', ...args, '--resolver', 'myDefRes=staff');

  const tried = await import_(file('token.db'), file('encKey'), '--dry-run');
  assert.deepEqual([tried.code, tried.out], [1, '603 of 604 tokens can be taken\n']);
  assert.equal((await gatehouse('token', 'show', 'LSSM1')).code, 5);
  const done = await import_('-', file('encKey'));
  assert.deepEqual([done.code, done.out], [1, '602 added\n']);
  assert.deepEqual(done.err.split('\n'), [
    'UBOM1: tokens of type "yubikey" are not known here [LINOTP_TOKEN]',
    'LOST1: nobody has the id 9 in the resolver staff [USER_UNKNOWN]',
    '2 tokens were not taken [IMPORT_TOKENS]',
    '',
  ]);
  const { token } = JSON.parse((await gatehouse('--json', 'token', 'show', 'LSSM1')).out);
  assert.deepEqual(
    [token.type, token.phone, token.owner.login, token.realms, token.counter, token.active, token.pinSet],
    ['sms', '+4917', 'alice', ['home', 'work'], 12, true, true],
  );
  assert.match((await gatehouse('token', 'list', 'OATH1')).out, / off /);
  assert.equal((await import_(file('token.db'), file('encKey'))).out, '0 added, 602 there already\n');

  assert.match((await import_(file('token.db'), file('other'), '--dry-run')).out, /^0 of 604/);
  for (const [database, key, code] of [
    [file('none.db'), file('encKey'), 'LINOTP_DATABASE'],
    ['oracle://h/d', file('encKey'), 'RESOLVER_CONFIG'],
    [file('encKey'), file('encKey'), 'LINOTP_DATABASE'],
    [file('token.db'), file('nothing'), 'FILE_UNREADABLE'],
    [file('token.db'), file('short'), 'LINOTP_KEY'],
  ] as const) {
    const refused = await import_(database, key, '--dry-run');
    assert.match(refused.err, new RegExp(code));
    assert.notEqual(refused.code, 0);
  }
});
