import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { lab } from './lab.ts';

function bookLab(t: TestContext, input: string[] = []) {
  const data = mkdtempSync(join(tmpdir(), 'gatehouse-dial-'));
  t.after(() => rmSync(data, { recursive: true }));
  const { gatehouse } = lab({ input });
  const dial = (...words: string[]) => gatehouse('--data', data, 'dial', ...words);
  return { dial, file: join(data, 'dial', 'accounts.yaml') };
}

test('an account and its script are made, changed, shown and removed; the password is shown nowhere', async (t) => {
  const { dial, file } = bookLab(t, ['geheim\n']);
  assert.equal((await dial('account', 'list')).out, 'no accounts\n');
  assert.equal((await dial('modem', 'add', 'm1', 'device=/dev/ttyS9', 'dial=AT&C0S0=1DT')).code, 0);
  const added = await dial('account', 'add', 'office', 'numbers=1001:1002', 'user=userxyz', '--password-stdin');
  assert.equal(added.out, 'added office; its script: gatehouse dial script office add Expect ogin:\n');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.match(readFileSync(file, 'utf8'), /password: geheim/);
  for (const line of ['Expect ogin:', 'Expect assword:', 'Password', 'Expect >'])
    assert.equal((await dial('script', 'office', 'add', ...line.split(' '))).code, 0);
  assert.equal((await dial('script', 'office', 'insert', '2', 'ID')).code, 0);
  const removed = await dial('script', 'office', 'remove', '4');
  assert.equal(removed.out, '  1  Expect ogin:\n  2  ID\n  3  Expect assword:\n  4  Expect >\n');
  assert.match(removed.err, /script:4:1: warning: after `Expect assword:` nothing is sent/);
  assert.equal((await dial('account', 'edit', 'office', 'user=', 'redials=2')).code, 0);
  const shown = await dial('account', 'show', 'office');
  assert.match(shown.out, /^numbers +1001 \| 1002$/m);
  assert.match(shown.out, /^password +\*\*\*$/m);
  assert.doesNotMatch(shown.out, /user|geheim/);
  assert.match((await dial('account', 'list')).out, /^office +1001, 1002 +- +- +none$/m);
  assert.equal((await dial('account', 'remove', 'office')).code, 0);
  assert.equal((await dial('account', 'list')).out, 'no accounts\n');
});

test('`--check` shows what a call would do; the dial string of the handbook is taken for what it is', async (t) => {
  const { dial } = bookLab(t);
  await dial('modem', 'add', 'm1', 'device=/dev/ttyS9', 'dial=AT&C0S0=1DT', 'line_end=CR/LF');
  await dial('account', 'add', 'office', 'numbers=1001', 'dial_prefix=0,', 'pppd=noauth lcp-echo-interval 30');
  await dial('script', 'office', 'add', 'Expect', 'ogin:');
  const { out, code } = await dial('--check', 'office');
  assert.equal(code, 0);
  assert.match(out, /^line +\/dev\/ttyS9, 57600 bit\/s, flow control hardware$/m);
  assert.match(out, /^dial +AT&C0S0=1DT0,1001$/m);
  assert.match(out, /^line 1 +Expect ogin:$/m);
  assert.match(out, /^line end +CR\/LF \(0d 0a\)$/m);
  assert.match(out, /^call back +the line may be lost; the modem answers by itself within 180 s$/m);
  assert.match(out, /^then +pppd 57600 -detach crtscts defaultroute usepeerdns noauth lcp-echo-interval 30$/m);
  await dial('account', 'add', 'empty');
  const empty = await dial('--check', 'empty', '--device', '/dev/null');
  assert.equal(empty.code, 7);
  assert.match(empty.err, /account empty: error: there is no number to dial \[DIAL_NO_NUMBER\]/);
});

test('what is wrong is one line with a cure, and changes nothing', async (t) => {
  const { dial, file } = bookLab(t);
  await dial('account', 'add', 'office', 'numbers=1001');
  const before = readFileSync(file, 'utf8');
  const wrong: [words: string[], code: number, said: RegExp][] = [
    [['offce'], 5, /there is no account offce \[DIAL_ACCOUNT_UNKNOWN\]\n {2}did you mean `office`\?/],
    [['office'], 2, /not said which modem office dials with \[DIAL_NO_MODEM\]/],
    [['account', 'add', 'office'], 6, /DIAL_ACCOUNT_EXISTS/],
    [['account', 'add', 'a/b'], 2, /DIAL_ACCOUNT_NAME/],
    [['account', 'add', 'script'], 2, /DIAL_ACCOUNT_NAME/],
    [['account', 'add', 'x', 'nummers=1'], 2, /no setting `nummers` \[.*\]\n {2}did you mean `numbers`/],
    [['account', 'add', 'x', 'redials=many'], 2, /redials: must be a whole number from 0 to 100, but it is `many`/],
    [['account', 'add', 'x', `password=${'s'.repeat(300)}`], 2, /but it is something else/],
    [['modem', 'show', 'm1'], 5, /DIAL_ACCOUNT_UNKNOWN/],
    [
      ['script', 'office', 'add', 'Exspect', 'x'],
      3,
      /script:1:1: error: `Exspect` is no command.*did you mean `Expect`\?/s,
    ],
    [['script', 'office', 'insert', '3', 'ID'], 2, /line: must be a whole number from 1 to 1/],
    [['script', 'office', 'turn'], 2, /cannot be told to `turn`/],
    [['account', 'import', '/dev/null'], 2, /DIAL_IMPORT/],
  ];
  for (const [words, code, said] of wrong) {
    const spoken = await dial(...words);
    assert.equal(spoken.code, code, words.join(' '));
    assert.match(spoken.err, said);
  }
  assert.equal(readFileSync(file, 'utf8'), before);
});

test('a file of accounts that was written by hand: comments stay, faults have places, others may not read it', async (t) => {
  const { dial, file } = bookLab(t);
  await dial('account', 'add', 'office', 'numbers=1001');
  writeFileSync(file, `# mine\n${readFileSync(file, 'utf8')}`);
  await dial('account', 'edit', 'office', 'user=me');
  assert.match(readFileSync(file, 'utf8'), /^# mine\naccounts:\n {2}office:/);
  writeFileSync(file, 'accounts:\n  office:\n    numbrs: [1]\n');
  const faulty = await dial('account', 'list');
  assert.equal(faulty.code, 3);
  assert.match(faulty.err, /accounts\.yaml:3:5: error: `accounts\.office\.numbrs` is unknown/);
  chmodSync(file, 0o644);
  assert.match((await dial('account', 'list')).err, /others can read it \[DIAL_FILE_MODE\]\n {2}run: chmod 600/);
});

test('what is imported can be dialled at once', async (t) => {
  const { dial } = bookLab(t);
  const imported = await dial('account', 'import', join(import.meta.dirname, '../../examples/dial/kppprc'));
  assert.equal(imported.code, 0);
  assert.match(imported.out, /^modem modem0\naccount office;/);
  assert.match(imported.err, /warning: `AT&SO=1`: after S stands the letter O/);
  assert.match((await dial('--check', 'office')).err, /office\.rst: .*DIAL_TARIFF/);
  assert.equal((await dial('account', 'edit', 'office', 'tariff=')).code, 0);
  assert.equal((await dial('--check', 'office')).code, 0);
  assert.equal((await dial('account', 'import', join(import.meta.dirname, '../../examples/dial/kppprc'))).code, 6);
});

test('rules for costs: what is wrong with them, all at once, or what three minutes cost', async (t) => {
  const { dial, file } = bookLab(t);
  const rules = join(dirname(dirname(file)), 'office.rst');
  writeFileSync(rules, 'name=Office\ncurrency_symbol=EUR\ndefault=(0.12,60)\n');
  const good = await dial('rules', 'check', rules);
  assert.deepEqual([good.code, good.out], [0, 'Office: a call of 3 minutes that begins now costs 0.36 EUR\n']);
  assert.equal(JSON.parse((await dial('rules', 'check', rules, '--json')).out).costs, 0.36);
  writeFileSync(rules, 'name=Office\ndefault=(0.12)\non(blursday)between(0:00..1:00)use(1,1)\n');
  const bad = await dial('rules', 'check', rules);
  assert.equal(bad.code, 7);
  assert.match(bad.out, /office\.rst:2:1: error: default wants .*\n.*office\.rst:3:1: error: `blursday` is no day/);
  assert.equal((await dial('rules', 'check', `${rules}.none`)).code, 2);
});
