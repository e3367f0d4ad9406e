/** Kannel's SMPP server prints what it is sent. It does not answer bind_transceiver, and serves one connection. */
// peers: kannel
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { socketsOnPort } from '../../src/platform/socket-table.ts';
import { smsClasses } from '../../src/sms/classes.ts';
import { findProgram } from '../peers.ts';
import { endWith, folderFor } from './children.ts';
import { freePort } from './ports.ts';

const DEADLINE_MS = 60_000;

test('messages by way of drive_smpp', async (t) => {
  const kannel = await startKannel(t);
  const login = { server: '127.0.0.1', port: String(kannel.port), system_id: 'foo', password: 'bar' };
  const sender = { source_addr: 'Gate', source_addr_ton: '5', source_addr_npi: '0' };
  const kind = smsClasses({ run: () => assert.fail('no program is run') }).find(
    ({ name }) => name === 'SMPPSMSProvider',
  )!;
  const provider = await kind.open({ ...login, ...sender, TIMEOUT: 30 });
  for (const text of ['Your OTP is 123456', 'x'.repeat(161)])
    assert.equal(await provider.send({ number: '+491701234567', text }), 'taken');
  await provider.close();
  await kannel.says('PDU of type unbind');
  const said = kannel.said().matchAll(/PDU of type (\w+)|submit_sm: short_message = <(.*)>/g);
  const seen = [...said].map(([, type, text]) => type ?? text!);
  assert.deepEqual(seen.slice(0, 4), ['bind_transceiver', 'bind_transmitter', 'submit_sm', 'Your OTP is 123456']);
  assert.equal(seen.filter((one) => one === 'submit_sm').length, 3);
  assert.equal(seen.at(-1), 'unbind');
});

async function startKannel(t: TestContext) {
  await bearerbox(t);
  const port = await freePort();
  const child = spawn(findProgram('drive_smpp')!, ['-v', '0', '-p', String(port), '-m', '0'], {
    cwd: folderFor(t, 'kannel'),
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

/** Three seconds after somebody connected, drive_smpp gives up unless something listens where Kannel's bearerbox would: on this port only. */
async function bearerbox(t: TestContext): Promise<void> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.on('error', () => {})));
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const listens = new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    // Something listens there: that will do.
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve() : reject(error)));
  });
  server.listen(13_001, '127.0.0.1');
  await listens;
}

/** To connect would take the only connection that it serves. */
async function isListening(port: number): Promise<void> {
  const end = Date.now() + DEADLINE_MS;
  while (!socketsOnPort('tcp', port).some(({ listening }) => listening)) {
    assert.ok(Date.now() < end, `nothing listens on port ${port}`);
    await sleep(50);
  }
}
