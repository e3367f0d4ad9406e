import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { silentLog } from '../../../platform/log.ts';
import { parsePasswd } from './parse.ts';
import { passwdResolver } from './source.ts';

const ALICE =
  'alice:$1$abcdefgh$6qENbeetgn0exf.OCTQaP0:1001:100:Alice B. Ünal,Room 7,+12025550100,555-0101,alice@a.example:/home/alice:/bin/sh';

function parse(text: string | Buffer) {
  return parsePasswd(Buffer.from(text), 'f');
}

async function lab(t: TestContext, text: string) {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-passwd-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'passwd');
  writeFileSync(path, text);
  const source = await passwdResolver.open({ fileName: path }, { name: 'staff', log: silentLog });
  return { path, source, folder };
}

test('the fields of gecos are those that LinOTP reads', () => {
  const { byLogin, byId, faults } = parse(`# staff\n\n${ALICE}\nbob:x:1002:100:Bob\nshort:x:1003\n`);
  assert.deepEqual(byLogin.get('alice')?.record, {
    id: '1001',
    login: 'alice',
    attributes: {
      username: 'alice',
      userid: '1001',
      description: 'Alice B. Ünal,Room 7,+12025550100,555-0101,alice@a.example',
      givenname: 'Alice',
      surname: 'B. Ünal',
      email: 'alice@a.example',
      mobile: '+12025550100',
      phone: '555-0101',
    },
  });
  assert.deepEqual(byId.get('1002')?.record.attributes, {
    username: 'bob',
    userid: '1002',
    description: 'Bob',
    givenname: 'Bob',
  });
  assert.equal(byLogin.has('short'), true);
  assert.deepEqual(faults, []);
});

test('lines that cannot be taken are named by place, without what stands in them', () => {
  const lines = [
    ALICE,
    'alice:secrethash:7:',
    'twin:x:1001:',
    'broken',
    '+::::::',
    'a b:x:8:',
    `long:${'x'.repeat(5000)}:9:`,
  ];
  const { byLogin, faults } = parse(lines.join('\n'));
  assert.deepEqual([...byLogin.keys()], ['alice']);
  assert.deepEqual(faults, [
    'f:2: the login has been there before',
    'f:3: the uid is that of alice already',
    'f:4: login:hash:uid:… is expected',
    'f:5: login:hash:uid:… is expected',
    'f:6: the login has blanks or control characters',
    'f:7: longer than 4096 bytes',
  ]);
});

test('a line that is not UTF-8 is Latin-1', () => {
  const { byLogin } = parse(Buffer.from('bob:x:1:1:J\u00f6rg Z\n', 'latin1'));
  assert.equal(byLogin.get('bob')?.record.attributes.givenname, 'Jörg');
});

test('a password is checked against its hash; a changed file is read again', async (t) => {
  const { path, source, folder } = await lab(t, `${ALICE}\nbob:x:1002:1:\n`);
  assert.equal(await source.checkPassword('1001', 'pässword'), true);
  assert.equal(await source.checkPassword('1001', 'password'), false);
  assert.equal(await source.checkPassword('1002', 'x'), false, 'a shadowed password fits nothing');
  assert.equal(await source.checkPassword('1003', 'x'), false);
  const page = await source.search({ username: 'A*', mobile: '*0100' }, 10);
  assert.deepEqual([page.records.map(({ login }) => login), page.more], [['alice'], false]);
  assert.equal((await source.search({}, 1)).more, true);
  writeFileSync(join(folder, 'next'), 'carol:x:1004:1:\nbroken\n');
  renameSync(join(folder, 'next'), path);
  assert.deepEqual(
    (await source.byLogin(['alice', 'carol'])).map((one) => one?.id),
    [undefined, '1004'],
  );
  assert.deepEqual(source.notes?.(), [`${path}:2: login:hash:uid:… is expected`]);
});

test('a file that cannot be read is an unavailable source, and a relative path none', async (t) => {
  const { path, source } = await lab(t, ALICE);
  rmSync(path);
  await assert.rejects(source.byLogin(['alice']), { code: 'RESOLVER_UNAVAILABLE', message: /no such file/ });
  const folder = await passwdResolver.open({ fileName: tmpdir() }, { name: 'staff', log: silentLog });
  await assert.rejects(folder.byId(['1']), { code: 'RESOLVER_UNAVAILABLE', message: /no regular file/ });
  for (const config of [{}, { fileName: '' }, { fileName: 'passwd' }, { fileName: '/a', other: 1 }])
    assert.throws(() => passwdResolver.check(config), { code: 'RESOLVER_CONFIG' });
});
