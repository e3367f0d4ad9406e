/** Kill -9 in the middle of registrations, and right behind the yes to a code, on MariaDB. */
// peers: mariadb
// alone: kills servers in the middle of a storm
import { test } from 'node:test';
import { codesSurviveKills } from '../../src/storage/codes.contract.ts';
import { surviveKills } from './crash.ts';
import { startMariadb } from './mariadb.ts';

test('kill -9 of the server, again and again', async (t) => {
  const { url, sql } = await startMariadb(t);
  await sql('CREATE DATABASE codes');
  await codesSurviveKills(t, url.replace(/gatehouse$/, 'codes'));
  await surviveKills(t, url);
});
