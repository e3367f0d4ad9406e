/**
 * Administrators of console and HTTP administration: the first one, and who may log in.
 *
 * Wrong passwords count by the same limits as at any door. A password just verified is remembered for a minute as a keyed
 * hash, since argon2id costs 50 ms of CPU at each request otherwise. Errors: ADMIN_PASSWORD_SHORT, ADMIN_UNKNOWN,
 * HTTP_BUSY, those of AdminStore.
 */
import { createHmac, randomBytes, randomInt } from 'node:crypto';
import type { Clock } from '../../platform/clock.ts';
import { GatehouseError } from '../../platform/errors.ts';
import { auditChange } from '../audit/events.ts';
import type { Client } from '../gate/types.ts';
import { commit } from '../journal/commit.ts';
import type { Journal } from '../journal/types.ts';
import type { Limits } from '../limits/limits.ts';
import { sameSecret } from '../proofs/compare.ts';
import { hashPassword, verifyPassword } from '../proofs/password.ts';
import type { AdminStore } from '../storage/types.ts';

export const FIRST_ADMIN = 'admin';
const MIN_LENGTH = 8;
const REMEMBER_MS = 60_000;
const REMEMBERED = 100;
/** Each check takes 19 MiB while it runs. */
const CHECKS_AT_ONCE = 8;
/** No letter or digit that could be read as another. */
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789';

export interface Admins {
  /** Makes the first administrator where there is none, with the password given or a new one, which is then in the answer. */
  ensureFirst(given: string | undefined): Promise<{ name: string; generated: string | undefined } | undefined>;
  /** ADMIN_UNKNOWN when there is none of this name; the first one is made. `by`: who acts, for the audit trail. */
  setPassword(name: string, password: string, by: string): Promise<void>;
  /** False also for one who is over the limit: then late, or at once where an answer is on its way already. */
  verify(name: string, password: string, client: Client): Promise<boolean>;
}

/** Where administrators are kept; enough to set a password. */
export interface AdminKeeping {
  readonly store: AdminStore;
  readonly journal: Journal;
  readonly clock: Clock;
}

export interface AdminsParts extends AdminKeeping {
  readonly limits: Limits;
}

/** Errors: ADMIN_PASSWORD_SHORT. */
export function checkAdminPassword(password: string): void {
  if (password.length >= MIN_LENGTH) return;
  throw new GatehouseError(
    'ADMIN_PASSWORD_SHORT',
    `an administrator's password needs ${MIN_LENGTH} characters or more`,
    {
      hint: 'choose a longer one, in GATEHOUSE_ADMIN_PASSWORD or where you typed it',
    },
  );
}

/** Sets it where no server runs that could remember the old one. */
export async function setAdminPassword(keeping: AdminKeeping, name: string, password: string, by: string) {
  const { store, journal, clock } = keeping;
  checkAdminPassword(password);
  if (name !== FIRST_ADMIN && (await store.hash(name)) === undefined) {
    throw new GatehouseError('ADMIN_UNKNOWN', `there is no administrator ${JSON.stringify(name.slice(0, 80))}`, {
      hint: `the first one is called ${FIRST_ADMIN}`,
    });
  }
  await store.set(name, await hashPassword(password), clock.now());
  await commit(journal, [auditChange(clock.now(), 'admin', { action: 'set-admin-password', by, user: name })]);
}

export function createAdmins({ store, limits, journal, clock }: AdminsParts): Admins {
  const memoryKey = randomBytes(32);
  const remembered = new Map<string, { mac: string; until: number }>();
  let decoy: Promise<string> | undefined;
  let checking = 0;
  return { ensureFirst, setPassword, verify };

  async function ensureFirst(given: string | undefined) {
    if ((await store.count()) > 0) return undefined;
    const generated = given === undefined || given === '' ? generatePassword() : undefined;
    await setPassword(FIRST_ADMIN, generated ?? given ?? '', 'first start');
    return { name: FIRST_ADMIN, generated };
  }

  async function setPassword(name: string, password: string, by: string): Promise<void> {
    await setAdminPassword({ store, journal, clock }, name, password, by);
    remembered.delete(name);
  }

  async function verify(name: string, password: string, client: Client): Promise<boolean> {
    const id = `admin:${name}`;
    const held = limits.holdSender(client) ?? limits.holdUser(id, client);
    if (held !== undefined) {
      await held;
      return false;
    }
    if (isRemembered(name, password)) return true;
    if (checking >= CHECKS_AT_ONCE) {
      throw new GatehouseError('HTTP_BUSY', 'too many passwords are being checked', { hint: 'try again in a second' });
    }
    checking++;
    // Counted before it is known, so that guesses sent all at once gain nothing.
    limits.failed(id, client);
    try {
      const hash = await store.hash(name);
      decoy ??= hashPassword(randomBytes(16).toString('hex'));
      const right = await verifyPassword(password, hash ?? (await decoy));
      if (!right || hash === undefined) return refused(name, hash !== undefined, client);
    } catch (error) {
      limits.failed(id, client, true);
      throw error;
    } finally {
      checking--;
    }
    limits.failed(id, client, true);
    limits.succeeded(id, client);
    remember(name, password);
    return true;
  }

  function refused(name: string, known: boolean, client: Client): false {
    const reason = known ? 'wrong-proof' : 'unknown-user';
    const fields = { door: 'console', user: name, client: client.address, port: client.port, reason };
    journal.append([auditChange(clock.now(), 'refused', fields)]);
    return false;
  }

  function isRemembered(name: string, password: string): boolean {
    const kept = remembered.get(name);
    return kept !== undefined && kept.until > clock.monotonic() && sameSecret(kept.mac, mac(name, password));
  }

  function remember(name: string, password: string): void {
    if (remembered.size >= REMEMBERED) remembered.clear();
    remembered.set(name, { mac: mac(name, password), until: clock.monotonic() + REMEMBER_MS });
  }

  function mac(name: string, password: string): string {
    return createHmac('sha256', memoryKey).update(`${name}\n${password}`).digest('base64url');
  }
}

/** Five groups of five letters and digits: easy to copy by hand, 123 bits. */
export function generatePassword(): string {
  const group = () => Array.from({ length: 5 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
  return Array.from({ length: 5 }, group).join('-');
}
