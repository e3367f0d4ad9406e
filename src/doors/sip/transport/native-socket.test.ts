/** What only a full system buffer shows, with a module that plays one. The rest: datagram.test.ts. */
import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { test } from 'node:test';
import type { NativeUdp } from '../../../platform/udp/native-udp.ts';
import { nativeSockets } from './native-socket.ts';

const { EAGAIN, ENOMEM, EPERM } = constants.errno;

/** What `send` answers, and what was sent; `room` is called when the system has some again. */
async function lab() {
  const sent: string[] = [];
  const state = { time: 0, answer: 0, watched: false, room: () => {}, received: (_: number) => {} };
  const native: NativeUdp = {
    source: '',
    received: new ArrayBuffer(0),
    header: new ArrayBuffer(0),
    open(address, port, _family, buffer, onReceived, onWritable) {
      state.room = onWritable;
      state.received = onReceived;
      return { socket: 7, address, port, receiveBuffer: 2 * buffer, sendBuffer: 2 * buffer };
    },
    close() {
      state.watched = false;
    },
    send(_socket, text) {
      if (state.answer === 0) sent.push(text);
      return state.answer;
    },
    watch(_socket, writable) {
      state.watched = writable;
    },
    senderOf: () => assert.fail(),
  };
  const counters = { received: 0, sent: 0, sendErrors: 0 };
  const receiver = { onMessage: () => assert.fail(), onUnframed: () => assert.fail() };
  const socket = await nativeSockets(native, () => state.time)(
    { address: '127.0.0.1', port: 5060 },
    receiver,
    counters,
  );
  const failed: string[] = [];
  const send = (text: string) =>
    socket.send(text, '127.0.0.1', 5060, {
      sendFailed: (code) => void failed.push(`${text.slice(0, 8)}: ${code}`),
    });
  return { socket, state, sent, counters, failed, send };
}

/** Failures are told in a tick. */
const told = () => new Promise(setImmediate);

test('what finds the system full waits and goes out in order', async () => {
  const { state, sent, counters, failed, send } = await lab();
  send('1');
  state.answer = -EAGAIN;
  send('2');
  send('3');
  assert.equal(state.watched, true);
  state.answer = 0;
  send('4'); // behind those that wait, though there would be room
  state.answer = -EAGAIN;
  state.room();
  assert.deepEqual([sent, state.watched], [['1'], true]);
  state.answer = 0;
  state.room();
  assert.deepEqual([sent, state.watched], [['1', '2', '3', '4'], false]);
  send('5');
  assert.equal(sent.at(-1), '5');
  await told();
  assert.deepEqual([failed, counters.sendErrors], [[], 0]);
});

test('one that fails while waiting does not hold up the others', async () => {
  const { state, sent, failed, send } = await lab();
  state.answer = -EAGAIN;
  send('1');
  send('2');
  state.answer = -EPERM;
  state.room();
  state.answer = 0;
  send('3');
  await told();
  assert.deepEqual([sent, failed, state.watched], [['3'], ['1: EPERM', '2: EPERM'], false]);
});

test('about 1 MiB waits; what is beyond is lost and told', async () => {
  const { state, sent, counters, failed, send } = await lab();
  state.answer = -EAGAIN;
  for (let i = 0; i < 20; i++) send(`${i}`.padEnd(65_000));
  await told();
  assert.deepEqual(
    failed,
    ['16', '17', '18', '19'].map((text) => `${text.padEnd(8)}: ENOBUFS`),
  );
  for (let i = 0; i < 10_000; i++) send('small');
  await told();
  assert.ok(failed.length > 9_000, 'small ones are not free');
  state.answer = 0;
  state.room();
  send('x'.padEnd(65_000)); // there is room again
  assert.equal(sent.filter((text) => text.length === 65_000).length, 17);
  assert.equal(counters.sendErrors, failed.length);
});

test('who waited longer than half a second is not sent any more', async () => {
  const { state, sent, failed, send } = await lab();
  state.answer = -EAGAIN;
  send('1');
  state.time = 1;
  send('2');
  state.answer = 0;
  state.time = 501;
  state.room();
  await told();
  assert.deepEqual([sent, failed, state.watched], [['2'], ['1: ETIMEDOUT'], false]);
});

test('who waits when the socket closes is told', async () => {
  const { socket, state, sent, failed, send } = await lab();
  state.answer = -EAGAIN;
  send('1');
  send('2');
  await socket.close();
  await told();
  assert.deepEqual([sent, failed], [[], ['1: ECANCELED', '2: ECANCELED']]);
});

test('an error of receiving is counted, and nothing is read', async () => {
  const { state, counters } = await lab();
  state.received(-ENOMEM);
  assert.deepEqual(counters, { received: 0, sent: 0, sendErrors: 1 });
});
