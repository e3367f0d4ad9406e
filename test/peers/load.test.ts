/** A steady load from sipp: ten thousand telephones register, a thousand authenticated calls, and nothing fails. */
// peers: sipp
// alone: loads the machine
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { register, sipClient, statusOf } from '../sip-client.ts';
import { makeSite } from './gatehouse.ts';
import { freePort } from './ports.ts';
import { runSipp, startAnswering } from './sipp.ts';

const USERS = 10_000;
const CALLS = 1_000;

test('10,000 users register, 1,000 calls go through in order, all is there after a restart', async (t) => {
  const site = await makeSite(t, { domains: ['gate.test'] });
  const users = Array.from({ length: USERS }, (_, i) => `u${i + 1}`);
  const imported = site.import(users.map((user) => `${user}@gate.test,pw-${user},`));
  assert.equal(imported.status, 0, imported.stderr);
  const server = await site.start();
  const answering = await freePort();

  const credentials = (user: string) => `[authentication username=${user} password=pw-${user}]`;
  const registered = await runSipp(t, {
    scenario: 'register.xml',
    target: site.sip,
    port: await freePort(),
    calls: USERS,
    rate: 500,
    fields: users.map((user) => `${user};${credentials(user)};${answering}`),
  });
  assert.deepEqual([registered.successful, registered.failed], [USERS, 0], registered.errors);

  const machine = await startAnswering(t, 'answer.xml', answering);
  const called = await runSipp(t, {
    scenario: 'call.xml',
    target: site.sip,
    port: await freePort(),
    calls: CALLS,
    rate: 100,
    fields: users.slice(0, CALLS).map((user, i) => `${user};${credentials(user)};${users[(i + 1) % USERS]}`),
  });
  const answered = await machine.stop();
  assert.deepEqual([called.successful, called.failed], [CALLS, 0], called.errors);
  assert.deepEqual([answered.successful, answered.failed], [CALLS, 0], answered.errors);

  assert.equal(await server.stop(), 0);
  await site.start();
  const client = await sipClient(t, site.sip);
  for (const user of ['u1', 'u5000', 'u10000']) {
    const reply = await register(client, {
      domain: 'gate.test',
      user,
      password: `pw-${user}`,
      contact: `sip:${user}@${client.hostPort}`,
    });
    assert.equal(statusOf(reply), 200);
    assert.match(
      reply ?? '',
      new RegExp(`<sip:${user}@127\\.0\\.0\\.1:${answering}>;expires=`),
      'the binding from before the restart',
    );
  }
  const who = JSON.parse(site.run('who', '--json').stdout);
  assert.ok((Array.isArray(who) ? who : who.sessions).length >= USERS);
});
