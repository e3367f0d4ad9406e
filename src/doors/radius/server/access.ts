/**
 * Access-Requests as knocks at the gate, and its verdicts as Accept, Reject and Challenge (RFC 2865 sections 4.1 to 4.4).
 *
 * State carries the transaction of a challenge, in ASCII. Where the gate cannot be asked nothing is said, so that the NAS turns to
 * another server. Whoever brings a wrong proof is told nothing else.
 */
import type { Answer } from '../../../core/answer.ts';
import type {
  Admission,
  Gate,
  Knock,
  Proof,
  RefusalReason,
  Refused,
  Ticket,
  Verdict,
} from '../../../core/gate/types.ts';
import type { Realms } from '../../../core/realms/types.ts';
import type { Account } from '../../../core/users/types.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { Log } from '../../../platform/log.ts';
import { type Attribute, numberAttribute, textAttributes } from '../../../platform/radius/attributes.ts';
import { ATTRIBUTE, CODE } from '../../../platform/radius/numbers.ts';
import type { Packet } from '../../../platform/radius/packet.ts';
import { Seldom } from '../../../platform/seldom.ts';
import { classAttribute } from './class.ts';
import type { RadiusClient } from './clients.ts';
import type { EapRequests } from './eap.ts';
import { msChapError, msChapSuccess } from './ms-chap.ts';
import { type Outcome, type Said, TOO_MANY } from './outcome.ts';
import { proofOf, unsupported } from './proof.ts';
import { placeOf, SessionOf } from './station.ts';

export interface AccessParts {
  readonly gate: Pick<Gate, 'prove' | 'admit'>;
  readonly realms: Pick<Realms, 'split'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Where EAP goes; absent: it is not spoken here. */
  readonly eap?: Pick<EapRequests, 'answer'>;
}

const REJECT: Said = { code: CODE.accessReject, attributes: [] };

/** Only who gave the right proof hears more than that he is refused. */
const TOLD: Partial<Record<RefusalReason, string>> = {
  locked: 'This user is locked.',
  policy: 'You may not come in here, or not now.',
  'new-place': 'A code is needed first.',
  'not-sent': 'You could not be sent a code, or not be called.',
  'not-admitted': 'You were not let in by telephone.',
};

export class AccessRequests {
  readonly #parts: AccessParts;
  readonly #seldom: Seldom;

  constructor(parts: AccessParts) {
    this.#parts = parts;
    this.#seldom = new Seldom(parts.clock);
  }

  /** `from`: the address that the request came from. */
  answer(packet: Packet, client: RadiusClient, from: string): Answer<Outcome> {
    if (this.#parts.eap !== undefined && client.proof === 'password' && packet.has(ATTRIBUTE.eapMessage))
      return this.#parts.eap.answer(packet, client, from);
    const method = unsupported(packet, client);
    if (method !== undefined) return this.#cannot(packet, client, method);
    const knock = this.#knockOf(packet, client, from);
    if (knock === undefined) return REJECT;
    const verdict = this.#parts.gate.prove(knock);
    const { proof } = knock;
    return verdict instanceof Promise
      ? verdict.then((one) => this.#say(one, proof, packet, client))
      : this.#say(verdict, proof, packet, client);
  }

  #say(verdict: Verdict, proof: Proof, packet: Packet, client: RadiusClient): Answer<Outcome> {
    switch (verdict.verdict) {
      case 'proven':
        return this.#admit(verdict.ticket, proof, packet, client);
      case 'challenge':
        return {
          code: CODE.accessChallenge,
          attributes: [
            { type: ATTRIBUTE.state, value: Buffer.from(verdict.transaction) },
            ...textAttributes(ATTRIBUTE.replyMessage, verdict.prompt),
          ],
        };
      case 'refused':
        return refusalOf(verdict, packet);
    }
  }

  #admit(ticket: Ticket, proof: Proof, packet: Packet, client: RadiusClient): Answer<Outcome> {
    const admission = this.#parts.gate.admit(ticket, new SessionOf(packet, client));
    const say = (one: Admission) => admitted(one, ticket.account, proof, packet, client);
    return admission instanceof Promise ? admission.then(say) : say(admission);
  }

  /** Undefined: nobody can be meant. */
  #knockOf(packet: Packet, client: RadiusClient, from: string): Knock | undefined {
    const name = packet.text(ATTRIBUTE.userName);
    const proof = name ? proofOf(packet, client, name) : undefined;
    if (!name || proof === undefined) return undefined;
    const address = placeOf(packet, from);
    const at = name.lastIndexOf('@');
    const { login, realm } =
      proof.kind === 'otp'
        ? this.#parts.realms.split(name)
        : { login: at < 0 ? name : name.slice(0, at), realm: at < 0 ? '' : name.slice(at + 1) };
    const time = this.#parts.clock.now();
    return { door: 'radius', user: login, domain: realm, client: { address, port: 0 }, proof, time };
  }

  /** A method that is not there is no wrong try: nothing was tried. */
  #cannot(packet: Packet, client: RadiusClient, method: string): Outcome {
    if (this.#seldom.due()) {
      this.#parts.log.warn('a client uses a method that is not there: set it to PAP, CHAP or MS-CHAPv2', {
        client: client.name,
        method,
      });
    }
    const attributes = textAttributes(ATTRIBUTE.replyMessage, `${method} is not spoken here.`);
    const eap = packet.first(ATTRIBUTE.eapMessage);
    // EAP-Failure, so that the supplicant hears of it (RFC 3579 section 2.6.3).
    if (eap !== undefined && eap.length >= 4)
      attributes.push({ type: ATTRIBUTE.eapMessage, value: Buffer.of(4, eap[1]!, 0, 4) });
    return { code: CODE.accessReject, attributes };
  }
}

function admitted(admission: Admission, account: Account, proof: Proof, packet: Packet, client: RadiusClient): Outcome {
  if (!admission.admitted) return reject('policy', packet, admission.full && TOO_MANY);
  const { seconds, reply = [] } = admission.terms;
  const attributes: Attribute[] = seconds === undefined ? [] : [numberAttribute(ATTRIBUTE.sessionTimeout, seconds)];
  const known = classAttribute({ login: account.login, seconds });
  if (known !== undefined) attributes.push(known);
  const keys = proof.kind === 'ms-chap' ? account.msChapKeys?.(proof) : undefined;
  attributes.push(...reply);
  if (keys !== undefined) attributes.push(...msChapSuccess(packet, keys, client.secret));
  return { code: CODE.accessAccept, attributes };
}

function refusalOf({ reason, silent }: Refused, packet: Packet): Outcome {
  if (silent) return 'silent';
  return reason === 'unavailable' ? 'later' : reject(reason, packet);
}

function reject(reason: RefusalReason, packet: Packet, message = TOLD[reason]): Said {
  const error = msChapError(packet, reason);
  if (message === undefined && error === undefined) return REJECT;
  const told = message === undefined ? [] : textAttributes(ATTRIBUTE.replyMessage, message);
  return { code: CODE.accessReject, attributes: error === undefined ? told : [error, ...told] };
}
