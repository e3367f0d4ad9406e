/** Kannel's SMPP server prints what an administrator sends through it. It does not answer bind_transceiver, and serves one connection. */
// peers: kannel
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { socketsOnPort } from '../../src/platform/socket-table.ts';
import { findProgram } from '../peers.ts';
import { endWith, folderFor } from './children.ts';
import { makeSite } from './gatehouse.ts';
import { freePort } from './ports.ts';

const DEADLINE_MS = 60_000;
const PASSWORD = 'kein-Mensch-soll-das-sehen';

test('messages by way of drive_smpp, over one session that ends with the server', async (t) => {
  const [kannel, site] = await Promise.all([startKannel(t), makeSite(t)]);
  const file = join(site.folder, 'provider.json');
  const login = { system_id: 'foo', password: PASSWORD };
  const sender = { source_addr: 'Gate', source_addr_ton: '5', source_addr_npi: '0' };
  const port = String(kannel.port);
  writeFileSync(file, JSON.stringify({ server: '127.0.0.1', port, ...login, ...sender, TIMEOUT: 60 }));
  const set = site.run('sms', 'set', 'kannel', 'smsprovider.SMPPSMSProvider.SMPPSMSProvider', file);
  assert.equal(set.status, 0, set.stderr);
  const server = await site.start();
  for (const text of ['Your OTP is 123456', 'x'.repeat(161)]) {
    const sent = await site.runAside('sms', 'test', '+491701234567', '--text', text);
    assert.match(sent.stdout, /^kannel took it: taken$/m, sent.stderr);
  }
  await server.stop();
  await kannel.says('PDU of type unbind');
  const said = kannel.said().matchAll(/PDU of type (\w+)|submit_sm: short_message = <(.*)>/g);
  const seen = [...said].map(([, type, text]) => type ?? text!);
  assert.deepEqual(seen.slice(0, 4), ['bind_transceiver', 'bind_transmitter', 'submit_sm', 'Your OTP is 123456']);
  assert.equal(seen.filter((one) => one === 'submit_sm').length, 3);
  assert.equal(seen.at(-1), 'unbind');
  assert.ok(!server.output().includes(PASSWORD));
});

async function startKannel(t: TestContext) {
  const folder = folderFor(t, 'kannel');
  const port = await freePort();
  const configuration = join(folder, 'kannel.conf');
  // Ports of parts of Kannel that are not there, so that it does not find those of another.
  const core = `group = core\nadmin-port = ${await freePort()}\nadmin-password = none\nsmsbox-port = ${await freePort()}`;
  writeFileSync(configuration, `${core}\n\ngroup = smsbox\nbearerbox-host = 127.0.0.1\n`);
  const child = spawn(findProgram('drive_smpp')!, ['-v', '0', '-p', String(port), '-m', '0', '-c', configuration], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  endWith(t, child);
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const says = async (words: string) => {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    while (!output.includes(words)) await once(child.stderr, 'data', { signal });
  };
  await isListening(port);
  return { port, said: () => output, says };
}

/** To connect would take the only connection that it serves. */
async function isListening(port: number): Promise<void> {
  const end = Date.now() + DEADLINE_MS;
  while (!socketsOnPort('tcp', port).some(({ listening }) => listening)) {
    assert.ok(Date.now() < end, `nothing listens on port ${port}`);
    await sleep(50);
  }
}
