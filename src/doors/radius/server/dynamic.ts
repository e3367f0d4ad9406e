/**
 * Disconnect- and CoA-Requests that come in (RFC 5176): a client that may do so has sessions ended, or one of them given other terms,
 * whichever door they came in by. Equipment that has the session is asked in its turn.
 *
 * Other terms are for one session: of several, one behind equipment could refuse what another was given already, and all or none are to be changed (section 3).
 */
import type { Answer } from '../../../core/answer.ts';
import type { SessionDirectory } from '../../../core/sessions/directory.ts';
import type { Clock } from '../../../platform/clock.ts';
import { describeError, GatehouseError } from '../../../platform/errors.ts';
import type { Log } from '../../../platform/log.ts';
import { type Attribute, numberAttribute } from '../../../platform/radius/attributes.ts';
import { ATTRIBUTE, CODE } from '../../../platform/radius/numbers.ts';
import type { Packet } from '../../../platform/radius/packet.ts';
import type { RadiusSessions } from '../sessions/sessions.ts';
import { type AskedTerms, askedTerms } from './asked-terms.ts';
import { CAUSE } from './causes.ts';
import type { RadiusClient } from './clients.ts';
import { identifies, type MeantParts, WHO, whoIsMeant } from './meant.ts';
import type { Outcome } from './outcome.ts';

export interface DynamicParts extends MeantParts {
  readonly sessions: MeantParts['sessions'] & Pick<RadiusSessions, 'ask'>;
  readonly directory: MeantParts['directory'] & Pick<SessionDirectory, 'end' | 'change'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** What says nothing of whom is meant, nor of what he is to be given. State goes back in the answer (section 3.3). */
const BESIDE: Readonly<Record<'disconnect' | 'coa', readonly number[]>> = {
  disconnect: [
    ATTRIBUTE.replyMessage,
    ATTRIBUTE.proxyState,
    ATTRIBUTE.acctTerminateCause,
    ATTRIBUTE.eventTimestamp,
    ATTRIBUTE.messageAuthenticator,
  ],
  coa: [ATTRIBUTE.state, ATTRIBUTE.proxyState, ATTRIBUTE.eventTimestamp, ATTRIBUTE.messageAuthenticator],
};
/** An older request is one that was recorded (section 6.3). */
const WINDOW_SECONDS = 300;

/** Undefined: without Error-Cause, as the equipment said it. */
type Done = 'done' | number | undefined;

export class DynamicRequests {
  readonly #parts: DynamicParts;

  constructor(parts: DynamicParts) {
    this.#parts = parts;
  }

  answer(packet: Packet, client: RadiusClient): Answer<Outcome> {
    const written = packet.number(ATTRIBUTE.eventTimestamp);
    if (written !== undefined && Math.abs(written - this.#parts.clock.now() / 1000) > WINDOW_SECONDS) return 'silent';
    const isCoa = packet.code === CODE.coaRequest;
    const beside = BESIDE[isCoa ? 'coa' : 'disconnect'];
    const said = [...packet.attributes()].filter(({ type }) => !beside.includes(type));
    const done = client.mayDisconnect ? this.#do(said, isCoa, client) : CAUSE.prohibited;
    return done instanceof Promise ? done.then((one) => outcome(one, packet)) : outcome(done, packet);
  }

  #do(said: readonly Attribute[], isCoa: boolean, client: RadiusClient): Answer<Done> {
    const named = said.filter(({ type }) => identifies(type));
    const others = said.filter(({ type }) => !identifies(type));
    const terms = isCoa ? askedTerms(others) : notForDisconnect(others);
    if (typeof terms === 'number') return terms;
    if (!named.some(({ type }) => WHO.has(type))) return CAUSE.missingAttribute;
    const meant = whoIsMeant(named, this.#parts);
    if (meant === 'elsewhere') return CAUSE.otherNas;
    const [first] = meant;
    if (first === undefined) return CAUSE.notFound;
    if (terms === undefined) return this.#end(meant, client);
    return meant.length > 1 ? CAUSE.severalSessions : this.#change(first, terms, client);
  }

  async #end(meant: readonly string[], client: RadiusClient): Promise<Done> {
    const { directory, log } = this.#parts;
    try {
      await Promise.all(meant.map((name) => directory.end(name, 'kicked')));
      return 'done';
    } catch (error) {
      log.warn('sessions that a client wanted to end go on', { client: client.name, error: describeError(error) });
      return CAUSE.notRoutable;
    }
  }

  async #change(name: string, terms: AskedTerms, client: RadiusClient): Promise<Done> {
    const { directory, log, sessions } = this.#parts;
    const by = `RADIUS client ${client.name}`;
    try {
      if (name.startsWith('radius:')) {
        const { attributes, seconds } = terms;
        const answer = await sessions.ask(name, { by, attributes, seconds });
        return answer === undefined ? CAUSE.notFound : answer.isDone ? 'done' : answer.cause;
      }
      if (terms.own === undefined) return CAUSE.unsupportedAttribute;
      return (await directory.change(name, { ...terms.own, by })) ? 'done' : CAUSE.notFound;
    } catch (error) {
      if (error instanceof GatehouseError && error.code === 'SESSION_TERMS') return CAUSE.unsupportedAttribute;
      log.warn('a session could not be given other terms', { client: client.name, error: describeError(error) });
      return CAUSE.noResources;
    }
  }
}

function notForDisconnect([first]: readonly Attribute[]): number | undefined {
  if (first === undefined) return undefined;
  return first.type === ATTRIBUTE.serviceType ? CAUSE.unsupportedService : CAUSE.unsupportedAttribute;
}

function outcome(done: Done, packet: Packet): Outcome {
  const isCoa = packet.code === CODE.coaRequest;
  const states = isCoa ? [...packet.all(ATTRIBUTE.state)].map((value) => ({ type: ATTRIBUTE.state, value })) : [];
  if (done === 'done') return { code: isCoa ? CODE.coaAck : CODE.disconnectAck, attributes: states };
  const cause = done === undefined ? [] : [numberAttribute(ATTRIBUTE.errorCause, done)];
  return { code: isCoa ? CODE.coaNak : CODE.disconnectNak, attributes: [...cause, ...states] };
}
