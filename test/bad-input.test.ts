/**
 * What goes wrong at every site sooner or later, against the real program: each fault is one clear message with its code, its
 * place and what to do, the right exit status, no stack trace, and nothing half-written.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { endWith, folderFor } from './peers/children.ts';
import { freePort } from './peers/ports.ts';

const ROOT = join(import.meta.dirname, '..');
const GATEHOUSE = [process.execPath, join(ROOT, 'bin', 'gatehouse')];
const isRoot = process.getuid?.() === 0;
/** Root may read and write everything; the faults of file modes are those of another user. */
const NOBODY = 65534;
const AS_NOBODY = isRoot ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] : [];

interface Outcome {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line to its end. `up` that serves against expectation is ended after 20 s. */
async function runs(command: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const child = spawn(command[0]!, command.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, GATEHOUSE_ADMIN_PASSWORD: 'a password of the tests', ...environment },
    timeout: 20_000,
  });
  const said = { out: '', err: '' };
  const take = (stream: 'out' | 'err') => (text: string) => {
    said[stream] += text;
  };
  child.stdout.setEncoding('utf8').on('data', take('out'));
  child.stderr.setEncoding('utf8').on('data', take('err'));
  const [status] = await once(child, 'close');
  return { status: status as number | null, ...said };
}

/** The one thing a user should see: nothing on standard output, one message with this code and these words. */
function assertRefused(outcome: Outcome, status: number, code: string, ...words: RegExp[]): void {
  const { out, err } = outcome;
  assert.equal(outcome.status, status, `${out}\n${err}`);
  assert.equal(out, '');
  assert.deepEqual(
    [...err.matchAll(/\[([A-Z_]+)\]/g)].map((found) => found[1]),
    [code],
    err,
  );
  assert.doesNotMatch(err, /^\s+at |unexpected|"level":"(debug|info|error)"/m, err);
  for (const word of words) assert.match(err, word);
}

interface Place {
  readonly folder: string;
  readonly data: string;
  readonly sipPort: number;
  readonly httpPort: number;
  /** `gatehouse ARGUMENTS` on this data directory. */
  gatehouse(...args: string[]): Promise<Outcome>;
}

/** A folder with a gatehouse.yaml for free ports; `yaml`: more of it, or all of it when it names `http`. */
async function place(t: TestContext, yaml = ''): Promise<Place> {
  const folder = folderFor(t, 'gatehouse-bad');
  const [sipPort, httpPort] = [await freePort(), await freePort()];
  const ports = `http: { listen: ["127.0.0.1:${httpPort}"] }\nsip: { listen: ["127.0.0.1:${sipPort}"] }\n`;
  const file = join(folder, 'gatehouse.yaml');
  writeFileSync(file, `${/^http/m.test(yaml) ? '' : ports}${yaml}`);
  const data = join(folder, 'data');
  const gatehouse = (...args: string[]) => runs([...GATEHOUSE, ...args, '--data', data, '--config', file]);
  return { folder, data, sipPort, httpPort, gatehouse };
}

/** A data directory with one user, of a server that has ended. */
async function usedPlace(t: TestContext, yaml = ''): Promise<Place> {
  const made = await place(t, yaml);
  const added = await made.gatehouse('user', 'add', '1000', 'password1');
  assert.equal(added.status, 0, added.err);
  return made;
}

test('a taken port is one line: the port, who has it, the option', async (t) => {
  const udp = createSocket('udp4').bind(0, '127.0.0.1');
  t.after(() => udp.close());
  await once(udp, 'listening');
  const tcp = createServer().listen(0, '127.0.0.1');
  t.after(() => tcp.close());
  await once(tcp, 'listening');
  const { port } = tcp.address() as { port: number };
  const cases = [
    [
      `sip: { listen: ["udp:127.0.0.1:${udp.address().port}"] }\nhttp: { listen: [] }\n`,
      udp.address().port,
      /sip\.listen/,
    ],
    [`sip: { listen: ["tcp:127.0.0.1:${port}"] }\nhttp: { listen: [] }\n`, port, /sip\.listen/],
    [
      `http: { listen: ["127.0.0.1:${port}"] }\nsip: { listen: ["udp:127.0.0.1:${await freePort()}"] }\n`,
      port,
      /http\.listen/,
    ],
  ] as const;
  for (const [yaml, taken, option] of cases) {
    const { gatehouse } = await place(t, yaml);
    const outcome = await gatehouse('up');
    assertRefused(
      outcome,
      1,
      'PORT_TAKEN',
      new RegExp(`port ${taken} is taken by .+ \\(process ${process.pid}\\)`),
      option,
    );
    assert.equal(outcome.err.trim().split('\n').length, 1, outcome.err);
  }
});

test('a port for root only, and an address of another machine', async (t) => {
  const { folder } = await place(t);
  chmodSync(folder, 0o777);
  const low = { GATEHOUSE__SIP__LISTEN: 'udp:127.0.0.1:7', GATEHOUSE__HTTP__LISTEN: '[]' };
  const data = join(folder, 'd');
  const forbidden = await runs([...AS_NOBODY, ...GATEHOUSE, 'up', '--data', data], low);
  // Some systems let everybody listen everywhere; then nothing is wrong and nothing is to be said.
  const free = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8')) <= 7;
  if (free) assert.match(forbidden.out, /Listening/);
  else assertRefused(forbidden, 1, 'PORT_FORBIDDEN', /udp port 7/, /CAP_NET_BIND_SERVICE/, /sip\.listen/);
  const other = await runs([...GATEHOUSE, 'up', '--data', join(folder, 'e')], {
    GATEHOUSE__SIP__LISTEN: '192.0.2.77:5060',
    GATEHOUSE__HTTP__LISTEN: '[]',
  });
  assertRefused(other, 1, 'ADDRESS_MISSING', /192\.0\.2\.77/, /sip\.listen/);
});

test('the second server on a data directory is refused, the first goes on', async (t) => {
  const { gatehouse, httpPort, data } = await place(t);
  const first = spawn(GATEHOUSE[0]!, [GATEHOUSE[1]!, 'up', '--data', data], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: {
      ...process.env,
      GATEHOUSE__SIP__LISTEN: `127.0.0.1:${await freePort()}`,
      GATEHOUSE__HTTP__LISTEN: `127.0.0.1:${await freePort()}`,
    },
  });
  endWith(t, first);
  await once(first.stdout, 'data');
  assertRefused(await gatehouse('up'), 6, 'SERVER_RUNNING', new RegExp(`process ${first.pid}`), /--data DIR/);
  assert.equal((await gatehouse('status')).status, 0);
  await assert.rejects(fetch(`http://127.0.0.1:${httpPort}/`));
  first.kill('SIGTERM');
  assert.deepEqual(await once(first, 'exit'), [0, null]);
});

test('a data directory that this user may not write', async (t) => {
  const { folder } = await place(t);
  chmodSync(folder, 0o755);
  const locked = join(folder, 'locked');
  mkdirSync(locked, { mode: 0o555 });
  chmodSync(locked, 0o555);
  for (const data of [locked, join(locked, 'below')]) {
    for (const command of [['up'], ['user', 'add', '1000', 'pw']]) {
      const outcome = await runs([...AS_NOBODY, ...GATEHOUSE, ...command, '--data', data]);
      assertRefused(outcome, 1, 'DATA_DIRECTORY', /locked/, /permission denied/, /--data DIR/);
    }
  }
  assert.deepEqual(readdirSync(locked), []);
  const file = join(folder, 'file');
  writeFileSync(file, '');
  assertRefused(await runs([...GATEHOUSE, 'up', '--data', file]), 1, 'DATA_DIRECTORY', /it is no directory/);
});

test('the key file: missing, open to others, damaged, of another installation', async (t) => {
  const { gatehouse, data } = await usedPlace(t);
  const key = join(data, 'gatehouse.key');
  const text = readFileSync(key, 'utf8');
  const broken = async (change: () => void, code: string, ...words: RegExp[]) => {
    change();
    for (const command of [['up'], ['user', 'list']]) {
      assertRefused(await gatehouse(...command), 1, code, ...words);
    }
    rmSync(key, { force: true });
    writeFileSync(key, text, { mode: 0o600 });
  };
  await broken(() => rmSync(key), 'KEY_MISSING', /gatehouse\.key/, /backup/);
  await broken(() => chmodSync(key, 0o644), 'KEY_FILE_MODE', /chmod 600/);
  await broken(() => writeFileSync(key, text.slice(0, 40)), 'KEY_FILE_BROKEN', /not a complete key file/, /backup/);
  await broken(
    () => writeFileSync(key, text.replace(/^key .*$/m, `key ${'0'.repeat(64)}`)),
    'KEY_FILE_BROKEN',
    /checksum/,
  );
  const other = await usedPlace(t);
  await broken(() => cpSync(join(other.data, 'gatehouse.key'), key), 'KEY_WRONG', /use the key file/);
  assert.match((await gatehouse('user', 'list')).out, /^1000 /m);
  const trail = await gatehouse('audit', 'verify');
  assert.equal(trail.status, 0, trail.out);
});

test('a database of a newer version, and a file that is no database', async (t) => {
  const { gatehouse, data } = await usedPlace(t);
  const file = join(data, 'gatehouse.db');
  const database = new DatabaseSync(file);
  database.exec(`INSERT INTO gh_migration SELECT '9999-later', timestamp FROM gh_migration LIMIT 1`);
  database.close();
  assertRefused(await gatehouse('up'), 4, 'STORAGE_NEWER', /9999-later/, /newer Gatehouse/);
  for (const name of readdirSync(data)) if (name.startsWith('gatehouse.db')) rmSync(join(data, name));
  writeFileSync(file, 'this is a letter to the editor\n'.repeat(200));
  assertRefused(await gatehouse('up'), 4, 'STORAGE_UNAVAILABLE', /gatehouse\.db/, /not a database/);
  assert.match(readFileSync(file, 'utf8'), /^this is a letter/);
});

test('a database server that is not there', async (t) => {
  const port = await freePort();
  const { gatehouse } = await place(t, `database: mysql://ser:heslo@127.0.0.1:${port}/ser\n`);
  for (const command of [['up'], ['user', 'add', '1000', 'pw']]) {
    const outcome = await gatehouse(...command);
    assertRefused(outcome, 4, 'STORAGE_UNAVAILABLE', new RegExp(`127\\.0\\.0\\.1:${port}`));
    assert.doesNotMatch(outcome.err, /heslo/);
  }
});

test('the address of a database that cannot be read: its place, from check and from up, without the password', async (t) => {
  const script = (folder: string) => {
    const file = join(folder, 's.cfg');
    writeFileSync(
      file,
      'loadmodule "usrloc.so"\n\nmodparam("usrloc", "db_url", "oracle://ser:heslo@h/d")\nroute { break; }\n',
    );
    return file;
  };
  for (const [yaml, arguments_, at] of [
    ['log: { level: info }\ndatabase: "oracle://ser:heslo@h/d"\n', () => [], /gatehouse\.yaml:4:11: /],
    ['', (folder: string) => ['--ser-cfg', script(folder)], /s\.cfg:3(:1)?: /],
  ] as const) {
    const { gatehouse, folder, data } = await place(t, yaml);
    const checked = await gatehouse('check', ...arguments_(folder));
    assert.equal(checked.status, 7, checked.err);
    assert.match(checked.out, at);
    assert.match(checked.out, /error: .*oracle.* \[BAD_DATABASE_URL\]/);
    const started = await gatehouse('up', ...arguments_(folder));
    assertRefused(started, 3, 'BAD_DATABASE_URL', at);
    assert.doesNotMatch(checked.out + started.err, /heslo/);
    assert.equal(existsSync(data), false, 'nothing was made');
  }
});

test('a ser.cfg with twenty faults: twenty located errors, from check and from up', async (t) => {
  const script = join(ROOT, 'test', 'fixtures', 'ser', 'twenty-errors.cfg');
  const { gatehouse, data } = await place(t);
  const checked = await gatehouse('check', script);
  assert.equal(checked.status, 7);
  assert.match(checked.out, /20 errors\n$/);
  const started = await gatehouse('up', '--ser-cfg', script);
  assert.equal(started.status, 3);
  assert.equal(started.out, '');
  const lines = (text: string) =>
    [...text.matchAll(/twenty-errors\.cfg:(\d+):\d+: error: .+ \[SCRIPT_/g)].map(([, line]) => line);
  assert.equal(lines(started.err).length, 20);
  assert.deepEqual(lines(checked.out), lines(started.err));
  assert.equal(existsSync(data), false, 'nothing was made');
});

test('every kind of fault in gatehouse.yaml and the environment, from check and from up', async (t) => {
  const cases: [yaml: string, status: number, places: string[], ...words: RegExp[]][] = [
    [
      'http: { listen: [] }\nsip:\n  lisen: []\n  dialect: perhaps\n  listen: ["localhost"]\nlog: { level: loud }\nusers: []\nfrobnicate: 1\n',
      0,
      [
        '3:3 CONFIG_UNKNOWN',
        '4:12 CONFIG_VALUE',
        '5:12 CONFIG_VALUE',
        '6:15 CONFIG_VALUE',
        '7:8 CONFIG_VALUE',
        '8:1 CONFIG_UNKNOWN',
      ],
      /did you mean `listen`/,
      /must be `ser` or `openser`, but is `perhaps`/,
      /like 192\.0\.2\.1:5060/,
    ],
    ['http: { listen: ["127.0.0.1:99999"] }\n', 0, ['1:18 CONFIG_VALUE'], /127\.0\.0\.1:8080/],
    ['http:\n  listen: []\n  listen: []\n', 0, ['3:3 CONFIG_DUPLICATE'], /given twice/],
    ['http: { listen: [] }\nlog: x: y\n', 0, ['2:6 CONFIG_SYNTAX']],
  ];
  for (const [yaml, , places, ...words] of cases) {
    const { gatehouse, data } = await place(t, yaml);
    const checked = await gatehouse('check');
    assert.equal(checked.status, 7, checked.out);
    const started = await gatehouse('up');
    assert.equal(started.status, 3, started.err);
    assert.equal(started.out, '');
    for (const text of [checked.out, started.err]) {
      const found = [...text.matchAll(/gatehouse\.yaml:(\d+:\d+): error: .* \[([A-Z_]+)\]/g)];
      assert.deepEqual(
        found.map((one) => `${one[1]} ${one[2]}`),
        places,
        text,
      );
      for (const word of words) assert.match(text, word);
    }
    assert.equal(existsSync(data), false, 'nothing was made');
  }
  const { folder } = await place(t);
  const bad = { GATEHOUSE__HTTP__LISTN: 'x', GATEHOUSE__LOG__LEVEL: 'loud' };
  const variables = await runs([...GATEHOUSE, 'up', '--data', join(folder, 'd')], bad);
  assert.equal(variables.status, 3);
  assert.match(
    variables.err,
    /^environment variable GATEHOUSE__HTTP__LISTN: error: .*\n {2}cure: did you mean `GATEHOUSE__HTTP__LISTEN`\?$/m,
  );
  assert.match(variables.err, /^environment variable GATEHOUSE__LOG__LEVEL: error: .*`loud` \[CONFIG_VALUE\]$/m);
});

test('a gatehouse.yaml that is a directory, and scripts that cannot be read', async (t) => {
  const { folder, gatehouse } = await place(t);
  const directory = join(folder, 'x.yaml');
  mkdirSync(directory);
  const data = ['--data', join(folder, 'd')];
  const yaml = await runs([...GATEHOUSE, 'up', ...data, '--config', directory]);
  assertRefused(yaml, 3, 'CONFIG_UNREADABLE', /x\.yaml: error: .*it is a directory/);
  const absent = await runs([...GATEHOUSE, 'up', ...data, '--config', join(folder, 'absent.yaml')]);
  assertRefused(absent, 3, 'CONFIG_UNREADABLE', /there is no such file/);
  for (const [script, why] of [
    ['absent.cfg', /there is no such file/],
    ['x.yaml', /it is a directory/],
  ] as const) {
    const path = join(folder, script);
    assertRefused(
      await gatehouse('up', '--ser-cfg', path),
      3,
      'SCRIPT_UNREADABLE',
      new RegExp(script),
      why,
      /--ser-cfg FILE/,
    );
  }
  const secret = join(folder, 'secret.cfg');
  writeFileSync(secret, 'route { ; }', { mode: 0o000 });
  if (isRoot) chownSync(secret, 0, 0);
  chmodSync(folder, 0o777);
  const unreadable = await runs([...AS_NOBODY, ...GATEHOUSE, 'check', secret, ...data]);
  assertRefused(unreadable, 3, 'SCRIPT_UNREADABLE', /permission denied/);
});

test('a changed audit trail is found: exit status 7', async (t) => {
  const { gatehouse, data } = await usedPlace(t);
  assert.equal((await gatehouse('audit', 'verify')).status, 0);
  const segment = join(data, 'audit', readdirSync(join(data, 'audit')).find((name) => /\d/.test(name))!);
  const whole = readFileSync(segment);
  writeFileSync(segment, whole.toString('latin1').replace('1000', '1001'), 'latin1');
  const changed = await gatehouse('audit', 'verify');
  assert.equal(changed.status, 7);
  assert.match(changed.out, /:\d+: /);
  writeFileSync(segment, whole);
  appendFileSync(segment, 'x\n');
  assert.equal((await gatehouse('audit', 'verify')).status, 7);
});
