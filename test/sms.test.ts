/** An administrator sets up a gateway for SMS, tries it, and learns what is wrong; no secret is shown, logged or kept in the clear. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fakeGateway, ok } from '../src/sms/lab.ts';
import { makeSite } from './peers/gatehouse.ts';

const SECRET = 'kein-Mensch-soll-das-sehen';

test('set, list, show, test and remove a provider, beside a stopped server and in a running one', async (t) => {
  const site = await makeSite(t);
  const gateway = await fakeGateway(t, (request) => (request.includes('to=%2B49') ? ok('ID: 7') : ok('ERR 105')));
  const said: string[] = [];
  const gatehouse = (status: number, ...args: string[]) => {
    const done = site.run(...args);
    said.push(done.stdout, done.stderr);
    assert.equal(done.status, status, done.stdout + done.stderr);
    return done.stdout + done.stderr;
  };
  /** The gateway is in this process, which may not stand still meanwhile. */
  const testing = async (status: number, ...args: string[]) => {
    const done = await site.runAside('sms', 'test', ...args);
    said.push(done.stdout, done.stderr);
    assert.equal(done.status, status, done.stdout + done.stderr);
    return done.stdout + done.stderr;
  };
  const file = join(site.folder, 'provider.json');
  const config = {
    URL: `http://127.0.0.1:${gateway.port}/send`,
    PARAMETER: { user: 'me', password: SECRET },
    SMS_TEXT_KEY: 'text',
    SMS_PHONENUMBER_KEY: 'to',
    HTTP_Method: 'GET',
    RETURN_SUCCESS: 'ID',
  };
  writeFileSync(file, JSON.stringify(config));
  gatehouse(0, 'sms', 'set', 'first', 'smsprovider.HttpSMSProvider.HttpSMSProvider', file);
  let server = await site.start();
  gatehouse(0, 'sms', 'set', 'second', 'HttpSMSProvider', file, '--timeout', '90');
  assert.match(gatehouse(0, 'sms', 'list'), /^first +HttpSMSProvider +- +default\nsecond +HttpSMSProvider +90 s$/m);
  const shown = JSON.parse(gatehouse(0, 'sms', 'show', 'first'));
  assert.deepEqual(shown, { ...config, PARAMETER: { user: 'me', password: '__CENSORED__' } });

  // What was shown may come back changed.
  writeFileSync(file, JSON.stringify({ ...shown, SMS_TEXT_KEY: 'message' }));
  gatehouse(0, 'sms', 'set', 'first', 'HttpSMSProvider', file);
  assert.match(await testing(0, '+491701234567', '--text', 'Grüße'), /^first took it: status 200, ID: 7$/m);
  assert.match(
    gateway.requests[0]!,
    new RegExp(`^GET /send\\?to=%2B491701234567&message=Gr%C3%BC%C3%9Fe&user=me&password=${SECRET} `),
  );
  assert.match(
    await testing(1, '0170', '--provider', 'second'),
    /did not take the message: status 200, ERR 105 \[SMS_REFUSED\]/,
  );

  writeFileSync(file, "{'URL': 'http://h/'}");
  assert.match(
    gatehouse(2, 'sms', 'set', 'x', 'HttpSMSProvider', file),
    /provider\.json.*not JSON[\s\S]*double quotes/,
  );
  writeFileSync(file, JSON.stringify({ ...config, RETURN_SUCESS: 'ID' }));
  assert.match(gatehouse(2, 'sms', 'set', 'x', 'HttpSMSProvider', file), /RETURN_SUCESS: there is no such key/);
  assert.match(gatehouse(5, 'sms', 'set', 'x', 'FaxProvider', file), /the classes are: HttpSMSProvider/);
  gatehouse(1, 'sms', 'rm', 'first');

  await server.stop();
  server = await site.start();
  await testing(0, '+49170', '--provider', 'second');
  // Newest first; those of before the restart, too.
  const log = gatehouse(0, 'sms', 'log').split('\n');
  assert.deepEqual(
    log.slice(1, 4).map((line) => line.replace(/^\S+ \S+ +/, '').replace(/ {2,}/g, '|')),
    [
      '-|*****|second|sent|status 200, ID: 7',
      '-|****|second|refused|http://127.0.0.1:PORT/send did not take the message: status 200, ERR 105 [SMS_REFUSED]',
      '-|*********567|first|sent|status 200, ID: 7',
    ].map((line) => line.replace('PORT', String(gateway.port))),
  );
  const { messages } = JSON.parse(gatehouse(0, 'sms', 'log', '--limit', '1', '--json'));
  assert.deepEqual([messages.length, messages[0].state], [1, 'sent']);
  gatehouse(0, 'sms', 'rm', 'second');
  gatehouse(0, 'sms', 'rm', 'first');
  assert.match(await testing(5, '+49170'), /there is no SMS provider yet/);
  await server.stop();
  const kept = readdirSync(site.folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(site.folder, name))
    .filter((path) => path !== file && statSync(path).isFile())
    .map((path) => readFileSync(path, 'latin1'));
  for (const text of [...said, ...kept, server.output()]) assert.ok(!text.includes(SECRET));
  for (const text of [...kept, server.output()]) assert.ok(!text.includes('1701234567'));
});
