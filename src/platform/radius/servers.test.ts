/** Which of several servers is asked, and when another one is; the servers are sockets on loopback. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../log.ts';
import { CODE } from './numbers.ts';
import { startLabServer } from './server-lab.ts';
import { RadiusServers, type ServersOptions } from './servers.ts';

const QUESTION = { code: CODE.accessRequest, attributes: [{ type: 1, value: Buffer.from('1000') }] };

async function lab(t: Parameters<typeof startLabServer>[0], options: Partial<ServersOptions> = {}) {
  const [first, second] = [await startLabServer(t), await startLabServer(t)];
  const time = { now: 0 };
  const clock = { now: () => time.now, monotonic: () => time.now };
  const said: string[] = [];
  const log = { ...silentLog, warn: (text: string) => void said.push(text) };
  const usual = { timeout: 400, tries: 2, deadTime: 30_000 };
  const servers = new RadiusServers([first.peer, second.peer], { ...usual, ...options }, { clock, log });
  t.after(() => servers.close());
  const heard = () => [first.heard.length, second.heard.length];
  return { servers, first, second, time, said, heard };
}

test('the first one that answers is asked, and no other', async (t) => {
  const { servers, heard } = await lab(t, { timeout: 20_000 });
  assert.equal((await servers.ask(QUESTION))?.code, CODE.accessAccept);
  assert.deepEqual(heard(), [1, 0]);
});

test('one that says nothing is asked again, then the next one; for a while it is the last to be asked', async (t) => {
  const { servers, first, second, time, said } = await lab(t);
  first.answer = undefined;
  assert.equal((await servers.ask(QUESTION))?.code, CODE.accessAccept);
  // The second one is asked again, too, where the machine is slow.
  assert.equal(first.heard.length, 2);
  const before = second.heard.length;
  await servers.ask(QUESTION);
  assert.equal(first.heard.length, 2);
  assert.ok(second.heard.length > before);
  assert.deepEqual(said, ['a RADIUS server does not answer, or not with our secret']);
  time.now += 30_000;
  first.answer = { code: CODE.accessReject, attributes: [] };
  assert.equal((await servers.ask(QUESTION))?.code, CODE.accessReject);
});

test('an answer that was made with another secret is none', async (t) => {
  const { servers, first, second } = await lab(t);
  first.secret = Buffer.from('another secret');
  second.answer = { code: CODE.accessReject, attributes: [] };
  assert.equal((await servers.ask(QUESTION))?.code, CODE.accessReject);
});

test('where none answers nothing is known; what is too much at once is not asked, nor what comes behind the end', async (t) => {
  const { servers, first, second, heard } = await lab(t, { tries: 1, most: 1 });
  first.answer = second.answer = undefined;
  const asked = servers.ask(QUESTION);
  assert.equal(await servers.ask(QUESTION), undefined);
  servers.close();
  assert.equal(await asked, undefined);
  assert.deepEqual(heard(), [1, 1]);
  assert.equal(await servers.ask(QUESTION), undefined);
  assert.deepEqual(heard(), [1, 1]);
});
