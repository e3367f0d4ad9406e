/** Kill -9 in the middle of registrations, on PostgreSQL. */
// peers: postgres
// alone: kills servers in the middle of a storm
import { test } from 'node:test';
import { surviveKills } from './crash.ts';
import { startPostgres } from './postgres.ts';

test('kill -9 of the server, again and again', async (t) => surviveKills(t, (await startPostgres(t)).url));
