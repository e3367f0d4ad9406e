/** Rules as an administrator sets them, as a telephone feels them and as `why` explains them. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeSite } from './peers/gatehouse.ts';
import { header, register, sipClient, statusOf } from './sip-client.ts';

const PASSWORD = 'a password of a user';

test('a rule holds for the next knock, is explained, survives a restart and stands in the audit trail', async (t) => {
  const site = await makeSite(t);
  const gatehouse = (...args: string[]) => {
    const { status, stdout, stderr } = site.run(...args);
    assert.equal(status, 0, stderr);
    return stdout;
  };
  // Beside the stopped server, then in the running one.
  gatehouse('user', 'add', '1000', PASSWORD);
  gatehouse('policy', 'set', 'staff', '--scope', 'sip', '--action', 'allow, session_seconds=120', '--user', '10*');
  let server = await site.start();
  gatehouse('user', 'add', '2000', PASSWORD);
  const phone = await sipClient(t, site.sip);
  const registers = (user: string) => register(phone, { domain: site.sip, user, password: PASSWORD, expires: 3600 });

  const granted = await registers('1000');
  assert.equal(statusOf(granted), 200);
  assert.match(header(granted!, 'Contact')!, /expires=1(20|19)\b/);
  assert.equal(statusOf(await registers('2000')), 403);
  assert.match(
    gatehouse('policy', 'why', '2000', 'sip', '127.0.0.1'),
    /staff .*its user is another[\s\S]*refused: no rule allows it/,
  );
  assert.match(
    gatehouse('policy', 'why', '1000', 'sip', '127.0.0.1'),
    /staff +true +counts[\s\S]*let in, session_seconds 120/,
  );
  assert.match(gatehouse('policy', 'why', '3000', 'sip', '127.0.0.1'), /refused: nobody has this name/);

  // What the gate decides names its rule.
  gatehouse(
    'policy',
    'set',
    'nobody-else',
    '--scope',
    'sip',
    '--action',
    '!allow',
    '--user',
    '2000',
    '--client',
    '127.0.0.0/8',
  );
  assert.equal(statusOf(await registers('2000')), 403);

  // Two that say different things under the same conditions: both are shown, and nobody is let in on a doubt.
  gatehouse('policy', 'set', 'many', '--scope', 'sip', '--action', 'max_sessions=5', '--user', '1000');
  gatehouse('policy', 'set', 'few', '--scope', 'sip', '--action', 'max_sessions=1', '--user', '1000');
  assert.match(
    gatehouse('policy', 'why', '1000', 'sip', '127.0.0.1'),
    /max_sessions +few +1 +counts\nmax_sessions +many +5 +counts\n\nrefused: few and many contradict each other in max_sessions$/m,
  );
  assert.equal(statusOf(await registers('1000')), 403);
  gatehouse('policy', 'rm', 'many');
  assert.match(gatehouse('policy', 'why', '1000', 'sip', '127.0.0.1'), /let in, session_seconds 120, max_sessions 1$/m);
  const second = await register(await sipClient(t, site.sip), { domain: site.sip, user: '1000', password: PASSWORD });
  assert.match(second!, /^SIP\/2\.0 403 Too Many Telephones\r\n/);
  assert.equal(statusOf(await registers('1000')), 200);
  gatehouse('policy', 'rm', 'few');
  const faulty = site.run('policy', 'set', 'x', '--scope', 'sip', '--action', 'alow');
  assert.equal(faulty.status, 2, faulty.stderr);
  assert.match(faulty.stderr, /doors have no action alow[\s\S]*allow, session_seconds/);

  assert.equal(await server.stop(), 0);
  const file = join(site.folder, 'policies.txt');
  writeFileSync(file, gatehouse('policy', 'export'));
  assert.match(
    readFileSync(file, 'utf8'),
    /^\[nobody-else\]\nscope = sip\naction = !allow\nuser = 2000\nclient = 127\.0\.0\.0\/8\n/,
  );
  server = await site.start();
  assert.equal(statusOf(await registers('2000')), 403);
  gatehouse('policy', 'rm', 'staff');
  gatehouse('policy', 'rm', 'nobody-else');
  assert.equal(statusOf(await registers('2000')), 200);
  assert.equal(gatehouse('policy', 'import', file), '2 set\n');
  assert.match(gatehouse('policy', 'list'), /^staff +sip +10\* +\* +\* +\* +allow, session_seconds=120$/m);
  assert.equal(statusOf(await registers('2000')), 403);

  assert.equal(await server.stop(), 0);
  assert.match(gatehouse('audit', 'verify'), /whole/);
  const trail = auditTrail(join(site.folder, 'audit'));
  const refused = trail
    .filter(({ event, reason }) => event === 'refused' && reason === 'policy')
    .map(({ rule }) => rule);
  assert.deepEqual(
    new Set(refused),
    new Set(['no rule allows it', 'nobody-else', 'few and many contradict each other in max_sessions']),
  );
  const changes = trail.filter(({ action }) => String(action).endsWith('policy'));
  assert.deepEqual(
    changes.map(({ action, policy }) => `${action} ${policy}`),
    [
      'set-policy staff',
      'set-policy nobody-else',
      'set-policy many',
      'set-policy few',
      'remove-policy many',
      'remove-policy few',
      'remove-policy staff',
      'remove-policy nobody-else',
      'set-policy nobody-else',
      'set-policy staff',
    ],
  );
});

function auditTrail(folder: string): Record<string, unknown>[] {
  const files = readdirSync(folder).filter((name) => name !== 'audit.head');
  const lines = files.sort().flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'));
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('a lock ends the sessions and refuses the next proof at once, until it is taken away', async (t) => {
  const site = await makeSite(t);
  assert.equal(site.run('user', 'add', '1000', PASSWORD).status, 0);
  const server = await site.start();
  const phone = await sipClient(t, site.sip);
  const registers = () => register(phone, { domain: site.sip, user: '1000', password: PASSWORD });
  assert.equal(statusOf(await registers()), 200);
  assert.match(site.run('lock', '1000').stdout, /^1000 is locked, 1 session ended$/m);
  assert.match(site.run('who').stdout, /nobody is in/);
  assert.match(site.run('user', 'show', '1000').stdout, /locked +yes/);
  assert.equal(statusOf(await registers()), 403);
  assert.match(site.run('unlock', '1000').stdout, /^1000 is unlocked$/m);
  assert.equal(statusOf(await registers()), 200);
  assert.equal(await server.stop(), 0);
});
