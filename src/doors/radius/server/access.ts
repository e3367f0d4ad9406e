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
import type { Clock } from '../../../platform/clock.ts';
import type { Log } from '../../../platform/log.ts';
import { type Attribute, numberAttribute, textAttributes } from '../../../platform/radius/attributes.ts';
import { ATTRIBUTE, CODE } from '../../../platform/radius/numbers.ts';
import type { Packet } from '../../../platform/radius/packet.ts';
import { revealPassword } from '../../../platform/radius/user-password.ts';
import { Seldom } from '../../../platform/seldom.ts';
import { classAttribute } from './class.ts';
import type { RadiusClient } from './clients.ts';
import type { Outcome, Said } from './outcome.ts';
import { placeOf, SessionOf } from './station.ts';

export interface AccessParts {
  readonly gate: Pick<Gate, 'prove' | 'admit'>;
  readonly realms: Pick<Realms, 'split'>;
  readonly clock: Clock;
  readonly log: Log;
}

const MICROSOFT = 311;
const MS_CHAP = [1, 25]; // MS-CHAP-Response, MS-CHAP2-Response (RFC 2548)
const TRANSACTION = /^[0-9.]{1,64}$/;
const REJECT: Said = { code: CODE.accessReject, attributes: [] };

/** Only who gave the right proof hears more than that he is refused. */
const TOLD: Partial<Record<RefusalReason, string>> = {
  locked: 'This user is locked.',
  policy: 'You may not come in here, or not now.',
  'new-place': 'A code is needed first.',
  'not-sent': 'The code could not be sent.',
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
    const method = unsupported(packet, client);
    if (method !== undefined) return this.#cannot(packet, client, method);
    const knock = this.#knockOf(packet, client, from);
    if (knock === undefined) return REJECT;
    const verdict = this.#parts.gate.prove(knock);
    return verdict instanceof Promise
      ? verdict.then((one) => this.#say(one, packet, client))
      : this.#say(verdict, packet, client);
  }

  #say(verdict: Verdict, packet: Packet, client: RadiusClient): Answer<Outcome> {
    switch (verdict.verdict) {
      case 'proven':
        return this.#admit(verdict.ticket, packet, client);
      case 'challenge':
        return {
          code: CODE.accessChallenge,
          attributes: [
            { type: ATTRIBUTE.state, value: Buffer.from(verdict.transaction) },
            ...textAttributes(ATTRIBUTE.replyMessage, verdict.prompt),
          ],
        };
      case 'refused':
        return refusalOf(verdict);
    }
  }

  #admit(ticket: Ticket, packet: Packet, client: RadiusClient): Answer<Outcome> {
    const { login } = ticket.account;
    const admission = this.#parts.gate.admit(ticket, new SessionOf(packet, client));
    return admission instanceof Promise ? admission.then((one) => admitted(one, login)) : admitted(admission, login);
  }

  /** Undefined: nobody can be meant. */
  #knockOf(packet: Packet, client: RadiusClient, from: string): Knock | undefined {
    const name = packet.text(ATTRIBUTE.userName);
    const proof = proofOf(packet, client);
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
      this.#parts.log.warn('a client uses a method that is not there: set it to PAP or CHAP', {
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

function admitted(admission: Admission, login: string): Outcome {
  if (!admission.admitted) return rejectWith(TOLD.policy);
  const { seconds } = admission.terms;
  const attributes: Attribute[] = seconds === undefined ? [] : [numberAttribute(ATTRIBUTE.sessionTimeout, seconds)];
  const known = classAttribute({ login, seconds });
  if (known !== undefined) attributes.push(known);
  return { code: CODE.accessAccept, attributes };
}

function refusalOf({ reason, silent }: Refused): Outcome {
  if (silent) return 'silent';
  return reason === 'unavailable' ? 'later' : rejectWith(TOLD[reason]);
}

function rejectWith(message: string | undefined): Said {
  if (message === undefined) return REJECT;
  return { code: CODE.accessReject, attributes: textAttributes(ATTRIBUTE.replyMessage, message) };
}

/** The method that is asked for and not there. */
function unsupported(packet: Packet, { proof }: RadiusClient): string | undefined {
  if (packet.has(ATTRIBUTE.eapMessage)) return 'EAP';
  if (packet.has(ATTRIBUTE.vendorSpecific) && MS_CHAP.some((type) => packet.vendor(MICROSOFT, type))) return 'MS-CHAP';
  // It shows that somebody knows a password, and says nothing of a one-time password.
  return proof === 'otp' && packet.has(ATTRIBUTE.chapPassword) ? 'CHAP with one-time passwords' : undefined;
}

/** Undefined: none, two, or none of their form. */
function proofOf(packet: Packet, client: RadiusClient): Proof | undefined {
  const hidden = packet.first(ATTRIBUTE.userPassword);
  const chap = packet.first(ATTRIBUTE.chapPassword);
  const state = packet.first(ATTRIBUTE.state);
  if (chap !== undefined) {
    if (hidden !== undefined || state !== undefined || chap.length !== 17) return undefined;
    const challenge = packet.first(ATTRIBUTE.chapChallenge) ?? packet.authenticator;
    return { kind: 'chap', identifier: chap[0]!, challenge, response: chap.subarray(1) };
  }
  const password = hidden && revealPassword(hidden, packet.authenticator, client.secret)?.toString();
  if (password === undefined) return undefined;
  if (state === undefined) {
    return client.proof === 'otp' ? { kind: 'otp', pass: password } : { kind: 'password', password };
  }
  const transaction = state.toString('latin1');
  if (!TRANSACTION.test(transaction)) return undefined;
  return client.proof === 'otp'
    ? { kind: 'otp', pass: password, transaction }
    : { kind: 'answer', transaction, code: password };
}
