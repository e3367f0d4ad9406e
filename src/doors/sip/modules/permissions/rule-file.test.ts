import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readRuleFile } from './rule-file.ts';

function file(t: TestContext, text: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'gatehouse-rules-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'rules');
  writeFileSync(path, text);
  return path;
}

const LOCAL = 'sip:1000@example.com';
const ABROAD = 'sip:0049@gw.example';

for (const [rule, left, right, expected] of [
  ['ALL : ALL', LOCAL, ABROAD, true],
  ['all:all', LOCAL, ABROAD, true],
  ['"^sip:10" : "^sip:00"', LOCAL, ABROAD, true],
  ['"^SIP:10" : "^sip:00"', LOCAL, ABROAD, true],
  ['"^sip:10" : "^sip:11"', LOCAL, ABROAD, false],
  ['"^sip:11" : ALL', LOCAL, ABROAD, false],
  ['"^sip:11", "^sip:10" : "x", "gw" # comment', LOCAL, ABROAD, true],
  ['ALL EXCEPT "1000" : ALL', LOCAL, ABROAD, false],
  ['ALL EXCEPT "1001" , "1002" : ALL EXCEPT "^sip:0900"', LOCAL, ABROAD, true],
  ['ALL : ALL EXCEPT "^sip:\\+", "^sip:00"', LOCAL, ABROAD, false],
  ['"^sip:1000@example\\.com$" : "#@:,"', LOCAL, 'x#@:,y', true],
  ['# ALL : ALL\n\n  \t\r\n"^sip:1" : ALL\r\n', LOCAL, ABROAD, true],
  ['', LOCAL, ABROAD, false],
] as const) {
  test(`${JSON.stringify(rule)}: ${expected}`, (t) => {
    assert.equal(readRuleFile(file(t, rule)).matches(left, right), expected);
  });
}

for (const [rule, place, message] of [
  ['ALL : ALL\n"a" "b" : ALL', 2, /commas/],
  ['"a"', 1, /no `:`/],
  ['ALL :', 1, /commas/],
  ['"a", : ALL', 1, /commas/],
  ['ALL : ALL EXCEPT', 1, /commas/],
  ['ALL : ALL : ALL', 1, /commas/],
  ['^sip: : ALL', 1, /from character 1 on/],
  ['"open : ALL', 1, /from character 1 on/],
  ['ALLES : ALL', 1, /from character 1 on/],
  ['"(" : ALL', 1, /no regular expression/],
] as const) {
  test(`${JSON.stringify(rule)} is refused with its line`, (t) => {
    const path = file(t, rule);
    assert.throws(() => readRuleFile(path), { code: 'SIP_PERMISSIONS', where: `${path}:${place}`, message });
  });
}

test('a file that is not there is empty, one that cannot be read is refused', (t) => {
  const path = file(t, '');
  assert.equal(readRuleFile(`${path}.none`).matches(LOCAL, ABROAD), false);
  mkdirSync(`${path}.folder`);
  assert.throws(() => readRuleFile(`${path}.folder`), { code: 'SIP_PERMISSIONS' });
});
