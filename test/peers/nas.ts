/** Network equipment that is asked to end sessions: takes Disconnect-Requests (RFC 5176) and says what a test wants. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { checkMessageAuthenticator, checkSum } from '../../src/platform/radius/authenticators.ts';
import type { Code } from '../../src/platform/radius/numbers.ts';
import { Packet, readPacket } from '../../src/platform/radius/packet.ts';
import { writeReply } from '../../src/platform/radius/reply.ts';
import type { Cleanup } from './cleanup.ts';
import { freePort } from './ports.ts';

export interface Nas {
  readonly port: number;
  /** What came and was rightly signed. */
  readonly heard: Packet[];
  /** Undefined: it says nothing. */
  answer: Code | undefined;
}

export async function startNas(t: Cleanup, secret: string): Promise<Nas> {
  const socket = createSocket('udp4');
  t.after(async () => void socket.close());
  const nas: Nas = { port: await freePort(), heard: [], answer: 41 };
  const key = Buffer.from(secret);
  socket.on('message', (datagram, from) => {
    const packet = readPacket(datagram);
    if (!(packet instanceof Packet) || !checkSum(packet, key) || checkMessageAuthenticator(packet, key) !== 'right')
      return;
    nas.heard.push(packet);
    const reply = nas.answer === undefined ? undefined : writeReply(nas.answer, packet, key, []);
    if (reply) socket.send(reply, from.port, from.address);
  });
  socket.bind(nas.port, '127.0.0.1');
  await once(socket, 'listening');
  return nas;
}
