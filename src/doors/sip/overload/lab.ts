/** The engine with its transactions for tests of overload; clock and rest are the test's. Times in milliseconds. */
import assert from 'node:assert/strict';
import { silentLog } from '../../../platform/log.ts';
import { TimerWheel } from '../../../platform/timer-wheel.ts';
import { Engine } from '../engine.ts';
import type { SipMessage } from '../message/message.ts';
import { UDP } from '../modules/lab.ts';
import type { Run } from '../run.ts';
import { createTransactions } from '../transaction/layer.ts';
import type { Source, Transport } from '../transport/types.ts';

const STEP = 100;

/** The script answers what it begins with 200, REGISTERs when the test says so; a call without credentials with 401 if it is `challenging`. */
export function lab({ beginning = 0, turningAway = 0, challenging = false }: LabOptions = {}) {
  let now = 0;
  let rested = 0;
  const clock = { now: () => 1_000_000 + now, monotonic: () => now };
  const failed = (error: unknown) => assert.fail(String(error));
  const wheel = new TimerWheel({ clock, onError: failed });
  const sent: string[] = [];
  const send = (text: string) => {
    if (text.startsWith('SIP/2.0 503')) now += turningAway;
    sent.push(text);
  };
  /** As if this was read of that. */
  const reading = { turn: 32, waited: 0 };
  const transport = Object.assign(reading, { points: [UDP], send }) as unknown as Transport;
  const begun: string[] = [];
  const storing: Run[] = [];
  const engine = new Engine({
    transport,
    transactions: createTransactions({ transport, wheel, owner: '0', onError: failed }),
    clock,
    wheel,
    log: silentLog,
    rested: () => rested,
    tagPrefix: 'us-',
    script: {
      server: '',
      start(run) {
        now += beginning;
        begun.push(run.message.callId);
        if (run.message.method === 'REGISTER') {
          storing.push(run);
          run.suspend();
          return false;
        }
        const refused = challenging && mustProve(run.message);
        run.reply(run.cancelled ? 487 : refused ? 401 : 200, 'Said');
        return true;
      },
      resume(run) {
        run.reply(200, 'Stored');
        return true;
      },
    },
  });
  engine.overload.run();
  const source: Source = { point: UDP, address: '198.51.100.7', port: 5070, connection: undefined };
  return {
    engine,
    reading,
    begun,
    storing,
    receive: (method: string, callId: string, options: Options = {}) =>
      engine.onMessage(request(method, callId, options), source),
    now: () => now,
    /** Time passes, and the loop rests or not. */
    spend(ms: number, rests = false) {
      now += ms;
      if (rests) rested += ms;
      wheel.advance();
    },
    /** So many steps, of which the loop rests a part. */
    pass(steps: number, rest: number) {
      for (let step = 0; step < steps; step++) {
        rested += rest * STEP;
        now += STEP;
        wheel.advance();
      }
    },
    /** `INVITE c1 503` for each reply since it was asked last. */
    replies: () =>
      sent.splice(0).map((text) => {
        const callId = /Call-ID: (.*)\r/.exec(text)![1];
        return `${/CSeq: \d+ (.*)\r/.exec(text)![1]} ${callId} ${text.slice(8, 11)}`;
      }),
    sent,
    /** One turn of the event loop. */
    turn: () => new Promise((resolve) => setImmediate(resolve)),
  };
}

interface LabOptions {
  /** Milliseconds that it costs. */
  readonly beginning?: number;
  readonly turningAway?: number;
  readonly challenging?: boolean;
}

interface Options {
  readonly toTag?: string;
  readonly header?: string | undefined;
  readonly body?: string;
}

/** A new one that neither has credentials nor says that it needs none. */
function mustProve({ method, toTag, raw }: SipMessage): boolean {
  return method === 'INVITE' && toTag === '' && !raw.includes('\r\nAuthorization:') && !raw.includes('\r\nSubject:');
}

export const CREDENTIALS = 'Authorization: Digest username="alice"';

function request(method: string, callId: string, { toTag, header, body = '' }: Options): string {
  const branch = method === 'CANCEL' ? 'INVITE' : method;
  const lines = [
    `${method} sip:bob@example.com SIP/2.0`,
    `Via: SIP/2.0/UDP 198.51.100.7:5070;branch=z9hG4bK${callId}${branch}${header ? 'second' : ''}`,
    'From: <sip:alice@example.com>;tag=a',
    `To: <sip:bob@example.com>${toTag ? `;tag=${toTag}` : ''}`,
    `Call-ID: ${callId}`,
    `CSeq: 1 ${method}`,
    ...(header ? [header] : []),
    `Content-Length: ${body.length}`,
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}
