import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readStatement } from './statement.ts';

/** The statement, and for each `?` what makes its value. */
function read(text: string) {
  const statement = readStatement(text);
  if (typeof statement === 'string') return statement;
  const holes = statement.holes.map(
    ({ parts, quoted }) => (quoted ? 'text ' : '') + parts.map((part) => part.text).join(''),
  );
  return [statement.sql, ...holes];
}

for (const [text, sql, ...holes] of [
  ["select a from t where u='$fU'", 'select a from t where u=? LIMIT 64', 'text $fU'],
  ['SELECT a FROM t WHERE i=$avp(i:5) limit 2', 'SELECT a FROM t WHERE i=? limit 2', '$avp(i:5)'],
  [
    "select a from t where u like '%$(ru{uri.user})_%'",
    'select a from t where u like ? LIMIT 64',
    'text %$(ru{uri.user})_%',
  ],
  ['select "a" from `t` where u="$rU"', 'select "a" from `t` where u=? LIMIT 64', 'text $rU'],
  ["delete from t where a='it''s' and b='x$ft''y'", "delete from t where a='it''s' and b=?", "text x$ft'y"],
  ["insert into t (a, b) values ('$ci', '?');", 'insert into t (a, b) values (?, ?)', 'text $ci', 'text ?'],
  ["select a from t where p='$$5' for update", "select a from t where p='$5' for update"],
  ["update t set a='--#;/*' where b=$rs", "update t set a='--#;/*' where b=?", '$rs'],
  [' replace into t values (1)', ' replace into t values (1)'],
] as [string, string, ...string[]][]) {
  test(`${text}: the message gives values alone`, () => {
    assert.deepEqual(read(text), [sql, ...holes]);
  });
}

for (const [text, complaint] of [
  ['drop table subscriber', /must begin with SELECT/],
  ['$avp(s:statement)', /must begin with SELECT/],
  ["select a from t; delete from t where ''=''", /one statement at a time/],
  ["select a from t where u='$fU' -- and d='$fd'", /comment/],
  ["select a from t where u='$fU' /* '$fd' */", /comment/],
  ["select a from t where u='$fU' # '$fd'", /comment/],
  ['select a from t where u=?', /a `\?`/],
  ["select a from t where u='\\\\$fU'", /backslash/],
  ["select a from t where u='$fU", /not closed/],
  ['select a from `$avp(s:table)`', /in a name/],
  ['select password from gh_user', /Gatehouse's own/],
] as const) {
  test(`${text}: refused`, () => {
    assert.match(String(read(text)), complaint);
  });
}
