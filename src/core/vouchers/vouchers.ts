/**
 * Vouchers: codes that let in whoever brings one, made in batches on the same terms.
 *
 * A code stands nowhere in the clear: a voucher is found by the code's HMAC-SHA-256 under a key of the key file, so neither the table nor the time
 * of a look-up tells a code, and the code itself is sealed beside it for the sheet to be printed again. Who is in by a voucher is
 * `voucher:BATCH-NUMBER` in sessions and in the audit trail. Each session by it is a row, written with the session's own changes: what
 * is left of a voucher is its terms less these rows.
 *
 * Errors: VOUCHER_BATCH, VOUCHER_EXISTS, VOUCHER_UNKNOWN, those of the journal, STORAGE_UNAVAILABLE, SEAL_BROKEN.
 */
import { createHmac } from 'node:crypto';
import type { Clock } from '../../platform/clock.ts';
import { GatehouseError } from '../../platform/errors.ts';
import type { AuditLines } from '../audit/types.ts';
import { commit } from '../journal/commit.ts';
import { type OwnRows, type OwnTable, type OwnValues, putOwn } from '../journal/own-table.ts';
import type { Change, Journal } from '../journal/types.ts';
import type { Keyring } from '../secrets/keyring.ts';
import { newCode, readCode } from './code.ts';
import { usedBy, type VoucherTerms, type VoucherUse, whatIsLeft } from './terms.ts';

const BATCHES: OwnTable = { name: 'gh_voucher_batch', columns: ['name', 'terms', 'size', 'made'] };
const VOUCHERS: OwnTable = { name: 'gh_voucher', columns: ['mark', 'id', 'batch', 'sealed', 'revoked'] };
const USES: OwnTable = {
  name: 'gh_voucher_use',
  columns: ['session', 'voucher', 'batch', 'mac', 'started', 'sent', 'received'],
};
/** What one sheet, and one answer of the control socket, can hold. */
export const LARGEST_BATCH = 2_000;

export interface Voucher {
  /** `summer-0001` */
  readonly id: string;
  readonly batch: string;
  /** Milliseconds since the epoch; 0: it is not. */
  readonly revoked: number;
  readonly terms: VoucherTerms;
}

export interface VoucherBatchView {
  readonly name: string;
  readonly terms: VoucherTerms;
  readonly size: number;
  readonly made: number;
}

export interface VoucherView {
  readonly id: string;
  readonly state: 'new' | 'begun' | 'over' | 'revoked';
  /** Of the first login; null: none. */
  readonly first: number | null;
  readonly sent: number;
  readonly received: number;
  readonly sessions: number;
}

export interface VoucherParts {
  readonly rows: OwnRows;
  readonly journal: Journal;
  readonly keyring: Keyring;
  readonly clock: Clock;
}

/** How sessions and the audit trail call whoever is in by it. */
export function voucherLogin({ id }: Pick<Voucher, 'id'>): string {
  return `voucher:${id}`;
}

export class Vouchers {
  readonly #parts: VoucherParts;
  readonly #key: Buffer;

  constructor(parts: VoucherParts) {
    this.#parts = parts;
    this.#key = parts.keyring.derive('vouchers');
  }

  async add(name: string, size: number, terms: VoucherTerms, audit: AuditLines): Promise<void> {
    const { clock, keyring, rows } = this.#parts;
    if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(name)) {
      throw new GatehouseError('VOUCHER_BATCH', `${JSON.stringify(name.slice(0, 40))} cannot be the name of a batch`, {
        hint: 'use up to 31 small letters, digits and hyphens: summer-2026',
      });
    }
    if (terms.expires > 0 && terms.expires <= clock.now())
      throw new GatehouseError('VOUCHER_BATCH', 'the day on which it expires is over', { hint: 'take a later one' });
    if ((await rows.read(BATCHES, { name })).length > 0) {
      throw new GatehouseError('VOUCHER_EXISTS', `there is a batch ${name} already`, {
        hint: `print it again (gatehouse voucher print ${name}), or take another name`,
      });
    }
    const made: Change[] = [];
    const marks = new Set<string>();
    while (marks.size < size) {
      const code = newCode();
      const mark = this.#markOf(code);
      if (marks.has(mark) || (await rows.read(VOUCHERS, { mark })).length > 0) continue;
      marks.add(mark);
      const id = `${name}-${String(marks.size).padStart(4, '0')}`;
      const sealed = Buffer.from(keyring.seal(code, sealOf(id))).toString('base64');
      made.push(putOwn(VOUCHERS, [mark, id, name, sealed, 0]));
    }
    await this.#commit([putOwn(BATCHES, [name, JSON.stringify(terms), size, clock.now()]), ...made], audit);
  }

  /** The newest first. */
  async batches(): Promise<VoucherBatchView[]> {
    return (await this.#parts.rows.read(BATCHES, {})).map(batchOf).sort((a, b) => b.made - a.made);
  }

  async list(batch: string): Promise<VoucherView[]> {
    const { terms } = await this.#batch(batch);
    const now = this.#parts.clock.now();
    const uses = Map.groupBy((await this.#parts.rows.read(USES, { batch })).map(useOf), ({ voucher }) => voucher);
    return (await this.#vouchers({ batch })).map(([, id, , , revoked]) => {
      const mine = uses.get(String(id)) ?? [];
      const used = usedBy(mine);
      const isOver = whatIsLeft(terms, used, now) === undefined;
      const state = Number(revoked) > 0 ? 'revoked' : isOver ? 'over' : used.first === undefined ? 'new' : 'begun';
      const { sent, received } = used;
      return { id: String(id), state, first: used.first ?? null, sent, received, sessions: mine.length };
    });
  }

  /** Of those that are not revoked; who asked is in the audit trail first. */
  async codes(
    batch: string,
    audit: AuditLines,
  ): Promise<{ terms: VoucherTerms; codes: { id: string; code: string }[] }> {
    const { terms } = await this.#batch(batch);
    await this.#commit([], audit);
    const valid = (await this.#vouchers({ batch })).filter(([, , , , revoked]) => Number(revoked) === 0);
    const codes = valid.map(([, id, , sealed]) => ({
      id: String(id),
      code: this.#parts.keyring.open(Buffer.from(String(sealed), 'base64'), sealOf(String(id))),
    }));
    return { terms, codes };
  }

  /** A batch, or one voucher by its id: good no more. Gives the ids. */
  async revoke(name: string, audit: AuditLines): Promise<string[]> {
    const one = await this.#vouchers({ id: name });
    const rows = one.length > 0 ? one : await this.#vouchers({ batch: name });
    if (rows.length === 0) {
      throw new GatehouseError('VOUCHER_UNKNOWN', `there is no voucher and no batch ${JSON.stringify(name)}`, {
        hint: 'gatehouse voucher list shows them',
      });
    }
    const valid = rows.filter((values) => Number(values[4]) === 0);
    const now = this.#parts.clock.now();
    await this.#commit(
      valid.map((values) => putOwn(VOUCHERS, [...values.slice(0, 4), now])),
      audit,
    );
    return valid.map(([, id]) => String(id));
  }

  /** Undefined: what was typed is no code of ours. */
  async find(typed: string): Promise<Voucher | undefined> {
    const code = readCode(typed);
    return code === undefined ? undefined : this.#find({ mark: this.#markOf(code) });
  }

  /** By `voucherLogin`. */
  async findByLogin(login: string): Promise<Voucher | undefined> {
    return login.startsWith('voucher:') ? this.#find({ id: login.slice('voucher:'.length) }) : undefined;
  }

  /** All sessions by it that are written down. */
  async usesOf({ id }: Pick<Voucher, 'id'>): Promise<VoucherUse[]> {
    await this.#parts.journal.drain();
    return (await this.#parts.rows.read(USES, { voucher: id })).map(useOf);
  }

  async #find(where: { mark: string } | { id: string }): Promise<Voucher | undefined> {
    const [row] = await this.#parts.rows.read(VOUCHERS, where);
    if (row === undefined) return undefined;
    const [, id, batch, , revoked] = row;
    const { terms } = await this.#batch(String(batch));
    return { id: String(id), batch: String(batch), revoked: Number(revoked), terms };
  }

  /** Errors: VOUCHER_UNKNOWN. */
  async #batch(name: string): Promise<VoucherBatchView> {
    const [row] = await this.#parts.rows.read(BATCHES, { name });
    if (row) return batchOf(row);
    throw new GatehouseError('VOUCHER_UNKNOWN', `there is no batch ${JSON.stringify(name.slice(0, 40))} of vouchers`, {
      hint: 'gatehouse voucher list shows them',
    });
  }

  /** In the order of their numbers. */
  async #vouchers(where: { id: string } | { batch: string }): Promise<OwnValues[]> {
    const rows = await this.#parts.rows.read(VOUCHERS, where);
    return rows.sort((a, b) => (String(a[1]) < String(b[1]) ? -1 : 1));
  }

  #markOf(code: string): string {
    return createHmac('sha256', this.#key).update(code).digest('base64url');
  }

  #commit(changes: readonly Change[], audit: AuditLines): Promise<void> {
    return commit(this.#parts.journal, [...changes, ...audit.map((line) => ({ kind: 'audit', line }) as const)]);
  }
}

/** Written when a session begins, and again when it ends. */
export function putUse({ session, voucher, batch, mac, started, sent, received }: VoucherUse): Change {
  return putOwn(USES, [session, voucher, batch, mac, started, sent, received]);
}

function batchOf([name, terms, size, made]: OwnValues): VoucherBatchView {
  return {
    name: String(name),
    terms: JSON.parse(String(terms)) as VoucherTerms,
    size: Number(size),
    made: Number(made),
  };
}

function useOf([session, voucher, batch, mac, ...numbers]: OwnValues): VoucherUse {
  const [started = 0, sent = 0, received = 0] = numbers.map(Number);
  return {
    session: String(session),
    voucher: String(voucher),
    batch: String(batch),
    mac: String(mac),
    started,
    sent,
    received,
  };
}

function sealOf(id: string): string {
  return `voucher/${id}`;
}
