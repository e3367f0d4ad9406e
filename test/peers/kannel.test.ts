/** HttpSMSProvider through Kannel: what its sendsms takes, its fake message centre prints. */
// peers: kannel
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openHttpProvider } from '../../src/sms/http/provider.ts';
import { findProgram } from '../peers.ts';
import { endWith, folderFor } from './children.ts';
import { freePort } from './ports.ts';

const DEADLINE_MS = 60_000;

test('messages by way of Kannel', async (t) => {
  const kannel = await startKannel(t);
  const config = {
    URL: `http://127.0.0.1:${kannel.port}/cgi-bin/sendsms`,
    PARAMETER: { username: 'gate', password: 'geheim', charset: 'UTF-8' },
    SMS_TEXT_KEY: 'text',
    SMS_PHONENUMBER_KEY: 'to',
    HTTP_Method: 'GET',
    RETURN_SUCCESS: '0',
  };
  const send = async (change: object, text: string) => {
    const provider = openHttpProvider({ ...config, ...change });
    t.after(() => provider.close());
    return provider.send({ number: '+49 170/1234567', text });
  };
  const digits = { MSISDN: 'true' };
  assert.equal(await send(digits, 'Your OTP is 123456 & 5 %'), 'status 202, 0: Accepted for delivery');
  await kannel.prints('<4711 +491701234567 text Your OTP is 123456 & 5 %>');
  await send({ ...digits, SUPPRESS_PREFIX: '+' }, 'zweite');
  await kannel.prints('<4711 491701234567 text zweite>');
  const wrong = { ...digits, PARAMETER: { ...config.PARAMETER, password: 'falsch' } };
  await assert.rejects(send(wrong, 'x'), { code: 'SMS_REFUSED', message: /status 403, Authorization failed/ });
  await assert.rejects(send({ ...digits, HTTP_Method: 'POST' }, 'x'), { code: 'SMS_REFUSED', message: /status 400/ });
});

/** bearerbox, the fake message centre at it, and smsbox, which takes HTTP. */
async function startKannel(t: TestContext) {
  const cwd = folderFor(t, 'kannel');
  const [admin, box, centre, port] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const groups = [
    `core\nadmin-port = ${admin}\nadmin-password = admin\nadmin-interface = 127.0.0.1`,
    `smsc\nsmsc = fake\nsmsc-id = centre\nport = ${centre}\nconnect-allow-ip = 127.0.0.1`,
    `smsbox\nbearerbox-host = 127.0.0.1\nsendsms-port = ${port}\nsendsms-interface = 127.0.0.1`,
    'sendsms-user\nusername = gate\npassword = geheim\ndefault-sender = 4711',
  ];
  groups[0] += `\nsmsbox-port = ${box}\nsmsbox-interface = 127.0.0.1\nbox-allow-ip = 127.0.0.1`;
  writeFileSync(join(cwd, 'kannel.conf'), groups.map((group) => `group = ${group}\n`).join('\n'));
  let output = '';
  const start = (program: string, ...args: string[]) => {
    const child = endWith(t, spawn(findProgram(program)!, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] }));
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      output += `${program}: ${text}`;
    });
    return child;
  };
  start('bearerbox', 'kannel.conf');
  await answers(`http://127.0.0.1:${admin}/status.txt?password=admin`, /Status/, () => output);
  const fake = start('fakesmsc', '-H', '127.0.0.1', '-r', String(centre), '-m', '0', '1 2 text none');
  start('smsbox', 'kannel.conf');
  await answers(`http://127.0.0.1:${admin}/status.txt?password=admin`, /smsbox[\s\S]*centre.*online/i, () => output);
  await answers(`http://127.0.0.1:${port}/`, /./, () => output);
  const prints = async (words: string) => {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    while (!output.includes(words)) await once(fake.stderr!, 'data', { signal });
  };
  return { port, prints };
}

async function answers(url: string, words: RegExp, output: () => string): Promise<void> {
  const end = Date.now() + DEADLINE_MS;
  for (;;) {
    const text = await fetch(url, { signal: AbortSignal.timeout(5_000) }).then(
      (response) => response.text(),
      () => '',
    );
    if (words.test(text)) return;
    assert.ok(Date.now() < end, `${url} says ${text}, Kannel ${output()}`);
    await sleep(50);
  }
}
