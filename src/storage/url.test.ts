import assert from 'node:assert/strict';
import { test } from 'node:test';
import { databaseLabel, type MysqlAddress, type PostgresAddress, parseDatabaseUrl } from './url.ts';

const nowhere = (_path: string): boolean => false;

test('SER addresses, with any character in the password', () => {
  const address = parseDatabaseUrl('mysql://ser:he@s:lo/%@127.0.0.1:3307/ser', nowhere);
  assert.deepEqual(address, {
    dialect: 'mysql',
    user: 'ser',
    password: 'he@s:lo/%',
    database: 'ser',
    places: [{ host: '127.0.0.1', port: 3307, socket: undefined }],
  });
  assert.equal(databaseLabel(address), 'mysql ser@127.0.0.1:3307/ser');
});

test('localhost means the socket where there is one, unless a port is given', () => {
  const there = (path: string): boolean => path === '/run/mysqld/mysqld.sock';
  const socketOf = (text: string, is = there) => (parseDatabaseUrl(text, is) as MysqlAddress).places[0]!.socket;
  assert.equal(socketOf('mysql://u@localhost/d'), '/run/mysqld/mysqld.sock');
  assert.equal(socketOf('mysql://u@localhost/d', nowhere), undefined);
  assert.equal(socketOf('mysql://u@localhost:3306/d'), undefined);
  assert.equal(socketOf('mysql://u@127.0.0.1/d'), undefined);
  assert.equal(socketOf('mysql://u@db.example.com/d?socket=/tmp/s'), '/tmp/s');
});

test('PostgreSQL: socket and then TCP for localhost, a directory by ?host=, TLS by ?sslmode=', () => {
  const there = (path: string): boolean => path === '/run/postgresql/.s.PGSQL.5432';
  const parse = (text: string, is = there) => parseDatabaseUrl(text, is) as PostgresAddress;
  const local = { host: 'localhost', port: 5432 };
  const tcp = { ...local, socket: undefined };
  assert.deepEqual(parse('postgres://u@localhost/d').places, [{ ...local, socket: '/run/postgresql' }, tcp]);
  assert.deepEqual(parse('postgresql://u@/d', nowhere).places, [tcp]);
  assert.deepEqual(parse('postgres://u@localhost:5432/d').places, [tcp]);
  const named = parse('postgres://u:p@:5433/d?host=/tmp/pg');
  assert.deepEqual(named.places, [{ host: 'localhost', port: 5433, socket: '/tmp/pg' }]);
  assert.equal(databaseLabel(named), 'postgres u@/tmp/pg/d');
  const secure = parse('postgres://u@db/d?sslmode=verify-full&sslrootcert=/etc/ca.pem');
  assert.deepEqual([secure.sslmode, secure.sslrootcert], ['verify-full', '/etc/ca.pem']);
  assert.equal(parse('postgres://u@db/d').sslmode, 'disable');
});

test('several servers, in their order', () => {
  for (const scheme of ['mysql', 'postgres']) {
    const address = parseDatabaseUrl(`${scheme}://u:p@db1:3307,[2001:db8::2],db3/ser`, nowhere) as MysqlAddress;
    const port = scheme === 'mysql' ? 3306 : 5432;
    assert.deepEqual(address.places, [
      { host: 'db1', port: 3307, socket: undefined },
      { host: '2001:db8::2', port, socket: undefined },
      { host: 'db3', port, socket: undefined },
    ]);
    assert.equal(databaseLabel(address), `${scheme} u@db1:3307,2001:db8::2:${port},db3:${port}/ser`);
  }
});

test('escapes, IPv6, SQLite paths', () => {
  const { user, password, places } = parseDatabaseUrl(
    'mysql://a%40b:%2F@[2001:db8::1]:3306/d',
    nowhere,
  ) as MysqlAddress;
  assert.deepEqual([user, password, places[0]!.host], ['a@b', '/', '2001:db8::1']);
  assert.deepEqual(parseDatabaseUrl('sqlite:./data/gh.db'), { dialect: 'sqlite', path: './data/gh.db' });
  assert.deepEqual(parseDatabaseUrl('sqlite:///var/gh.db'), { dialect: 'sqlite', path: '/var/gh.db' });
});

test('faults are named, the password never', () => {
  const faulty = [
    ['oracle://u:hunter2@h/d', /unknown kind of database: oracle/],
    ['/var/lib/x', /no kind in front/],
    ['sqlite:', /needs the path/],
    ['mysql://:hunter2@h/d', /no database user/],
    ['mysql://u:hunter2@h', /no database after the host/],
    ['mysql://u:hunter2@h:99999/d', /port/],
    ['mysql://u:hunter2@h,g:x/d', /port/],
    ['mysql://u:hunter2@h/d?ssl=1', /unknown option ssl/],
    ['mysql://u:hunter2@h/d?socket=s', /absolute path/],
    ['mysql://u:hunter2@a[b/d', /host/],
    ['mysql://u:hunter2%ff@h/d', /password holds a % escape/],
    ['postgres://u:hunter2@h/d?sslmode=prefer', /sslmode is unknown/],
    ['postgres://u:hunter2@h/d?socket=/s', /unknown option socket/],
  ] as const;
  for (const [text, message] of faulty) {
    assert.throws(
      () => parseDatabaseUrl(text, nowhere),
      (error: Error & { code: string; hint: string }) => {
        assert.equal(error.code, 'BAD_DATABASE_URL');
        assert.match(error.message, message);
        assert.doesNotMatch(error.message + error.hint, /hunter2/);
        return true;
      },
    );
  }
});
