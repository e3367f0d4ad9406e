/**
 * A second step by telephone: RADIUS, LinOTP's interface and a telephone at a new place say who somebody is, the server rings the telephones that he
 * has registered, which are real ones, and he presses a key, or does not.
 */
// peers: baresip radclient
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { register, sipClient, statusOf } from '../sip-client.ts';
import { startPhone } from './baresip.ts';
import { endWith } from './children.ts';
import { makeSite, type Site } from './gatehouse.ts';
import { freePort } from './ports.ts';

const SECRET = 'a secret of the tests';
const domain = '127.0.0.1';
const NO_KEEPING = { headers: { connection: 'close' } };
const RULES = [
  ['call', 'radius', 'second_step=callback'],
  ['otp', 'otp', 'second_step=callback'],
  ['pass', 'authentication', 'passthru'],
  ['away', 'sip', 'second_step=callback\nclient = 127.0.0.2'],
] as const;

test('key 1 admits, key 9 refuses and locks, no answer refuses; a telephone at a new place waits for another', async (t) => {
  const port = await freePort();
  const yaml = [
    '  call_back: { telephones: any, ring: 3, pause: 0, per_hour: 2, ports: 41000-41999 }',
    'radius:',
    `  listen: ["127.0.0.1:${port}"]`,
    `  accounting: ["127.0.0.1:${await freePort()}"]`,
    `  clients: [{ name: tests, address: 127.0.0.0/8, secret: ${SECRET} }]`,
  ];
  const site = await makeSite(t, { domains: [`${domain}:5060`], yaml: yaml.join('\n') });
  assert.equal(site.import(['1000,secret,a@b.example', '2000,secret,b@b.example']).status, 0);
  const rules = join(site.folder, 'rules');
  writeFileSync(
    rules,
    RULES.map(([name, scope, action]) => `[${name}]\nscope = ${scope}\naction = ${action}\n`).join('\n'),
  );
  assert.equal(site.run('policy', 'import', rules).stdout, `${RULES.length} set\n`);
  const server = await site.start();
  const knock = (user: string, more = '') => radclient(t, port, `User-Name=${user},User-Password=secret${more}`);
  /** While it is not known what he said, the challenge comes again. */
  const answer = async (user: string, state: string) => {
    for (const end = Date.now() + 30_000; ; ) {
      const heard = await knock(user, `,State=${state}`);
      if (heard.received !== 'Access-Challenge' || Date.now() > end) return heard;
    }
  };
  const phone = async (user: string, answers: boolean) => {
    const one = await startPhone(t, { user, password: 'secret', domain, server: site.sip, answers });
    assert.match((await one.next('REGISTERED', 'REGISTER_FAILED')).detail, /^200/);
    return one;
  };
  const [desk, silent] = [await phone('1000', true), await phone('2000', false)];

  const asked = await knock('1000');
  assert.equal(asked.received, 'Access-Challenge', asked.all);
  assert.match(asked.all, /press 1 to come in/);
  await desk.next('CALL_ESTABLISHED');
  await desk.press('1');
  await desk.next('CALL_CLOSED');
  assert.equal((await answer('1000', asked.state)).received, 'Access-Accept');
  assert.equal((await answer('1000', asked.state)).received, 'Access-Reject', 'it is told once');

  const second = await knock('1000');
  await desk.next('CALL_ESTABLISHED');
  await desk.press('9');
  await desk.next('CALL_CLOSED');
  assert.equal((await answer('1000', second.state)).received, 'Access-Reject');
  assert.match((await knock('1000')).all, /This user is locked/);

  const check = async (call: string, fields: Record<string, string>) => {
    const query = new URLSearchParams({ user: '2000', pass: 'secret', ...fields });
    const reply = await fetch(`http://127.0.0.1:${site.httpPort}/validate/${call}?${query}`, NO_KEEPING);
    return (await reply.json()) as { result: { value: unknown }; detail?: Record<string, unknown> };
  };
  const { result, detail } = await check('check', {});
  assert.equal(result.value, false);
  const transactionid = String(detail?.transactionid);
  await silent.next('CALL_INCOMING');
  const looked = await check('check_status', { transactionid });
  const states = (looked.detail?.transactions ?? {}) as Record<string, { status: string }>;
  assert.equal(states[transactionid]?.status, 'open');
  await silent.next('CALL_CLOSED');
  assert.equal((await check('check', { transactionid })).result.value, false);

  const away = await sipClient(t, site.sip, '127.0.0.2');
  const registers = async () => statusOf(await register(away, { domain, user: '2000', password: 'secret' }));
  assert.equal(await registers(), 403);
  await silent.next('CALL_INCOMING');
  await silent.accept();
  await silent.next('CALL_ESTABLISHED');
  await silent.press('1');
  await silent.next('CALL_CLOSED');
  assert.equal(await registers(), 200);
  assert.equal((await knock('2000')).received, 'Access-Reject', 'two calls an hour');

  assert.equal(await server.stop(), 0);
  const told = trail(site).map(({ event, user, action, reason, rule: why, result }) =>
    [event, user, action ?? reason ?? result, why].filter(Boolean).join(' '),
  );
  assert.deepEqual(
    told.filter((line) => /lock|called|admitted|^challenge|not-sent|new-place/.test(line)),
    [
      'challenge 1000',
      'called-back 1000 admitted',
      'challenge 1000',
      'admin 1000 lock-user',
      'called-back 1000 refused',
      'refused 1000 not-admitted refused',
      'refused 1000 locked',
      'challenge 2000',
      'called-back 2000 no-answer',
      'refused 2000 not-admitted no-answer',
      'challenge 2000',
      'refused 2000 new-place',
      'called-back 2000 admitted',
      'refused 2000 called-often',
      'refused 2000 not-sent',
    ],
  );
});

interface Heard {
  readonly received: string;
  /** Of a challenge, as radclient writes it. */
  readonly state: string;
  readonly all: string;
}

async function radclient(t: TestContext, port: number, request: string): Promise<Heard> {
  const args = ['-x', '-r', '8', '-t', '4', `127.0.0.1:${port}`, 'auth', SECRET];
  const child = spawn('radclient', args, { stdio: ['pipe', 'pipe', 'pipe'] });
  endWith(t, child);
  child.stdin.end(`${request},Message-Authenticator=0x00\n`);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  const received = /Received (\S+) /.exec(stdout)?.[1] ?? 'nothing';
  return { received, state: /State = (0x[0-9a-f]+)/.exec(stdout)?.[1] ?? '', all: stdout + stderr };
}

/** Lines of the audit trail, in order. */
function trail(site: Site): Record<string, string>[] {
  const folder = join(site.folder, 'audit');
  const files = readdirSync(folder).sort();
  const lines = files.flatMap((file) => readFileSync(join(folder, file), 'utf8').split('\n'));
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Record<string, string>);
}
