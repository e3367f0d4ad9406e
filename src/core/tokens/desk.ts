/**
 * What administration does with tokens: each change is one unit of the journal with its line of the audit trail. A choice of tokens is
 * looked up first and changed at once, so that a login in between finds them before or after, never halfway.
 *
 * Errors: TOKEN_UNKNOWN, TOKEN_INVALID, TOKEN_TAKEN, those of EnrolmentPolicy and the journal.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../platform/clock.ts';
import { GatehouseError } from '../../platform/errors.ts';
import { auditChange } from '../audit/events.ts';
import type { Change } from '../journal/types.ts';
import type { ActionPolicy } from '../policy/policy.ts';
import type { Person } from '../realms/types.ts';
import {
  checkChange,
  type EnrolParts,
  newToken,
  openSeed,
  otpauthUri,
  ownerOf,
  PREFIX,
  realmsOf,
} from './enrolment.ts';
import { EnrolmentPolicy } from './enrolment-policy.ts';
import { findByOtp } from './find-by-otp.ts';
import { findPair } from './resync.ts';
import type { Shelf } from './shelf.ts';
import type { TokenStore } from './store.ts';
import { type Token, tokenOf, viewOf } from './token.ts';
import type {
  Enrolled,
  EnrolRequest,
  OtpSearch,
  TokenChange,
  TokenChoice,
  TokenDesk,
  TokenImport,
  TokenOwner,
  TokenPage,
  TokenQuery,
  TokenView,
} from './types.ts';

export interface DeskParts extends EnrolParts {
  readonly store: TokenStore;
  readonly shelf: Shelf;
  readonly policy: ActionPolicy;
  readonly clock: Clock;
  /** Open challenges of a token that goes, or whose owner changes, are closed with it. */
  closeChallenges(serial: string): Change[];
}

const PAGE = 15;
const MAX_PAGE = 10_000;

export class StoredTokens implements TokenDesk {
  readonly #parts: DeskParts;
  readonly #policy: EnrolmentPolicy;

  constructor(parts: DeskParts) {
    this.#parts = parts;
    this.#policy = new EnrolmentPolicy(parts);
  }

  async enrol(request: EnrolRequest, by: string): Promise<Enrolled> {
    const { shelf, clock } = this.#parts;
    const serial = request.serial ?? (await this.#freeSerial(request));
    const [token, seed] = newToken(this.#parts, request, serial, clock.now());
    const before = await shelf.find(serial);
    if (before) this.#policy.mayReplace(before, request.owner);
    await this.#policy.mayHold(token.realms.filter((realm) => !before?.realms.includes(realm)));
    await this.#atHand(token.owner);
    if (request.owner) this.#policy.mayHaveMore(request.owner, token.type, this.#others(request.owner, serial));
    if (request.onlyNew && shelf.get(serial))
      throw new GatehouseError('TOKEN_EXISTS', 'there is a token of this serial already');
    const changes = [...this.#closed(serial), shelf.put(token)];
    await this.#write(changes, before ? 'reinit-token' : 'enrol-token', by, [token], { type: token.type });
    const shown = seed === undefined || token.type === 'sms' ? {} : { seed, uri: otpauthUri(token, seed) };
    return { serial, replaced: before !== undefined, ...shown };
  }

  async bring(brought: TokenImport, owner: Person | undefined, by: string): Promise<boolean> {
    const { shelf, clock, pins } = this.#parts;
    const {
      serial,
      type,
      seed,
      pin = '',
      pinHash,
      owner: _,
      realms,
      active,
      counter,
      failCount,
      ...settings
    } = brought;
    const request = { type, seed, pin, realms, phone: settings.phone, ...(owner ? { owner } : {}) };
    const [made] = newToken(this.#parts, request, serial, clock.now());
    checkChange(settings);
    await shelf.find(serial);
    await this.#atHand(made.owner);
    if (shelf.get(serial)) return false;
    const [hash, salt] = [pinHash?.hash, pinHash?.salt].map((hex) => Buffer.from(hex ?? '', 'hex'));
    const kept = pinHash ? pins.keepLinotp(hash!, salt!, serial) : made.pin;
    const token: Token = { ...made, ...settings, active, counter, failCount, pin: kept };
    await this.#write([shelf.put(token)], 'import-token', by, [token], { type });
    return true;
  }

  randomPin(owner: Person | undefined): string | undefined {
    return this.#policy.randomPin(owner);
  }

  async show(serial: string): Promise<TokenView | undefined> {
    const token = await this.#parts.shelf.find(serial);
    return token && viewOf(token);
  }

  async ofOwner(owner: Pick<TokenOwner, 'source' | 'id'>): Promise<TokenView[]> {
    return (await this.#chosen({ owner })).map(viewOf);
  }

  async list(query: TokenQuery): Promise<TokenPage> {
    const pageSize = Math.min(MAX_PAGE, Math.max(1, query.pageSize ?? PAGE));
    const page = Math.max(1, query.page ?? 1);
    const { rows, total } = await this.#parts.store.list({ ...query, page, pageSize });
    const tokens = rows.map(tokenOf).map((token) => viewOf(this.#parts.shelf.get(token.serial) ?? token));
    return { tokens, total, page, pages: Math.max(1, Math.ceil(total / pageSize)), pageSize };
  }

  set(which: TokenChoice, change: TokenChange, by: string): Promise<number> {
    checkChange(change);
    const { pin, realms, ...rest } = change;
    const places = realms && realmsOf(realms);
    return this.#change(which, 'set-token', by, { fields: Object.keys(change).join(' ') }, (token) => ({
      ...token,
      ...rest,
      ...(pin === undefined ? {} : { pin: this.#parts.pins.keep(pin, token.serial) }),
      ...(places ? { realms: places } : {}),
    }));
  }

  enable(which: TokenChoice, by: string): Promise<number> {
    return this.#change(which, 'enable-token', by, {}, (token) => ({ ...token, active: true }));
  }

  disable(which: TokenChoice, by: string): Promise<number> {
    return this.#change(which, 'disable-token', by, {}, (token) => ({ ...token, active: false }));
  }

  reset(which: TokenChoice, by: string): Promise<number> {
    return this.#change(which, 'reset-token', by, {}, (token) => ({ ...token, failCount: 0, lockedAt: 0 }));
  }

  async remove(which: TokenChoice, by: string): Promise<number> {
    const tokens = await this.#chosen(which);
    const changes = tokens.flatMap(({ serial }) => [...this.#closed(serial), this.#parts.shelf.drop(serial)]);
    return this.#write(changes, 'remove-token', by, tokens);
  }

  async assign(serial: string, owner: Person, by: string, pin?: string): Promise<number> {
    const { shelf, pins } = this.#parts;
    checkChange({ ...(pin === undefined ? {} : { pin }) });
    await shelf.find(serial);
    await this.#atHand(owner);
    const token = shelf.get(serial);
    if (!token) throw unknown(serial);
    if (token.owner && !isSame(token.owner, owner)) {
      throw new GatehouseError('TOKEN_TAKEN', `the token ${serial} is ${token.owner.login}'s`, {
        hint: `take it away first: gatehouse token unassign ${serial}`,
      });
    }
    if (!token.owner) this.#policy.mayHaveMore(owner, token.type, this.#others(owner, serial));
    const next: Token = {
      ...token,
      owner: ownerOf(owner),
      realms: realmsOf(token.realms, owner),
      failCount: 0,
      lockedAt: 0,
      ...(pin === undefined ? {} : { pin: pins.keep(pin, serial) }),
    };
    return this.#write([...this.#closed(serial), shelf.put(next)], 'assign-token', by, [next]);
  }

  async unassign(which: TokenChoice, by: string): Promise<number> {
    const owned = (await this.#chosen(which)).filter(({ owner }) => owner !== null);
    const changes = owned.flatMap((token) => {
      return [...this.#closed(token.serial), this.#parts.shelf.put({ ...token, owner: null, pin: '' })];
    });
    return this.#write(changes, 'unassign-token', by, owned);
  }

  async copyPin(from: string, to: string, by: string): Promise<void> {
    const { shelf, pins } = this.#parts;
    await shelf.find(from);
    await shelf.find(to);
    const [source, target] = [from, to].map((serial) => shelf.get(serial) ?? serial);
    if (typeof source === 'string') throw unknown(source);
    if (typeof target === 'string') throw unknown(target!);
    const pin = pins.copy(source!.pin, from, to);
    if (pin === undefined)
      throw new GatehouseError('TOKEN_INVALID', 'pin: it was copied from token to token too often', {
        hint: 'set it anew: gatehouse token set SERIAL --pin PIN',
      });
    await this.#write([shelf.put({ ...target!, pin })], 'copy-pin', by, [target!], { from });
  }

  findByOtp(value: string, wanted: OtpSearch): Promise<TokenView[]> {
    return findByOtp(this.#parts, value, wanted);
  }

  async resync(serial: string, otp1: string, otp2: string, by: string): Promise<boolean> {
    const { shelf, keyring, clock } = this.#parts;
    const token = await shelf.find(serial);
    if (!token) throw unknown(serial);
    const next = findPair(token, openSeed(keyring, token), otp1, otp2, clock.now());
    const changes = next ? [shelf.put({ ...token, ...next, failCount: 0, lockedAt: 0 })] : [];
    await this.#write(changes, next ? 'resync-token' : 'resync-token-failed', by, [token]);
    return next !== undefined;
  }

  async #change(
    which: TokenChoice,
    action: string,
    by: string,
    fields: Record<string, string>,
    change: (token: Token) => Token,
  ): Promise<number> {
    const tokens = await this.#chosen(which);
    const changes = tokens.map((token) => this.#parts.shelf.put(change(token)));
    return this.#write(changes, action, by, tokens, fields);
  }

  /** In memory as they are at this moment: what changes them must not wait first. Errors: TOKEN_UNKNOWN. */
  async #chosen({ serial, owner }: TokenChoice): Promise<Token[]> {
    const { shelf } = this.#parts;
    if (serial === undefined) {
      if (!owner) return [];
      await this.#atHand(owner);
      return shelf.of(owner);
    }
    const token = await shelf.find(serial);
    if (!token || (owner && !(token.owner && isSame(token.owner, owner)))) throw unknown(serial);
    return [token];
  }

  /** The owner's tokens are in memory when it resolves, and until something is waited for. */
  async #atHand(owner: Pick<TokenOwner, 'source' | 'id'> | null): Promise<void> {
    if (!owner) return;
    for (let reading = this.#parts.shelf.ready(owner); reading; reading = this.#parts.shelf.ready(owner)) await reading;
  }

  #others(owner: Person, serial: string): Token[] {
    return this.#parts.shelf.of(owner).filter((one) => one.serial !== serial);
  }

  async #freeSerial({ type }: EnrolRequest): Promise<string> {
    for (;;) {
      const serial = `${PREFIX[type]}${randomBytes(4).toString('hex').toUpperCase()}`;
      if (!(await this.#parts.shelf.find(serial))) return serial;
    }
  }

  #closed(serial: string): Change[] {
    return this.#parts.closeChallenges(serial);
  }

  async #write(
    changes: readonly Change[],
    action: string,
    by: string,
    tokens: readonly Token[],
    more: Record<string, string> = {},
  ): Promise<number> {
    const now = this.#parts.clock.now();
    const lines = tokens.map(({ serial, owner }) =>
      auditChange(now, 'admin', { action, by, serial, user: owner?.login, ...more }),
    );
    if (lines.length > 0) await this.#parts.shelf.write([...changes, ...lines], true);
    return tokens.length;
  }
}

function isSame(a: Pick<TokenOwner, 'source' | 'id'>, b: Pick<TokenOwner, 'source' | 'id'>): boolean {
  return a.source === b.source && a.id === b.id;
}

function unknown(serial: string): GatehouseError {
  return new GatehouseError('TOKEN_UNKNOWN', `there is no token ${JSON.stringify(serial.slice(0, 80))}`, {
    hint: 'see gatehouse token list',
  });
}
