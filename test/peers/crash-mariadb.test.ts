/** Kill -9 in the middle of registrations, on MariaDB. */
// peers: mariadb
import { test } from 'node:test';
import { surviveKills } from './crash.ts';
import { startMariadb } from './mariadb.ts';

test('kill -9 of the server, again and again', async (t) => surviveKills(t, (await startMariadb(t)).url));
