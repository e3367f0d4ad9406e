/** Kill -9 in the middle of registrations, on SQLite. */
// alone: kills servers in the middle of a storm
import { test } from 'node:test';
import { surviveKills } from './crash.ts';

test('kill -9 of the server, again and again', (t) => surviveKills(t));
