/** The other end of a line that speaks PPP, as pppd does when it calls: for tests. What is to end, it lets end. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import type { Host } from '../line/types.ts';
import { FrameReader, frameOf, type Packet } from './frames.ts';

export const PROTOCOL = { lcp: 0xc021, pap: 0xc023, chap: 0xc223, cbcp: 0xc029, ipcp: 0x8021 } as const;
/** Its answer is the next code. */
const TERMINATE = 5;
const DEADLINE_MS = 30_000;

export interface Peer {
  /** The next packet of this protocol and code; what else comes before it is passed over. */
  expect(protocol: number, code: number): Promise<Packet>;
  send(protocol: number, code: number, identifier: number, data: string | Buffer): void;
  /** LCP until both sides have said yes; gives what the other end asks for as a proof. `options` in hex. */
  open(options: string): Promise<string>;
  chap(name: string, password: string): Promise<Packet>;
  pap(name: string, password: string): Promise<Packet>;
}

export function pppPeer(host: Host): Peer {
  const reader = new FrameReader();
  const packets: Packet[] = [];
  let wake: (() => void) | undefined;
  host.listen((bytes) => {
    const read = reader.read(bytes);
    packets.push(...read);
    for (const { protocol, code, identifier } of read)
      if (protocol === PROTOCOL.lcp && code === TERMINATE) send(PROTOCOL.lcp, TERMINATE + 1, identifier, '');
    wake?.();
  });
  return { expect, send, open, chap, pap };

  async function expect(protocol: number, code: number): Promise<Packet> {
    const late = AbortSignal.timeout(DEADLINE_MS);
    for (;;) {
      for (let packet = packets.shift(); packet !== undefined; packet = packets.shift())
        if (packet.protocol === protocol && packet.code === code) return packet;
      assert.ok(!late.aborted, `no packet ${protocol.toString(16)} ${code}`);
      await new Promise<void>((resolve) => {
        wake = resolve;
        late.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  function send(protocol: number, code: number, identifier: number, data: string | Buffer): void {
    host.write(
      frameOf({ protocol, code, identifier, data: typeof data === 'string' ? Buffer.from(data, 'hex') : data }),
    );
  }

  async function open(options: string): Promise<string> {
    send(PROTOCOL.lcp, 1, 7, options);
    const asked = await expect(PROTOCOL.lcp, 1);
    send(PROTOCOL.lcp, 2, asked.identifier, asked.data);
    assert.equal((await expect(PROTOCOL.lcp, 2)).identifier, 7);
    return asked.data.toString('hex');
  }

  async function chap(name: string, password: string): Promise<Packet> {
    const { identifier, data } = await expect(PROTOCOL.chap, 1);
    const challenge = data.subarray(1, 1 + data[0]!);
    const value = hash('md5', Buffer.concat([Buffer.of(identifier), Buffer.from(password), challenge]), 'buffer');
    send(PROTOCOL.chap, 2, identifier, Buffer.concat([Buffer.of(value.length), value, Buffer.from(name)]));
    return expect(PROTOCOL.chap, 3);
  }

  async function pap(name: string, password: string): Promise<Packet> {
    const data = [name, password].flatMap((text) => [Buffer.of(text.length), Buffer.from(text)]);
    send(PROTOCOL.pap, 1, 1, Buffer.concat(data));
    return expect(PROTOCOL.pap, 2);
  }
}
