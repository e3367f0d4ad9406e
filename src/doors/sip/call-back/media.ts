/**
 * The sound of one call: a socket on a port of the range, the prompt out of it, and keys into it.
 *
 * Only what comes from the address and port of the answer counts; or, where a telephone stands behind a NAT and its answer names an address that
 * nothing comes from, what comes from the host that its SIP came from: its first packet says the port, and no other port counts from then on.
 * Errors: CALL_BACK_PORTS where no port of the range is free.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { GatehouseError } from '../../../platform/errors.ts';
import type { Law } from './g711.ts';
import { type Prompt, SAMPLES_PER_PACKET } from './prompt.ts';
import { readRtp, writeRtp } from './rtp.ts';
import { type Answered, PAYLOAD_TYPES } from './sdp.ts';
import { TelephoneEvents } from './telephone-events.ts';

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export interface Media {
  readonly port: number;
  /** The prompt goes out, and keys are told; `host`: where the SIP of the other side comes from. */
  run(to: Answered, host: string, prompts: Readonly<Record<Law, Prompt>>, onKey: (key: string) => void): void;
  close(): void;
}

const PACKET_MS = 20;
/** That are sent at once when the timer was late; the rest is left out. */
const MOST_LATE = 5;
const TRIES = 20;

export async function openMedia(address: string, range: PortRange): Promise<Media> {
  for (let i = 0; i < TRIES; i++) {
    // Even ones: the odd one above belongs to RTCP (RFC 3550 section 11).
    const port = (randomInt(range.first, range.last + 1) >> 1) << 1;
    const socket = port < range.first ? undefined : await bound(address, port);
    if (socket) return new OpenMedia(socket, port);
  }
  throw new GatehouseError('CALL_BACK_PORTS', 'no port for the sound of a call back is free', {
    hint: 'give sip.call_back.ports a wider range, or one that nobody else uses',
  });
}

function bound(address: string, port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    socket.once('error', () => {
      socket.close();
      resolve(undefined);
    });
    socket.bind(port, address, () => {
      socket.removeAllListeners('error');
      // Of a telephone that is gone: the call ends by its own deadline.
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}

class OpenMedia implements Media {
  readonly port: number;
  readonly #socket: Socket;
  #timer: NodeJS.Timeout | undefined;
  #isOpen = true;

  constructor(socket: Socket, port: number) {
    this.#socket = socket;
    this.port = port;
  }

  run(to: Answered, host: string, prompts: Readonly<Record<Law, Prompt>>, onKey: (key: string) => void): void {
    if (!this.#isOpen || this.#timer) return;
    const events = new TelephoneEvents();
    const peer = { address: to.address, port: to.port, latched: false };
    this.#socket.on('message', (data, from) => {
      const isPeer = from.address === peer.address && from.port === peer.port;
      if (!isPeer && (peer.latched || from.address !== host)) return;
      const packet = readRtp(data);
      if (packet === undefined) return;
      Object.assign(peer, { address: from.address, port: from.port, latched: true });
      if (!to.events.includes(packet.payloadType)) return;
      const key = events.take(packet);
      if (key !== '') onKey(key);
    });
    const next = this.#sender(PAYLOAD_TYPES[to.law], prompts[to.law]);
    const began = performance.now();
    let sent = 0;
    this.#timer = setInterval(() => {
      const due = Math.floor((performance.now() - began) / PACKET_MS) + 1;
      sent = Math.max(sent, due - MOST_LATE);
      for (; sent < due; sent++) this.#socket.send(next(), peer.port, peer.address, () => {});
    }, PACKET_MS);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    clearInterval(this.#timer);
    this.#socket.close();
  }

  #sender(payloadType: number, prompt: Prompt): () => Buffer {
    const seed = randomBytes(8);
    const source = seed.readUInt32BE(0);
    const start = seed.readUInt32BE(4);
    let sequence = 0;
    return () => {
      const timestamp = start + sequence * SAMPLES_PER_PACKET;
      return writeRtp(payloadType, { sequence, timestamp, source }, prompt[sequence++ % prompt.length]!);
    };
  }
}
