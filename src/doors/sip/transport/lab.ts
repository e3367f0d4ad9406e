/** What the tests of the transports share. */
import { EventEmitter, once } from 'node:events';
import type { TestContext } from 'node:test';
import { placeOf } from '../../../core/limits/place.ts';
import { silentLog } from '../../../platform/log.ts';
import type { ConnectionLimits } from './connections.ts';
import { createTransport, type Listen, type TransportOptions } from './transport.ts';
import type { Protocol, Source, Target } from './types.ts';

/** A whole message. */
export const ok = (body = '') => `SIP/2.0 200 OK\r\nCSeq: 1 BYE\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

/** A transport whose clock stands still until `pass`; what it hears is kept. */
export async function lab(
  t: TestContext,
  listen: Listen[],
  limits: Partial<ConnectionLimits> = {},
  more: Partial<TransportOptions> = {},
) {
  let time = 0;
  const clock = { now: () => time, monotonic: () => time };
  const transport = createTransport({
    listen,
    log: silentLog,
    placeOf,
    clock,
    connectionLimits: { closeMs: 200, ...limits },
    ...more,
  });
  const heard = new EventEmitter();
  const messages: { text: string; source: Source }[] = [];
  await transport.start({
    onMessage(text, source) {
      messages.push({ text, source });
      heard.emit('message');
    },
    onUnframed({ reason }, source, head) {
      transport.send(`broken: ${reason} (${head.length})`, { ...source, protocol: 'tcp' });
    },
  });
  t.after(() => transport.stop());
  const count = async (n: number) => {
    while (messages.length < n) await once(heard, 'message');
  };
  /** Lets time pass and waits for the sweep. */
  const pass = (ms: number) => {
    time += ms;
  };
  return { transport, messages, count, pass, point: transport.points[0]! };
}

export function target(protocol: Protocol, port: number, more: Partial<Target> = {}): Target {
  return { protocol, address: '127.0.0.1', port, point: undefined, connection: undefined, ...more };
}

/** Resolves with the code that a sending failed with. */
export function failure() {
  let tell: (code: string) => void;
  const code = new Promise<string>((resolve) => {
    tell = resolve;
  });
  return { code, sendFailed: (text: string) => tell(text) };
}
