import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseDatabases, databaseName } from './choose.ts';

const fallback = 'sqlite:/data/gatehouse.db';
const ser = 'mysql://ser:heslo@localhost/ser';
const at = (url: string, line: number) => ({ url, where: `ser.cfg:${line}:1` });

const cases = [
  { configured: undefined, script: [], main: fallback, attached: undefined },
  { configured: undefined, script: [at(ser, 7), at(ser, 8)], main: ser, attached: undefined },
  { configured: 'sqlite:/x.db', script: [], main: 'sqlite:/x.db', attached: undefined },
  { configured: 'sqlite:/x.db', script: [at(ser, 7)], main: 'sqlite:/x.db', attached: ser },
  { configured: ser, script: [at(ser, 7)], main: ser, attached: undefined },
];

for (const { configured, script, main, attached } of cases) {
  test(`gatehouse.yaml ${configured ?? 'none'}, ser.cfg ${script[0]?.url ?? 'none'}: main ${main}, attached ${attached}`, () => {
    const choice = chooseDatabases({ configured, script, fallback });
    assert.equal(choice.main, main);
    assert.equal(choice.attached, attached);
    assert.equal(databaseName(choice, ''), 'main');
    assert.equal(databaseName(choice, attached ?? main), attached ? 'attached' : 'main');
  });
}

test('modules that name different databases are refused, with both places', () => {
  assert.throws(() => chooseDatabases({ configured: undefined, script: [at(ser, 7), at(`${ser}2`, 9)], fallback }), {
    code: 'SER_DB_URLS_DIFFER',
    where: 'ser.cfg:9:1',
    hint: /ser\.cfg:7:1/,
  });
});
