/** The same of both sockets; the native one only where the module is. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { nativeSockets, type OpenByteSocket, openOnDgram } from './byte-socket.ts';
import { loadNativeUdp, NATIVE_UDP } from './native-udp.ts';

const ways: [string, OpenByteSocket][] = [['dgram', openOnDgram]];
if (existsSync(NATIVE_UDP)) ways.push(['native', nativeSockets(loadNativeUdp())]);
const PACKET = Buffer.from(Array.from({ length: 256 }, (_, i) => i));

async function client(t: TestContext, address: string) {
  const socket = createSocket(address === '::1' ? 'udp6' : 'udp4');
  t.after(() => void socket.close());
  socket.bind(0, address);
  await once(socket, 'listening');
  return socket;
}

for (const [name, open] of ways) {
  for (const address of ['127.0.0.1', '::1']) {
    test(`${name}: bytes come as they were sent and go back, and are the receiver's own (${address})`, async (t) => {
      const kept: Buffer[] = [];
      const socket = await open(
        { address, port: 0 },
        {
          onDatagram(datagram, from, port) {
            kept.push(datagram);
            socket.send(datagram, port, from);
          },
          onFailure: () => assert.fail(),
        },
      );
      const peer = await client(t, address);
      for (let i = 0; i < 3; i++) {
        const sent = Buffer.concat([Buffer.of(i), PACKET]);
        const answered = once(peer, 'message');
        peer.send(sent, socket.port, address);
        const [back, from] = await answered;
        assert.deepEqual(back, sent);
        assert.deepEqual([from.address, from.port], [socket.address, socket.port]);
      }
      assert.deepEqual(
        kept.map((datagram) => datagram[0]),
        [0, 1, 2],
      );
      await socket.close();
      await socket.close();
      socket.send(PACKET, peer.address().port, address);
      const again = await open({ address, port: socket.port }, { onDatagram: () => {}, onFailure: () => {} });
      await again.close();
    });
  }

  test(`${name}: a port that is taken`, async (t) => {
    const { port } = (await client(t, '127.0.0.1')).address();
    const opening = open({ address: '127.0.0.1', port }, { onDatagram: () => {}, onFailure: () => {} });
    await assert.rejects(opening, { code: 'EADDRINUSE' });
  });
}
