// peers: mariadb
/** A database server that refuses: one message with the user and the way out, and never the password. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeSite } from './gatehouse.ts';
import { startMariadb } from './mariadb.ts';

test('a wrong database password', async (t) => {
  const { port } = await startMariadb(t);
  const site = await makeSite(t, { database: `mysql://gatehouse:heslo@127.0.0.1:${port}/gatehouse` });
  for (const command of [['up'], ['user', 'add', '1000', 'pw']]) {
    const { status, stdout, stderr } = site.run(...command);
    assert.equal(status, 4, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, /^error: .*gatehouse@127\.0\.0\.1.* \[STORAGE_PASSWORD\]\n {2}write the password/);
    assert.doesNotMatch(stderr, /heslo|^\s+at /m);
  }
});
