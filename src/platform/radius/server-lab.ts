/** A RADIUS server for tests, on loopback: takes what is signed with its secret, and says what a test wants. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Peer } from './asker.ts';
import type { Attribute } from './attributes.ts';
import { checkMessageAuthenticator } from './authenticators.ts';
import { CODE, type Code } from './numbers.ts';
import { Packet, readPacket } from './packet.ts';
import { writeReply } from './reply.ts';

export interface LabServer {
  readonly peer: Peer;
  /** What came and was rightly signed. */
  readonly heard: Packet[];
  /** Undefined: nothing is said. */
  answer: { readonly code: Code; readonly attributes: readonly Attribute[] } | undefined;
  /** Other than the peer's, so that answers are wrongly signed. */
  secret: Buffer;
}

export async function startLabServer(t: { after(end: () => void): void }): Promise<LabServer> {
  const socket = createSocket('udp4');
  t.after(() => void socket.close());
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const secret = Buffer.from('a-secret-of-the-tests');
  const lab: LabServer = {
    peer: { address: '127.0.0.1', port: socket.address().port, secret, signs: true },
    heard: [],
    answer: { code: CODE.accessAccept, attributes: [] },
    secret,
  };
  socket.on('message', (datagram, from) => {
    const packet = readPacket(datagram);
    if (!(packet instanceof Packet) || checkMessageAuthenticator(packet, secret) !== 'right') return;
    lab.heard.push(packet);
    const reply = lab.answer && writeReply(lab.answer.code, packet, lab.secret, lab.answer.attributes);
    if (reply) socket.send(reply, from.port, from.address);
  });
  return lab;
}
