import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foreignInScript } from './nft-script.ts';

const TABLE = 'inet house';
const judge = (text: string) => foreignInScript(text, TABLE);

test('a script about the table itself is let through', () => {
  for (const text of [
    '',
    '\n',
    'add table inet house\ndelete table inet house\n',
    'table inet house {\n  chain in {\n    type nat hook prerouting priority dstnat - 1; policy accept;\n    log prefix "x: } flush ruleset"\n  }\n}\n',
    'add element inet house in4 { 10.0.0.1 . 02:00:5e:10:00:01 timeout 3ms }\nflush set inet house a\n',
    'add limit inet house r { rate over 5 bytes/second burst 9 bytes ; }',
    'add element inet house m { 10.0.0.1 : "include" };\tdelete chain inet house x',
  ])
    assert.equal(judge(text), undefined, text);
});

test('a command about anything else is not, wherever it hides', () => {
  for (const text of [
    'flush ruleset',
    'flush ruleset inet',
    'list ruleset',
    'delete table inet houses',
    'delete table inet other',
    'delete table ip house',
    'add rule filter input accept',
    'table inet other { }',
    'table house { }',
    'add element inet house x { 1 }; flush ruleset',
    'add element inet house x { 1 } ; flush ruleset',
    'table inet house { }\nflush ruleset',
    'table inet house { } ; flush ruleset',
    'table inet house {\n log prefix "{"\n}\nflush ruleset\n#}',
    'add element inet house x { 1 } \\\n; flush ruleset',
    'define x = inet\nflush ruleset',
    'rename chain inet other a b',
    'destroy\ttable  inet other',
    'inet house',
    '"add table inet house"',
    'flush\rruleset',
  ])
    assert.notEqual(judge(text), undefined, JSON.stringify(text));
});

test('no other file, no variable, nothing that nft might read otherwise than we do', () => {
  for (const text of [
    'include "/etc/shadow"',
    'table inet house { include "/etc/shadow"\n }',
    'table inet house {\n  chain c { include"/x"\n }\n}',
    "table inet house {\n  chain c { log prefix 'a\n}' }\n}",
    'table inet house { # }\n }',
    'add element inet house x { $other }',
    'table inet house {',
    'table inet house { } }',
    'table inet house { log prefix "a\nb" }',
    'add table inet house\0',
    'table inet house { log prefix "',
  ])
    assert.notEqual(judge(text), undefined, JSON.stringify(text));
});
