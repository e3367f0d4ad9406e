import assert from 'node:assert/strict';
import { test } from 'node:test';
import { databaseLabel, parseDatabaseUrl } from './url.ts';

const nowhere = (_path: string): boolean => false;

test('SER addresses, with any character in the password', () => {
  const address = parseDatabaseUrl('mysql://ser:he@s:lo/%@127.0.0.1:3307/ser', nowhere);
  assert.deepEqual(address, {
    dialect: 'mysql',
    user: 'ser',
    password: 'he@s:lo/%',
    host: '127.0.0.1',
    port: 3307,
    socket: undefined,
    database: 'ser',
  });
  assert.equal(databaseLabel(address), 'mysql ser@127.0.0.1:3307/ser');
});

test('localhost means the socket where there is one, unless a port is given', () => {
  const there = (path: string): boolean => path === '/run/mysqld/mysqld.sock';
  const socketOf = (text: string, is = there) => (parseDatabaseUrl(text, is) as { socket: unknown }).socket;
  assert.equal(socketOf('mysql://u@localhost/d'), '/run/mysqld/mysqld.sock');
  assert.equal(socketOf('mysql://u@localhost/d', nowhere), undefined);
  assert.equal(socketOf('mysql://u@localhost:3306/d'), undefined);
  assert.equal(socketOf('mysql://u@127.0.0.1/d'), undefined);
  assert.equal(socketOf('mysql://u@db.example.com/d?socket=/tmp/s'), '/tmp/s');
});

test('escapes, IPv6, SQLite paths', () => {
  const address = parseDatabaseUrl('mysql://a%40b:%2F@[2001:db8::1]:3306/d', nowhere);
  assert.deepEqual({ ...address }, { ...address, user: 'a@b', password: '/', host: '2001:db8::1' });
  assert.deepEqual(parseDatabaseUrl('sqlite:./data/gh.db'), { dialect: 'sqlite', path: './data/gh.db' });
  assert.deepEqual(parseDatabaseUrl('sqlite:///var/gh.db'), { dialect: 'sqlite', path: '/var/gh.db' });
});

test('faults are named, the password never', () => {
  const faulty = [
    ['postgres://u:hunter2@h/d', /unknown kind of database: postgres/],
    ['/var/lib/x', /no kind in front/],
    ['sqlite:', /needs the path/],
    ['mysql://:hunter2@h/d', /no database user/],
    ['mysql://u:hunter2@h', /no database after the host/],
    ['mysql://u:hunter2@h:99999/d', /port/],
    ['mysql://u:hunter2@h/d?ssl=1', /unknown option ssl/],
    ['mysql://u:hunter2@h/d?socket=s', /absolute path/],
    ['mysql://u:hunter2@a[b/d', /host/],
    ['mysql://u:hunter2%ff@h/d', /password holds a % escape/],
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
