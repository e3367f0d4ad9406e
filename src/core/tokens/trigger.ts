/**
 * Challenges: a value is made for each sms token, made durable together with its challenge, and sent. Of other tokens nothing is made and
 * nothing sent: their device has the value.
 *
 * A token whose last challenge is younger than `SMSBlockingTimeout` is sent nothing: its code of before is still good. When that holds for all of
 * them, and they were asked from the same place, the transaction is the one of before, too.
 *
 * Errors: those of the journal. A code that cannot be sent withdraws its challenge; the counter stays ahead.
 */
import type { Clock } from '../../platform/clock.ts';
import { describeError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import { auditChange } from '../audit/events.ts';
import type { StartedChallenge } from '../gate/codes.ts';
import type { DoorName } from '../gate/types.ts';
import type { Change } from '../journal/types.ts';
import type { Asker } from '../policy/linotp/conditions.ts';
import type { ActionPolicy } from '../policy/policy.ts';
import type { Person } from '../realms/types.ts';
import type { Keyring } from '../secrets/keyring.ts';
import { type Challenge, type Challenges, groupOf } from './challenges.ts';
import { openSeed } from './enrolment.ts';
import { hotp } from './hotp.ts';
import { messageText } from './message-text.ts';
import type { Shelf } from './shelf.ts';
import { numberOf } from './system-config.ts';
import type { Token } from './token.ts';
import type { ChallengedToken, SmsSender, SystemConfig, TokenType } from './types.ts';

export interface TriggerParts {
  readonly shelf: Shelf;
  readonly challenges: Challenges;
  readonly config: SystemConfig;
  readonly policy: ActionPolicy;
  readonly sender: SmsSender;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly log: Log;
}

export interface TriggerRequest {
  readonly door: DoorName;
  /** Where alone it may be answered; empty: anywhere. */
  readonly place: string;
  readonly asker: Asker;
  readonly person: Person | null;
  /** Which tokens. */
  readonly serials: readonly string[];
  /** Of the request, for the text. */
  readonly challenge?: string | undefined;
  readonly data?: string | undefined;
  readonly message?: string | undefined;
}

/** A code to be sent. */
interface Code {
  readonly token: Token;
  readonly challenge: Challenge;
  readonly number: string;
  readonly text: string;
}

const CODE_SECONDS = 120;
const AGAIN = 'sms with otp already submitted';
const ASKED = 'Please enter your otp value: ';
const PROMPTS: Readonly<Record<TokenType, string>> = { sms: 'sms submitted', hmac: ASKED, totp: ASKED };
const SEVERAL = 'Multiple challenges submitted.';
const GROUP_DIGITS = 14;

export class Trigger {
  readonly #parts: TriggerParts;

  constructor(parts: TriggerParts) {
    this.#parts = parts;
  }

  /** Undefined: nothing could be sent. */
  async start(request: TriggerRequest): Promise<StartedChallenge | undefined> {
    const { shelf, challenges } = this.#parts;
    const tokens = request.serials.map((serial) => shelf.get(serial)).filter((token) => token !== undefined);
    const earlier = tokens.map(({ serial, type }) => (type === 'sms' ? this.#blocking(serial) : undefined));
    const before = sameGroup(request, earlier);
    if (before) return this.again(before);
    if (tokens.length === 0 || challenges.isFull) return undefined;
    const { changes, codes, asked, repeated } = this.#make(request, tokens, earlier);
    await shelf.write(changes);
    const sent = await Promise.all(codes.map((code) => this.#send(request, code)));
    const gone = codes.filter((_, index) => !sent[index]);
    if (gone.length > 0) await shelf.write(gone.flatMap(({ challenge }) => this.#withdraw(request, challenge)));
    const left: [Challenge, boolean][] = [
      ...asked.map((one): [Challenge, boolean] => [one, false]),
      ...codes.filter((_, index) => sent[index]).map(({ challenge }): [Challenge, boolean] => [challenge, false]),
      ...repeated.map((one): [Challenge, boolean] => [one, true]),
    ];
    return left.length > 0 ? started(left, shelf) : undefined;
  }

  /** What was asked before, as it was told. */
  again(challenges: readonly Challenge[]): StartedChallenge {
    return started(
      challenges.map((one) => [one, true]),
      this.#parts.shelf,
    );
  }

  /** At one moment: counters go ahead and challenges are there. */
  #make(request: TriggerRequest, tokens: readonly Token[], earlier: readonly (Challenge | undefined)[]) {
    const { challenges, shelf, config, clock } = this.#parts;
    const now = clock.now();
    const group = challenges.freshTransaction(tokens.length > 1 ? GROUP_DIGITS : this.#digits());
    const changes: Change[] = [];
    const codes: Code[] = [];
    const asked: Challenge[] = [];
    const repeated: Challenge[] = [];
    for (const [index, token] of tokens.entries()) {
      const { serial, type } = token;
      const transaction = tokens.length > 1 ? `${group}.${String(index + 1).padStart(2, '0')}` : group;
      const { door, place } = request;
      const isRepeated = earlier[index] !== undefined;
      const expires = now + numberOf(config, validityKeys(type), 120) * 1000;
      const message = isRepeated ? AGAIN : (config.get(`${type.toUpperCase()}_CHALLENGE_PROMPT`) ?? PROMPTS[type]);
      changes.push(...challenges.open({ transaction, serial, door, place, message, expires }));
      const [challenge] = challenges.of(transaction);
      if (isRepeated || type !== 'sms') {
        (isRepeated ? repeated : asked).push(challenge!);
        continue;
      }
      const counter = token.counter + 1;
      const sentUntil = now + numberOf(config, ['SMSProviderTimeout'], CODE_SECONDS) * 1000;
      const next: Token = { ...token, counter, sentCounter: counter, sentUntil };
      changes.push(shelf.put(next));
      codes.push({ token: next, challenge: challenge!, ...this.#message(request, next) });
    }
    const { name: user, client } = request.asker;
    const serials = tokens.map(({ serial }) => serial).join(' ');
    changes.push(
      auditChange(now, 'challenge', { door: request.door, user, client, serial: serials, transaction: group }),
    );
    return { changes, codes, asked, repeated };
  }

  #message(request: TriggerRequest, token: Token): Pick<Code, 'number' | 'text'> {
    const { policy, keyring } = this.#parts;
    const { asker, person, challenge, data, message } = request;
    const isDynamic = policy.actionValue('authentication', 'sms_dynamic_mobile_number', asker)?.value === true;
    const own = isDynamic ? person?.attributes.mobile : undefined;
    const value = hotp(openSeed(keyring, token), token.counter, token.otpLength, token.hash);
    const smstext = policy.actionValue('authentication', 'smstext', asker)?.value;
    const enforced = policy.actionValue('authentication', 'enforce_smstext', asker)?.value === true;
    const texts = { challenge, policy: smstext, enforced, data, message };
    return { number: own ?? token.phone, text: messageText(texts, value, token.serial) };
  }

  async #send({ asker }: TriggerRequest, { token, number, text }: Code): Promise<boolean> {
    const { sender, shelf, log } = this.#parts;
    const { name: user = '', realm = '', client = '', resolver, attributes } = asker;
    try {
      const { timeout } = await sender.send({ number, text, user, realm, client, resolver, attributes });
      const now = shelf.get(token.serial);
      if (timeout !== null && now?.sentCounter === token.sentCounter) {
        const sentUntil = this.#parts.clock.now() + timeout * 1000;
        await shelf.write([shelf.put({ ...now, sentUntil })]);
      }
      return true;
    } catch (error) {
      // Neither number nor text: the text is the code.
      log.warn('a code could not be sent', { serial: token.serial, user, error: describeError(error) });
      return false;
    }
  }

  #withdraw({ door, asker }: TriggerRequest, challenge: Challenge): Change[] {
    const { challenges, clock } = this.#parts;
    const fields = { door, user: asker.name, client: asker.client, serial: challenge.serial, reason: 'not-sent' };
    return [...challenges.close(challenge), auditChange(clock.now(), 'refused', fields)];
  }

  /** The open challenge that keeps another code from being sent. */
  #blocking(serial: string): Challenge | undefined {
    const { challenges, config, clock } = this.#parts;
    const latest = challenges.latest(serial);
    const blockMs = numberOf(config, ['SMSBlockingTimeout'], 60) * 1000;
    return latest && clock.now() - latest.created < blockMs ? latest : undefined;
  }

  #digits(): number {
    return Math.min(17, Math.max(12, numberOf(this.#parts.config, ['TransactionIdLength'], 17)));
  }
}

/** As LinOTP spells them: `SmsChallengeValidityTime`. */
function validityKeys(type: TokenType): string[] {
  const names = [`${type[0]!.toUpperCase()}${type.slice(1)}`, type.toUpperCase(), type, 'Default'];
  return names.map((name) => `${name}ChallengeValidityTime`);
}

/** What was asked for before from the same place with one transaction, for all of them. */
function sameGroup(request: TriggerRequest, earlier: readonly (Challenge | undefined)[]): Challenge[] | undefined {
  const all = earlier.filter((one) => one !== undefined);
  const [first] = all;
  if (!first || all.length < earlier.length) return undefined;
  const isSame = all.every(({ transaction, door, place }) => {
    return groupOf(transaction) === groupOf(first.transaction) && door === request.door && place === request.place;
  });
  return isSame ? all : undefined;
}

function started(all: readonly (readonly [Challenge, boolean])[], shelf: Shelf): StartedChallenge {
  const tokens = all.map(([{ transaction, serial, message }, again]): ChallengedToken => {
    const { type = 'sms', description = '' } = shelf.get(serial) ?? {};
    return { transaction, message: again ? AGAIN : message, serial, type, description, again };
  });
  const [first] = tokens;
  if (tokens.length === 1) return { transaction: first!.transaction, prompt: first!.message, tokens };
  return { transaction: groupOf(first!.transaction), prompt: SEVERAL, tokens };
}
