import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Decision } from '../main.ts';
import { GatehouseError } from '../platform/errors.ts';
import type { Problem } from '../platform/problems.ts';
import { ProblemsError } from '../platform/problems.ts';
import { documentedErrors } from './commands/errors.ts';
import { lab } from './lab.ts';

test('a user is added, shown, listed and removed', async () => {
  const { gatehouse, administration } = lab();
  assert.deepEqual(await gatehouse('user', 'add', '1000', 'pw', '--email', 'a@b.example'), {
    code: 0,
    out: 'added 1000\n',
    err: '',
  });
  assert.equal(administration.users.get('1000')?.password, 'pw');
  assert.match((await gatehouse('user', 'show', '1000')).out, /^login +1000\nemail +a@b\.example$/m);
  assert.match(
    (await gatehouse('user', 'list', '10')).out,
    /^LOGIN +EMAIL +MOBILE +SOURCE\n1000 +a@b\.example +- +local\n$/,
  );
  assert.equal((await gatehouse('user', 'set', '1000', '--mobile', '+12025550100')).out, 'changed 1000\n');
  assert.match((await gatehouse('user', 'show', '1000')).out, /^mobile +\+12025550100$/m);
  assert.equal((await gatehouse('user', 'set', '1000')).code, 2);
  assert.equal((await gatehouse('user', 'rm', '1000')).out, 'removed 1000\n');
  assert.equal((await gatehouse('user', 'list')).out, 'no users\n');
});

test('exit codes tell what kind of failure it was', async () => {
  const { gatehouse } = lab();
  await gatehouse('user', 'add', '1000', 'pw');
  assert.equal((await gatehouse('user', 'add', '1000', 'pw')).code, 6);
  assert.equal((await gatehouse('user', 'show', '1001')).code, 5);
  assert.equal((await gatehouse('user', 'add', 'a b', 'pw')).code, 2);
  assert.equal((await gatehouse('kick', '1000')).code, 5);
  assert.equal((await gatehouse('user', 'add', '1001')).code, 2); // no terminal to ask at
  assert.equal((await gatehouse('usr')).code, 2);
  assert.equal((await gatehouse('user', 'show')).code, 2);
  assert.equal((await gatehouse('user', 'list', '--limit', 'x')).code, 2);
  assert.equal((await gatehouse('--help')).code, 0);
  const away = lab({
    onOpen: () => {
      throw new GatehouseError('STORAGE_UNAVAILABLE', 'away');
    },
  });
  assert.equal((await away.gatehouse('who')).code, 4);
  const broken = lab({
    onOpen: () => {
      throw new ProblemsError('CONFIG_INVALID', [problem]);
    },
  });
  assert.deepEqual(await broken.gatehouse('who'), {
    code: 3,
    out: '',
    err: 'g.yaml:2:3: error: `a` is unknown [CONFIG_UNKNOWN]\n',
  });
});

test('reload says what is in force, what waits, and all that is wrong with the files', async () => {
  const { gatehouse, administration } = lab();
  const report = {
    files: ['g.yaml', 'ser.cfg'],
    changed: ['ser.cfg', 'log.level'],
    waiting: [{ what: 'sip.listen', where: 'g.yaml:3:5' }, { what: 'TLS' }],
    problems: [],
  };
  administration.reload = async () => report;
  assert.deepEqual(await gatehouse('reload'), {
    code: 0,
    out:
      'read again: g.yaml, ser.cfg, certificates\nin force now: ser.cfg, log.level\n' +
      'at the next start: sip.listen (g.yaml:3:5)\nat the next start: TLS\n',
    err: '',
  });
  assert.deepEqual(JSON.parse((await gatehouse('reload', '--json')).out), { version: 1, ...report });
  administration.reload = () => Promise.reject(new ProblemsError('CONFIG_INVALID', [problem, { ...problem, line: 9 }]));
  assert.deepEqual(await gatehouse('reload'), {
    code: 3,
    out: '',
    err:
      'g.yaml:2:3: error: `a` is unknown [CONFIG_UNKNOWN]\ng.yaml:9:3: error: `a` is unknown [CONFIG_UNKNOWN]\n' +
      'nothing was changed: the server goes on with what it had\n',
  });
  const other = await gatehouse('reload', '--ser-cfg', 'other.cfg');
  assert.deepEqual([other.code, /reload takes no --ser-cfg/.test(other.err)], [2, true], other.err);
  const { code, err } = await gatehouse('reload', '--json');
  assert.deepEqual([code, JSON.parse(err).error.problems.length], [3, 2]);
  administration.reload = () => Promise.reject(new GatehouseError('SERVER_NOT_RUNNING', 'the server does not run'));
  assert.deepEqual(await gatehouse('reload'), {
    code: 4,
    out: '',
    err: 'error: the server does not run [SERVER_NOT_RUNNING]\n',
  });
});

const problem: Problem = {
  severity: 'error',
  code: 'CONFIG_UNKNOWN',
  file: 'g.yaml',
  line: 2,
  column: 3,
  message: '`a` is unknown',
};

test('an unexpected error is one line; its stack only on demand', async () => {
  const onOpen = () => {
    throw new TypeError('x is not a function');
  };
  const plain = await lab({ onOpen }).gatehouse('who');
  assert.equal(plain.code, 1);
  assert.equal(plain.err, 'unexpected error: x is not a function\n  for details run it again with GATEHOUSE_DEBUG=1\n');
  assert.match((await lab({ onOpen, environment: { GATEHOUSE_DEBUG: '1' } }).gatehouse('who')).err, /run\.test\.ts/);
});

test('--json answers and fails with one versioned document, wherever it stands', async () => {
  const { gatehouse } = lab();
  const added = await gatehouse('user', 'add', '1000', 'pw', '--json');
  assert.deepEqual(JSON.parse(added.out), {
    version: 1,
    user: {
      id: '000001',
      logins: ['1000'],
      email: '',
      mobile: '',
      rpid: '',
      locked: false,
      created: null,
      source: 'local',
    },
  });
  const again = await gatehouse('--json', 'user', 'add', '1000', 'pw');
  assert.equal(again.out, '');
  const error = { code: 'USER_EXISTS', message: '1000 is there already', hint: 'choose another' };
  assert.deepEqual(JSON.parse(again.err), { version: 1, error });
  assert.deepEqual(JSON.parse((await gatehouse('user', 'export', '--json')).out).users.length, 1);
  for (const wrong of [['frob'], ['who', '--frob'], ['user', 'add'], ['user'], []]) {
    const { code, out, err } = await gatehouse('--json', ...wrong);
    assert.deepEqual([code, out, JSON.parse(err).error.code], [2, '', 'COMMAND_LINE'], wrong.join(' '));
  }
});

test('commands that only ask open the administration for reading', async () => {
  const { gatehouse, serctl, readings } = lab();
  const asking = ['who', 'status', 'kick x', 'user list', 'user show x', 'user export', 'audit verify', 'audit list'];
  for (const command of asking) await gatehouse(...command.split(' '));
  for (const command of ['ul show', 'alias show x', 'online', 'moni 1']) await serctl(...command.split(' '));
  assert.deepEqual(readings.splice(0), Array(asking.length + 4).fill(true));
  await gatehouse('user', 'add', 'x', 'y');
  await serctl('ul', 'add', 'x', 'sip:x@y');
  assert.deepEqual(readings, [false, false]);
});

test('the password of an administrator comes from standard input; the first one is meant unless named', async () => {
  const { gatehouse, administration } = lab({ input: ['long enough\n'] });
  assert.equal((await gatehouse('admin', 'passwd', '--password-stdin')).out, 'password of administrator admin set\n');
  assert.deepEqual([...administration.adminPasswords], [['admin', 'long enough']]);
  assert.equal((await lab({ input: ['short\n'] }).gatehouse('admin', 'passwd', 'x', '--password-stdin')).code, 2);
});

test('main gets data directory and files', async () => {
  const { gatehouse, asked } = lab();
  await gatehouse('--data', '/tmp/d', 'who', '--config', 'c.yaml', '--ser-cfg', 's.cfg');
  const { environment: _, ...options } = asked[0]!;
  assert.deepEqual(options, { dataDir: '/tmp/d', configFile: 'c.yaml', serCfg: 's.cfg' });
});

test('a password comes from standard input, or is asked for twice without being shown', async () => {
  const piped = lab({ input: ['gehei', 'm\nrest'] });
  await piped.gatehouse('user', 'add', '1000', '--password-stdin');
  assert.equal(piped.administration.users.get('1000')?.password, 'geheim');

  const typed = lab({ terminal: true, input: ['gx\x7feheim\r', 'wrong\x15geheim\r'] });
  const spoken = await typed.gatehouse('user', 'add', '1000');
  assert.equal(typed.administration.users.get('1000')?.password, 'geheim');
  assert.equal(spoken.err, 'Password: \nOnce more: \n');

  const differing = lab({ terminal: true, input: ['a\rb\r'] });
  assert.match((await differing.gatehouse('user', 'add', '1000')).err, /PASSWORD_MISMATCH/);
  assert.equal(differing.administration.users.size, 0);
  assert.equal((await lab({ terminal: true, input: ['ab\x03'] }).gatehouse('user', 'add', '1000')).code, 130);
});

test('an import names bad lines, counts what was there, and writes whole pieces', async () => {
  const lines = ['login,password,email', '1000,a,', '"10""01","b,c",x@y.example', '1002', 'a b,pw', '1003,"unclosed'];
  const { gatehouse, administration } = lab({ input: [lines.join('\r\n')] });
  administration.users.set('1000', {
    id: '0',
    logins: ['1000'],
    email: '',
    mobile: '',
    rpid: '',
    locked: false,
    created: null,
    source: 'local',
    password: 'old',
  });
  const spoken = await gatehouse('user', 'import', '-');
  assert.equal(spoken.code, 1);
  assert.equal(spoken.out, '1 added, 1 there already (1000)\n');
  assert.deepEqual(spoken.err.split('\n'), [
    'standard input:4: the password is missing',
    'standard input:6: the quote is never closed',
    'standard input:5: a login holds no blanks',
    '3 lines were not taken [IMPORT_LINES]',
    '',
  ]);
  assert.equal(administration.users.get('10"01')?.password, 'b,c');
  assert.equal(administration.users.get('1000')?.password, 'old');
});

test('a large import passes in pieces, an export gives the logins back', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-import-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'users.csv');
  writeFileSync(file, Array.from({ length: 1201 }, (_, i) => `u${i},p${i}\n`).join(''));
  const { gatehouse, administration } = lab();
  const sizes: number[] = [];
  const { importUsers } = administration;
  administration.importUsers = (users) => {
    sizes.push(users.length);
    return importUsers(users);
  };
  assert.equal((await gatehouse('user', 'import', file, '--dry-run')).out, '1201 lines are good\n');
  assert.equal((await gatehouse('user', 'import', file)).out, '1201 added\n');
  assert.deepEqual(sizes, [500, 500, 201]);
  const exported = (await gatehouse('user', 'export')).out.trimEnd().split('\n');
  assert.deepEqual([exported.length, exported[0], exported[1201]], [1202, 'login,email,locked,mobile', 'u1200,,no,']);
  assert.equal((await gatehouse('user', 'import', join(folder, 'absent'))).code, 2);
});

test('who shows sessions safely, kick ends them', async () => {
  const { gatehouse, administration } = lab();
  const session = {
    session: 'sip:1',
    door: 'sip',
    user: '1000',
    client: '192.0.2.1',
    started: Date.now() - 60_000,
    expires: 0,
  };
  administration.sessions.push({ ...session, detail: { agent: 'evil\x1b[2J' } });
  const lines = (await gatehouse('who', '1000')).out.split('\n');
  assert.match(lines[1]!, /^1000 +sip +192\.0\.2\.1 +60 s +never +- +- +sip:1 +evil·\[2J$/);
  assert.equal((await gatehouse('kick', '1000')).out, '1 session ended\n');
  assert.equal((await gatehouse('who')).out, 'nobody is in\n');
});

test('check prints problems and decisions; errors end with 7, warnings with 0', async () => {
  const decisions: Decision[] = [
    { what: 'dialect', value: 'ser', group: 'main' },
    { what: 'port', value: '5070', effect: 'used', where: 'ser.cfg:3', group: 'script' },
    { what: 'tm.fr_timer', value: '30', effect: 'seconds', group: 'script' },
  ];
  const faulty = lab({ report: { file: 'ser.cfg', problems: [problem], decisions } });
  const spoken = await faulty.gatehouse('check', 'ser.cfg');
  assert.equal(spoken.code, 7);
  assert.equal(
    spoken.out,
    [
      'g.yaml:2:3: error: `a` is unknown [CONFIG_UNKNOWN]',
      'Decided\n  dialect  ser',
      'Set in the script\n  port  5070  (line 3: used)',
      '1 more have their defaults; see --all',
      'ser.cfg: 1 error\n',
    ].join('\n\n'),
  );
  assert.match(
    (await faulty.gatehouse('check', '--all')).out,
    /At their defaults\n {2}tm\.fr_timer {2}30 {2}\(seconds\)/,
  );
  const warned = lab({ report: { file: 'ser.cfg', problems: [{ ...problem, severity: 'warning' }], decisions } });
  assert.equal((await warned.gatehouse('check')).code, 0);
});

test('a broken audit trail ends with 7', async () => {
  const { gatehouse, administration } = lab();
  assert.deepEqual(await gatehouse('audit', 'verify'), {
    code: 0,
    out: 'the audit trail is whole: 3 lines in 1 segment\n',
    err: '',
  });
  administration.faults = [{ file: 'a.log', line: 2, fault: 'was changed' }];
  const broken = await gatehouse('audit', 'verify');
  assert.equal(broken.code, 7);
  assert.match(broken.out, /^a\.log:2: was changed$/m);
});

test('the audit trail is listed in its order, and a line that was changed says so', async () => {
  const { gatehouse, administration } = lab();
  assert.deepEqual(await gatehouse('audit', 'list'), { code: 0, out: 'no lines\n', err: '' });
  const entry = (sequence: number, event: string, genuine: boolean, more = {}) => ({
    sequence,
    fields: { time: '2026-11-22T08:00:00.000Z', event, door: 'sip', user: '1000', client: '192.0.2.1', ...more },
    genuine,
  });
  administration.audit.push(entry(2, 'refused', false, { reason: 'locked' }), entry(1, 'opened', true));
  const { out } = await gatehouse('audit', 'list', '1000', '--limit', '2');
  assert.match(out, /opened +sip +1000 +192\.0\.2\.1\n.*refused +sip +1000 +192\.0\.2\.1 +reason=locked DAMAGED: see/);
  assert.equal((await gatehouse('audit', 'list', '--limit', '0')).code, 2);
});

test('error codes are read from the documentation', () => {
  const text = '| Code | Meaning |\n|---|---|\n| `USER_EXISTS` | it is there |\n| BAD_LOGIN | no |\n';
  assert.deepEqual(documentedErrors(text), [
    { code: 'USER_EXISTS', meaning: 'it is there' },
    { code: 'BAD_LOGIN', meaning: 'no' },
  ]);
});

test('trace shows lines, what would be sent, and the verdict; modules lists and finds', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-trace-'));
  const script = join(folder, 'ser.cfg');
  const message = join(folder, 'message');
  const head =
    'OPTIONS sip:a@b SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1\nFrom: <sip:a@b>;tag=1\nTo: <sip:a@b>\n';
  writeFileSync(script, 'listen=127.0.0.1\nloadmodule "sl.so"\nroute {\n  sl_send_reply("200", "OK");\n}\n');
  writeFileSync(message, `${head}Call-ID: 1\nCSeq: 1 OPTIONS\n\n`);
  const here = lab();
  const spoken = await here.gatehouse('trace', script, message);
  assert.equal(spoken.code, 0, spoken.err);
  assert.match(spoken.out, /^route:4 {2}sl_send_reply\("200", "OK"\); {2}-> 1$/m);
  assert.match(spoken.out, /^Verdict: answered 200 OK$/m);
  const json = JSON.parse((await here.gatehouse('--json', 'trace', script, message)).out);
  assert.deepEqual([json.version, json.steps.length, json.verdict], [1, 1, 'answered 200 OK']);
  assert.equal((await here.gatehouse('trace', script, join(folder, 'none'))).code, 2);
  assert.equal((await here.gatehouse('trace', script, message, '--result', 'x')).code, 2);
  const found = await here.gatehouse('modules', 't_relay');
  assert.match(found.out, /^tm +t_relay +function +Sends the request/m);
  assert.match((await here.gatehouse('modules', 't_relai')).out, /did you mean t_relay/);
  assert.match((await here.gatehouse('modules', 'tm')).out, /t_write_req +not there/);
  rmSync(folder, { recursive: true });
});
