/** Kill -9 in the middle of registrations, and right behind the yes to a code, on MariaDB; and what the database has kept of secrets at the end. */
// peers: mariadb
// alone: kills servers in the middle of a storm
import { test } from 'node:test';
import { codesSurviveKills } from '../../src/storage/codes.contract.ts';
import { codesCountOnce } from '../otp-once.ts';
import { nothingWrittenHoldsSecrets } from '../otp-secrets.ts';
import { surviveKills } from './crash.ts';
import { startMariadb } from './mariadb.ts';

test('kill -9 of the server, again and again; no file of the database holds a secret', async (t) => {
  const { url, data, sql, stop } = await startMariadb(t);
  const another = async (name: string) => {
    await sql(`CREATE DATABASE ${name}`);
    return url.replace(/gatehouse$/, name);
  };
  await codesSurviveKills(t, await another('codes'));
  await codesCountOnce(t, await another('once'));
  await surviveKills(t, url);
  const end = async () => {
    await stop();
    return data;
  };
  await nothingWrittenHoldsSecrets(t, { url: await another('secrets'), end });
});
