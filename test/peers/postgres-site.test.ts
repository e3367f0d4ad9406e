// peers: postgres
/** Gatehouse on PostgreSQL from end to end: the quick-start listing with its db_url, a user, a registration, a restart. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { register, sipClient, statusOf } from '../sip-client.ts';
import { makeSite } from './gatehouse.ts';
import { startPostgres } from './postgres.ts';

const domain = '127.0.0.1';

test('the quick-start listing on PostgreSQL keeps users and contacts over a restart', async (t) => {
  const database = await startPostgres(t);
  const folder = mkdtempSync(join(tmpdir(), 'ser-cfg-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const script = join(folder, 'ser.cfg');
  const site = await makeSite(t, { script, domains: [`${domain}:5060`] });
  const text = readFileSync(join(import.meta.dirname, '..', 'fixtures', 'ser', 'quickstart.cfg'), 'utf8')
    .replace(/^listen=.*$/m, `listen=${domain}`)
    .replace(/^port=.*$/m, `port=${site.sipPort}`)
    .replaceAll(/mysql:\/\/[^"]*/g, database.url)
    .replaceAll('modules/mysql.so', 'modules/postgres.so')
    .replaceAll('/tmp/ser_fifo', join(folder, 'fifo'));
  writeFileSync(script, text);
  const added = site.serctl('add', `1000@${domain}`, 'password1', 'user1@nowhere.com');
  assert.equal(added.status, 0, added.stderr);
  const first = await site.start();
  const client = await sipClient(t, site.sip);
  assert.equal(statusOf(await register(client, { domain, user: '1000', password: 'password1' })), 200);
  const rows = () => database.sql('SELECT username, contact FROM location');
  assert.match(await rows(), /^1000\tsip:1000@127\.0\.0\.1:\d+\n$/);
  assert.equal(await first.stop('SIGKILL'), 'SIGKILL');
  const second = await site.start();
  const shown = site.serctl('ul', 'show', `1000@${domain}`);
  assert.match(shown.stdout, /sip:1000@127\.0\.0\.1:/, shown.stderr);
  assert.equal(statusOf(await register(client, { domain, user: '1000', password: 'password1' })), 200);
  assert.equal(await second.stop(), 0);
});
