/**
 * Requests with EAP, passed on to a server that ends it (RFC 3579). What that server says goes back as it is, but for an Accept: whether
 * this user may come in here and now, and for how long, is for the gate to say. Nothing is said while that server says nothing.
 *
 * Keys in its answer are hidden with its secret, and are hidden anew with the client's. Other hidden attributes are left out.
 */
import { randomBytes } from 'node:crypto';
import type { Gate, Knock, Verdict } from '../../../core/gate/types.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { Asker, Peer } from '../../../platform/radius/asker.ts';
import {
  type Attribute,
  numberAttribute,
  textAttributes,
  vendorAttribute,
} from '../../../platform/radius/attributes.ts';
import { ATTRIBUTE, CODE } from '../../../platform/radius/numbers.ts';
import type { Packet } from '../../../platform/radius/packet.ts';
import { hideTunnelPassword, revealTunnelPassword } from '../../../platform/radius/user-password.ts';
import { classAttribute } from './class.ts';
import type { RadiusClient } from './clients.ts';
import { type Outcome, type Said, TOO_MANY } from './outcome.ts';
import { placeOf, SessionOf } from './station.ts';

export interface EapParts {
  readonly gate: Pick<Gate, 'prove' | 'admit'>;
  readonly clock: Clock;
  readonly asker: Pick<Asker, 'ask'>;
  /** The server that ends EAP. */
  readonly peer: Peer;
}

/** Milliseconds; equipment asks again itself after some seconds. */
export const EAP_PATIENCE = [2_000, 2_000, 4_000];
const MICROSOFT = 311;
const KEYS: readonly number[] = [16, 17]; // MS-MPPE-Send-Key, MS-MPPE-Recv-Key
const TUNNEL_PASSWORD = 69;
/** Of a request: what is made anew, or is hidden with the client's secret. */
const NOT_ASKED: readonly number[] = [ATTRIBUTE.messageAuthenticator, ATTRIBUTE.userPassword];
/** Of an answer: what is made anew, or said by us. */
const NOT_SAID: readonly number[] = [
  ATTRIBUTE.messageAuthenticator,
  ATTRIBUTE.proxyState,
  ATTRIBUTE.class,
  TUNNEL_PASSWORD,
];
/** How EAP-Failure begins (RFC 3748 section 4.2). */
const FAILURE = 4;

export class EapRequests {
  readonly #parts: EapParts;

  constructor(parts: EapParts) {
    this.#parts = parts;
  }

  /** `from`: the address that the request came from. */
  async answer(packet: Packet, client: RadiusClient, from: string): Promise<Outcome> {
    const { asker, peer } = this.#parts;
    const attributes = [...packet.attributes()].filter(({ type }) => !NOT_ASKED.includes(type));
    const question = { code: CODE.accessRequest, authenticator: randomBytes(16), attributes };
    const reply = await asker.ask(peer, question);
    if (reply === undefined) return 'later';
    const said = [...reply.attributes()]
      .filter(({ type }) => !NOT_SAID.includes(type))
      .map((one) => rewrapped(one, [question.authenticator, peer.secret], [packet.authenticator, client.secret]))
      .filter((one) => one !== undefined);
    if (reply.code === CODE.accessAccept) return this.#admit(reply, said, packet, client, from);
    if (reply.code !== CODE.accessChallenge && reply.code !== CODE.accessReject) return 'later';
    return { code: reply.code, attributes: said };
  }

  async #admit(
    reply: Packet,
    said: readonly Attribute[],
    packet: Packet,
    client: RadiusClient,
    from: string,
  ): Promise<Outcome> {
    const { clock, gate } = this.#parts;
    // Who it is inside of the tunnel, if the server tells.
    const name = reply.text(ATTRIBUTE.userName) ?? packet.text(ATTRIBUTE.userName) ?? '';
    const at = name.lastIndexOf('@');
    const [user, domain] = at < 0 ? [name, ''] : [name.slice(0, at), name.slice(at + 1)];
    const place = { address: placeOf(packet, from), port: 0 };
    const proof = { kind: 'external', by: 'eap' } as const;
    const knock: Knock = { door: 'radius', user, domain, client: place, proof, time: clock.now() };
    const verdict: Verdict = await gate.prove(knock);
    if (verdict.verdict !== 'proven') return unavailable(verdict) ? 'later' : refusal(packet);
    const admission = await gate.admit(verdict.ticket, new SessionOf(packet, client));
    if (!admission.admitted) return refusal(packet, admission.full && TOO_MANY);
    const { seconds, reply: given = [] } = admission.terms;
    const isOurs = (type: number) => type === ATTRIBUTE.sessionTimeout && seconds !== undefined;
    const attributes = [...said.filter(({ type }) => !isOurs(type)), ...given];
    if (seconds !== undefined) attributes.push(numberAttribute(ATTRIBUTE.sessionTimeout, seconds));
    const known = classAttribute({ login: verdict.ticket.account.login, seconds });
    if (known !== undefined) attributes.push(known);
    return { code: CODE.accessAccept, attributes };
  }
}

function unavailable(verdict: Verdict): boolean {
  return verdict.verdict === 'refused' && verdict.reason === 'unavailable';
}

/** The supplicant hears of it, too. */
function refusal(packet: Packet, message = 'You may not come in here, or not now.'): Said {
  const identifier = packet.first(ATTRIBUTE.eapMessage)?.[1] ?? 0;
  const failure = { type: ATTRIBUTE.eapMessage, value: Buffer.of(FAILURE, identifier, 0, 4) };
  const told = textAttributes(ATTRIBUTE.replyMessage, message);
  return { code: CODE.accessReject, attributes: [failure, ...told] };
}

type Hiding = readonly [authenticator: Buffer, secret: Buffer];

/** As it is, but for a key. Undefined: a key that cannot be read. */
function rewrapped(attribute: Attribute, [theirs, secret]: Hiding, ours: Hiding): Attribute | undefined {
  const { type, value } = attribute;
  const isKey = type === ATTRIBUTE.vendorSpecific && value.length > 6 && value.readUInt32BE() === MICROSOFT;
  const kind = value[4]!;
  if (!isKey || !KEYS.includes(kind)) return attribute;
  const key = revealTunnelPassword(value.subarray(6), theirs, secret);
  return key && vendorAttribute(MICROSOFT, kind, hideTunnelPassword(key, KEYS.indexOf(kind), ...ours));
}
