/**
 * What a proof does to a person's tokens (docs/tokens.md has it as a table): judged, used up or counted as a failure, and handed to the
 * journal, all at one moment.
 *
 * Nothing here rejects: a token whose sealed seed cannot be opened is passed over, with an error in the log.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../platform/clock.ts';
import { describeError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import { auditChange } from '../audit/events.ts';
import type { CodeDecision } from '../gate/codes.ts';
import type { OtpProof, OtpRefusal, ProvenToken } from '../gate/types.ts';
import type { Change } from '../journal/types.ts';
import { placeOf } from '../limits/place.ts';
import type { PinMode } from '../policy/linotp/actions.ts';
import { forbidden } from './authorization.ts';
import type { CodeClaim } from './claim.ts';
import { newToken, openSeed } from './enrolment.ts';
import {
  failed,
  isPin,
  isUsable,
  type Judged,
  judge,
  type Rules,
  released,
  splitPass,
  succeeded,
  used,
  windowOf,
} from './evaluate.ts';
import { findCounter } from './hotp.ts';
import type { Pins } from './pins.ts';
import { after, findFar } from './resync.ts';
import { isOn, numberOf } from './system-config.ts';
import type { Token } from './token.ts';
import { Trigger, type TriggerParts, type TriggerRequest } from './trigger.ts';

export interface CodeCheckParts extends TriggerParts {
  readonly pins: Pins;
  readonly clock: Clock;
  readonly log: Log;
}

const NO_PASSWORDS: ReadonlySet<string> = new Set();

export class CodeCheck {
  readonly trigger: Trigger;
  readonly #parts: CodeCheckParts;
  /** A token that nobody can match: a name that nobody has costs what a known one costs. */
  readonly #decoy: Token;

  constructor(parts: CodeCheckParts) {
    this.#parts = parts;
    this.trigger = new Trigger(parts);
    const pin = randomBytes(16).toString('hex');
    [this.#decoy] = newToken(parts, { type: 'hmac', pin }, 'decoy', 0);
  }

  /** The work of a check, in vain. */
  decoy(pass: string): void {
    const rules = this.#rules('token_pin', NO_PASSWORDS, false);
    this.#judge(this.#decoy, pass, rules);
    isPin(pass, this.#decoy, rules, this.#parts.pins);
  }

  /** The text to be compared with the person's password, where the policy wants that. */
  passwordIn(claim: CodeClaim, tokens: readonly Token[], pass: string): string | undefined {
    if (this.#mode(claim) !== 'password') return undefined;
    if (claim.proof.kind === 'otp' && claim.proof.polls) return pass;
    const rules = this.#rules('password', NO_PASSWORDS, false);
    const matching = tokens.find((token) => this.#judge(token, pass, rules)?.counter !== undefined);
    return matching ? splitPass(pass, matching.otpLength, rules.prependPin)[0] : pass;
  }

  /** PIN, value, or both. `passwords`: what is known to be the person's. */
  pass(claim: CodeClaim, tokens: readonly Token[], proof: OtpProof, passwords: ReadonlySet<string>): CodeDecision {
    const rules = this.#rules(this.#mode(claim), passwords, this.#isStrict(claim));
    const all = tokens.flatMap((token) => this.#judge(token, proof.pass, rules) ?? []);
    const valid = all.filter(({ usable, pin, counter }) => usable && pin && counter !== undefined);
    if (valid.length > 1) return this.#several(valid, rules);
    if (valid.length === 1) return this.#accept(claim, this.#use(valid[0]!, rules), all, rules);
    const asked = all.filter(({ usable, token }) => {
      const pinAlone = isPin(proof.pass, token, rules, this.#parts.pins);
      if (token.type !== 'sms') return usable && pinAlone && this.#isChallenged(claim, token);
      return usable && (pinAlone || this.#needsNoPin(claim, proof));
    });
    if (asked.length > 0) return this.#ask(claim, proof, asked);
    const { found, changed } = this.#resync(all, proof.pass, rules);
    if (found) return this.#accept(claim, found, all, rules);
    return this.#refuse(changed, rules);
  }

  /** The answer to a challenge. */
  answer(claim: CodeClaim, tokens: readonly Token[], transaction: string, code: string): CodeDecision {
    const { challenges, shelf } = this.#parts;
    const { door, client } = claim.knock;
    const isOtpDoor = claim.proof.kind === 'otp';
    const place = isOtpDoor ? '' : placeOf(client.address);
    const rules = this.#rules('ignore_pin', NO_PASSWORDS, !isOtpDoor || this.#isStrict(claim));
    const mine = challenges.of(transaction).filter((one) => {
      const isMine = tokens.some(({ serial }) => serial === one.serial);
      return one.open && isMine && one.door === door && one.place === place;
    });
    if (mine.length === 0) {
      this.decoy(code);
      return {
        kind: 'wrong',
        otp: { detail: `No challenge for transaction '${transaction}' found`, noTransaction: true },
      };
    }
    const asked = mine.map((challenge) => {
      const token = released(tokens.find(({ serial }) => serial === challenge.serial)!, rules);
      const counter = this.#counterOf(token, code, rules);
      return { challenge, token, counter: isUsable(token, rules.now) ? counter : undefined };
    });
    const right = asked.find(({ counter }) => counter !== undefined);
    if (right) {
      const token = used(right.token, right.counter!, rules.now);
      return this.#accept(claim, token, [], rules, challenges.answered(right.challenge));
    }
    const next = asked.map(({ token }) => failed(token, rules.now));
    this.#writeLater([
      ...next.map((token) => shelf.put(token)),
      ...asked.map(({ challenge }) => challenges.tried(challenge)),
    ]);
    return { kind: 'wrong', otp: { ...aboutToken(next[0]!), detail: 'wrong otp value' } };
  }

  /** Who knows the PIN may see what became of a challenge. It costs a token no failure, the place it comes from a wrong try. */
  poll(claim: CodeClaim, tokens: readonly Token[], proof: OtpProof, passwords: ReadonlySet<string>): CodeDecision {
    const { challenges } = this.#parts;
    const rules = this.#rules(this.#mode(claim), passwords, false);
    const asked = challenges.of(proof.transaction!).filter(({ serial, door }) => {
      const token = door === claim.knock.door ? tokens.find((one) => one.serial === serial) : undefined;
      return token !== undefined && isPin(proof.pass, token, rules, this.#parts.pins);
    });
    if (asked.length > 0) return { kind: 'trigger', start: async () => this.trigger.again(asked) };
    this.decoy(proof.pass);
    return { kind: 'wrong', otp: { detail: 'wrong otp pin -1' } };
  }

  #counterOf(token: Token, value: string, rules: Rules): number | undefined {
    const seed = this.#seedOf(token);
    return seed && findCounter(seed, value, windowOf(token, rules), token.otpLength, token.hash);
  }

  #use({ token, counter }: Judged, { now }: Rules): Token {
    return used(token, counter!, now);
  }

  /** `token`: with its value used up; `all`: those that were looked at with it. */
  #accept(
    claim: CodeClaim,
    token: Token,
    all: readonly Judged[],
    { now }: Rules,
    more: readonly Change[] = [],
  ): CodeDecision {
    const { shelf, challenges, config, policy } = this.#parts;
    const why = claim.knock.user === '' ? undefined : forbidden(policy, claim.asker, token);
    if (why !== undefined && claim.proof.kind === 'otp') {
      this.#writeLater([shelf.put(token), ...more]);
      return { kind: 'wrong', otp: { ...aboutToken(token), detail: why } };
    }
    const opened = succeeded(token, now);
    const changes = [shelf.put(opened), ...more, ...challenges.closeOf(token.serial)];
    if (isOn(config, 'DefaultResetFailCount')) {
      for (const { token: other, usable } of all) {
        if (usable && other.serial !== token.serial && other.failCount > 0)
          changes.push(shelf.put({ ...other, failCount: 0, lockedAt: 0 }));
      }
    }
    const { door, client } = claim.knock;
    const user = claim.account?.login;
    changes.push(auditChange(now, 'code-accepted', { door, user, client: client.address, serial: token.serial }));
    const durable = shelf.write(changes);
    this.#sendNext(claim, token, durable);
    // Who has a token has an account, be it the token's own.
    return { kind: 'right', account: claim.account!, token: provenToken(opened), durable };
  }

  /** Policy autosms: the next code goes out with the success of this one. */
  #sendNext(claim: CodeClaim, { type, serial }: Token, durable: Promise<void>): void {
    const { policy, log } = this.#parts;
    if (type !== 'sms' || claim.proof.kind !== 'otp') return;
    if (policy.actionValue('authentication', 'autosms', claim.asker)?.value !== true) return;
    const request = this.#request(claim, claim.proof, [serial]);
    durable
      .then(() => this.trigger.start(request))
      .catch((error) => log.warn('the next code could not be sent', { serial, error: describeError(error) }));
  }

  /** Two tokens with the same PIN and value: nobody can say which was meant, and the value is used up in both. */
  #several(valid: readonly Judged[], rules: Rules): CodeDecision {
    this.#writeLater(valid.map((one) => this.#parts.shelf.put(this.#use(one, rules))));
    return { kind: 'wrong', otp: { detail: 'multiple token match error' } };
  }

  #ask(claim: CodeClaim, proof: OtpProof, asked: readonly Judged[]): CodeDecision {
    const request = this.#request(
      claim,
      proof,
      asked.map(({ token }) => token.serial),
    );
    return { kind: 'trigger', start: () => this.trigger.start(request) };
  }

  #request(claim: CodeClaim, { challenge, data, message }: OtpProof, serials: string[]): TriggerRequest {
    const { asker, person } = claim;
    return { door: claim.knock.door, place: '', asker, person, serials, challenge, data, message };
  }

  /** Config AutoResync: a value far ahead is remembered, and the next one after it counts. */
  #resync(all: readonly Judged[], pass: string, rules: Rules): { found?: Token; changed: Judged[] } {
    const { config } = this.#parts;
    if (!isOn(config, 'AutoResync')) return { changed: [...all] };
    const waitMs = numberOf(config, ['AutoResyncTimeout'], 300) * 1000;
    const changed: Judged[] = [];
    for (const one of all) {
      const { token, usable, pin } = one;
      const seed = usable && pin && token.type !== 'sms' ? this.#seedOf(token) : undefined;
      const [, value] = splitPass(pass, token.otpLength, rules.prependPin);
      const counter = seed && findFar(token, seed, value, rules.now);
      if (counter === undefined) changed.push(one);
      else if (token.syncCounter === counter - 1 && token.syncUntil >= rules.now) {
        return { found: { ...used(token, counter, rules.now), ...after(token, counter, rules.now) }, changed };
      } else changed.push({ ...one, token: { ...token, syncCounter: counter, syncUntil: rules.now + waitMs } });
    }
    return { changed };
  }

  /** The PIN right and the value wrong: a failure of those tokens; no PIN right: one of all. A token that is off counts none. */
  #refuse(all: readonly Judged[], { now }: Rules): CodeDecision {
    const active = all.filter(({ token }) => token.active);
    const matching = active.filter(({ pin }) => pin);
    const hit = matching.length > 0 ? matching : active;
    const next = hit.map(({ token }) => failed(token, now));
    this.#writeLater(next.map((token) => this.#parts.shelf.put(token)));
    const about = next.length === 1 ? aboutToken(next[0]!) : {};
    return { kind: 'wrong', otp: { ...about, detail: detailOf(active, matching) } };
  }

  /** Whoever is refused does not wait for the disk. */
  #writeLater(changes: readonly Change[]): void {
    if (changes.length === 0) return;
    this.#parts.shelf.write(changes).catch((error) => {
      this.#parts.log.warn('failures of tokens could not be written', { error: describeError(error) });
    });
  }

  #judge(token: Token, pass: string, rules: Rules): Judged | undefined {
    const seed = this.#seedOf(token);
    return seed && judge(released(token, rules), pass, rules, seed, this.#parts.pins);
  }

  #seedOf(token: Token): Buffer | undefined {
    try {
      return openSeed(this.#parts.keyring, token);
    } catch (error) {
      this.#parts.log.error('the seed of a token cannot be opened: enrol it anew', {
        serial: token.serial,
        error: describeError(error),
      });
      return undefined;
    }
  }

  /** Policy challenge_response: the types of tokens whose value may be asked for by itself, after the PIN. */
  #isChallenged({ asker }: CodeClaim, { type }: Token): boolean {
    const types = this.#parts.policy.actionValue('authentication', 'challenge_response', asker)?.value;
    return types?.some((one) => one === '*' || one.toLowerCase() === type) ?? false;
  }

  #needsNoPin({ asker }: CodeClaim, { bySerial, challenge }: OtpProof): boolean {
    if (!bySerial || challenge === undefined) return false;
    return this.#parts.policy.actionValue('authentication', 'trigger_sms', asker) !== undefined;
  }

  #mode({ asker }: CodeClaim): PinMode {
    return this.#parts.policy.actionValue('authentication', 'otppin', asker)?.value ?? 'token_pin';
  }

  /** Only the value that was sent counts: by policy, else by configuration. */
  #isStrict({ asker }: CodeClaim): boolean {
    const { policy, config } = this.#parts;
    return policy.actionValue('authentication', 'only_sent_otp', asker)?.value ?? isOn(config, 'SMSStrict');
  }

  #rules(mode: PinMode, passwords: ReadonlySet<string>, strict: boolean): Rules {
    const { clock, config } = this.#parts;
    return {
      now: clock.now(),
      mode,
      passwords,
      prependPin: isOn(config, 'PrependPin'),
      strict,
      releaseMs: numberOf(config, ['FailCountReleaseTime'], 0) * 1000,
    };
  }
}

/** LinOTP's words. */
function detailOf(active: readonly Judged[], matching: readonly Judged[]): string {
  if (active.length === 0) return 'no active tokens';
  if (active.every(({ token }) => token.failCount >= token.maxFailCount)) return 'Failcounter exceeded';
  return matching.length > 0 ? 'wrong otp value' : 'wrong otp pin -1';
}

function aboutToken({ serial, type, failCount }: Token): Pick<OtpRefusal, 'serial' | 'type' | 'failCount'> {
  return { serial, type, failCount };
}

function provenToken({ serial, type, description, failCount }: Token): ProvenToken {
  return { serial, type, description, failCount };
}
