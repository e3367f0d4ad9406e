/**
 * A hook that is a server: JSON by POST, signed. `Gatehouse-Signature: t=SECONDS,v1=HEX` is HMAC-SHA256 under the secret over `SECONDS.BODY`, so
 * that an old message cannot be sent again; `Gatehouse-Delivery` is the same in each try of one notice.
 *
 * Redirects are not followed, answers are bounded. Errors: HOOK_FAILED.
 */
import { createHmac, createSecretKey, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../platform/clock.ts';
import { describeError } from '../../platform/errors.ts';
import { failed, webhookAnswer } from './answer.ts';
import type { Hook, SessionEvent } from './types.ts';

const MOST_ANSWER = 16_384;

export interface WebhookParts {
  readonly url: string;
  readonly secret: string;
  /** A file of certificates; undefined: those that Node brings. */
  readonly caFile: string | undefined;
  readonly clock: Clock;
}

/** Errors: those of reading `caFile`. */
export function webhook({ url, secret, caFile, clock }: WebhookParts): Hook {
  const target = new URL(url);
  const key = createSecretKey(secret, 'utf8');
  const isSecure = target.protocol === 'https:';
  // As in core/control/client.ts: `import` of node:http costs each start 55 ms of CPU, whether there is a hook or not.
  const { Agent, request: give } = process.getBuiltinModule(isSecure ? 'node:https' : 'node:http');
  const pool = { keepAlive: true, maxFreeSockets: 4 };
  const agent = new Agent({ ...pool, ...(isSecure && caFile !== undefined ? { ca: readFileSync(caFile) } : {}) });
  const deliveries = new WeakMap<SessionEvent, string>();

  return {
    async ask(session, withinMs) {
      return webhookAnswer(await post({ event: 'admit', ...session }, randomUUID(), withinMs));
    },

    async tell(event, withinMs) {
      const delivery = deliveries.get(event) ?? randomUUID();
      deliveries.set(event, delivery);
      await post(event, delivery, withinMs);
    },

    close: () => agent.destroy(),
  };

  async function post(message: object, delivery: string, withinMs: number): Promise<string> {
    const body = JSON.stringify(message, timesAsText);
    const time = Math.floor(clock.now() / 1000);
    const signature = createHmac('sha256', key).update(`${time}.${body}`).digest('hex');
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'gatehouse-delivery': delivery,
      'gatehouse-signature': `t=${time},v1=${signature}`,
    };
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const signal = AbortSignal.timeout(withinMs);
    const request = give(target, { method: 'POST', agent, headers, signal }, (reply) =>
      read(reply).then(resolve, reject),
    );
    request.on('error', (error) => reject(failed(signal.aborted ? 'its time was over' : describeError(error), error)));
    request.end(body);
    return promise;
  }
}

async function read(reply: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  try {
    for await (const piece of reply as AsyncIterable<Buffer>) {
      size += piece.length;
      if (size > MOST_ANSWER) throw failed(`it answered more than ${MOST_ANSWER} bytes`);
      pieces.push(piece);
    }
  } catch (error) {
    reply.destroy();
    throw size > MOST_ANSWER ? error : failed('it broke off', error);
  }
  const { statusCode = 0 } = reply;
  if (statusCode < 200 || statusCode > 299) throw failed(`it answered ${statusCode}`);
  return Buffer.concat(pieces).toString('utf8');
}

/** Times go out as ISO 8601, in UTC. */
function timesAsText(name: string, value: unknown): unknown {
  return name === 'started' || name === 'ended' ? new Date(value as number).toISOString() : value;
}
