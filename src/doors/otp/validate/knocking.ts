/**
 * A call of /validate as a knock at the gate. Nothing is told but the verdict: what a call lacks, a name that nobody has, a fault of ours
 * and a refusal look alike to whoever asks.
 */
import type { Answer } from '../../../core/answer.ts';
import type { Gate, Knock, OtpProof, Verdict } from '../../../core/gate/types.ts';
import type { ActionPolicy } from '../../../core/policy/policy.ts';
import type { Realms } from '../../../core/realms/types.ts';
import type { Clock } from '../../../platform/clock.ts';
import { describeError } from '../../../platform/errors.ts';
import type { HttpReply, HttpRequest } from '../../../platform/http-route.ts';
import type { Log } from '../../../platform/log.ts';
import type { ClientAddresses } from '../client.ts';
import type { Fields } from '../fields.ts';

export interface KnockingParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly gate: Pick<Gate, 'prove'>;
  readonly realms: Pick<Realms, 'split'>;
  readonly policy: ActionPolicy;
  clients(): ClientAddresses;
}

/** What was knocked with, and what the gate said; undefined: it was not asked, since the call was not complete. */
export interface Heard {
  readonly knock: Knock | undefined;
  readonly verdict: Verdict | undefined;
}

type How = Pick<OtpProof, 'bySerial' | 'polls'>;

const NOTHING: Heard = { knock: undefined, verdict: undefined };
/** Whoever sends more than this proves nothing. */
const MAX_TEXT = 1024;

export class Knocking {
  readonly #parts: KnockingParts;

  constructor(parts: KnockingParts) {
    this.#parts = parts;
  }

  /** `reply` makes an answer of what was heard. */
  knock(request: HttpRequest, how: How, reply: (heard: Heard) => Answer<HttpReply>): Answer<HttpReply> {
    const { gate, log } = this.#parts;
    const knock = this.#knockOf(request, how);
    if (knock === undefined) return reply(NOTHING);
    try {
      const verdict = gate.prove(knock);
      if (!(verdict instanceof Promise)) return reply({ knock, verdict });
      return verdict.then(
        (one) => reply({ knock, verdict: one }),
        (error) => failed(error),
      );
    } catch (error) {
      return failed(error);
    }

    function failed(error: unknown): Answer<HttpReply> {
      log.error('a check failed', { path: request.path, error: describeError(error) });
      return reply(NOTHING);
    }
  }

  /** Undefined: what every proof needs is missing. */
  #knockOf(request: HttpRequest, how: How): Knock | undefined {
    const { clock, realms, policy } = this.#parts;
    const { fields } = request;
    const user = fields.get('user') ?? '';
    const serial = fields.get('serial');
    const transaction = transactionOf(fields);
    const pass = fields.get('pass');
    if (pass === undefined || !(user || serial || transaction)) return undefined;
    const given = fields.get('realm');
    const texts = [user, pass, serial, transaction, given, fields.get('token_type')];
    if (texts.some((text) => text !== undefined && text.length > MAX_TEXT)) return undefined;
    const client = this.#parts.clients().of(request);
    const time = clock.now();
    const { login, realm: named } = user === '' ? { login: '', realm: '' } : realms.split(user, given);
    const asker = { name: login, realm: named, client: client.address, time: new Date(time) };
    const realm = login === '' ? '' : (policy.actionValue('authorization', 'setrealm', asker)?.value ?? named);
    const proof: OtpProof = {
      kind: 'otp',
      pass,
      ...(transaction ? { transaction } : {}),
      ...(serial ? { serial } : {}),
      ...how,
      ...textOf(fields, 'token_type', 'tokenType'),
      ...textOf(fields, 'challenge', 'challenge'),
      ...textOf(fields, 'data', 'data'),
      ...textOf(fields, 'message', 'message'),
    };
    return { door: 'otp', user: login, domain: realm, client, proof, time };
  }
}

/** RADIUS calls it the state. */
export function transactionOf(fields: Fields): string | undefined {
  return fields.get('transactionid') || fields.get('state') || undefined;
}

function textOf<Name extends string>(fields: Fields, field: string, name: Name): { [One in Name]?: string } {
  const value = fields.get(field);
  // Such a text goes into an SMS.
  return value === undefined ? {} : ({ [name]: value.slice(0, MAX_TEXT) } as { [One in Name]?: string });
}
