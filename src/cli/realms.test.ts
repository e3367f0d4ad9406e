import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { lab } from './lab.ts';

test('a resolver is set, tried, put in a realm and removed', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-realms-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [passwd, config] = [join(folder, 'passwd'), join(folder, 'config.json')];
  writeFileSync(passwd, 'alice:x:1001:100:Alice Example,,+12025550100,,a@a.example:/:\nbroken\n');
  writeFileSync(config, JSON.stringify({ fileName: passwd }));
  const { gatehouse } = lab();
  const gone = join(folder, 'gone.json');
  writeFileSync(gone, JSON.stringify({ fileName: join(folder, 'gone') }));
  const refused = await gatehouse('resolver', 'set', 'lost', 'passwdresolver', gone, '--test');
  assert.notEqual(refused.code, 0);
  assert.doesNotMatch((await gatehouse('resolver', 'list')).out, /lost/);
  assert.equal((await gatehouse('resolver', 'set', 'lost', 'passwdresolver', config, '--test')).code, 0);
  assert.equal((await gatehouse('resolver', 'rm', 'lost')).code, 0);
  assert.equal((await gatehouse('realm', 'list')).out, 'NAME   RESOLVERS\nlocal  local      default\n');
  assert.equal(
    (await gatehouse('resolver', 'set', 'staff', 'passwdresolver', config)).out,
    'set staff; try it: gatehouse resolver test staff\n',
  );
  assert.deepEqual(await gatehouse('resolver', 'test', 'staff'), {
    code: 0,
    out: 'LOGIN  ID    NAME           MOBILE        EMAIL\nalice  1001  Alice Example  +12025550100  a@a.example\n',
    err: `${passwd}:2: login:hash:uid:… is expected\n`,
  });
  assert.equal((await gatehouse('realm', 'set', 'Work', 'staff', 'local')).out, 'set work\n');
  assert.match((await gatehouse('realm', 'list')).out, /^work +staff, local +default$/m);
  assert.match((await gatehouse('resolver', 'list')).out, /^staff +passwdresolver +work\nlocal +built in +work$/m);
  assert.deepEqual(JSON.parse((await gatehouse('resolver', 'show', 'staff')).out), { fileName: passwd });
  assert.equal((await gatehouse('resolver', 'rm', 'staff')).code, 2);
  assert.equal((await gatehouse('realm', 'default')).out, 'there is no default realm\n');
  assert.equal((await gatehouse('realm', 'default', 'work')).out, 'work is the default realm\n');
  assert.equal((await gatehouse('realm', 'rm', 'work')).out, 'removed work\n');
  assert.equal((await gatehouse('resolver', 'rm', 'staff')).out, 'removed staff\n');
  assert.equal((await gatehouse('resolver', 'show', 'staff')).code, 5);
  assert.equal((await gatehouse('realm', 'rm', 'work')).code, 5);
  assert.equal((await gatehouse('resolver', 'set', 'staff', 'passwd', config)).code, 2);
});
