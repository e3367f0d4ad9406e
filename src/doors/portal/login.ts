/**
 * Whether a client may come in: by a click, by name and password that the gate checks, by a voucher, or because the BinAuth program says so. Each is
 * a knock at the one gate, so that limits, policies, hooks and the audit trail hold for all.
 *
 * Who comes without a name has no account: his MAC address stands for him, so that rules can name it and limits count it. The
 * program is a source of users to the gate: it is asked when the limits allow another try, and what it says is the check of the
 * password. It may vouch for names that no table knows; a name that one knows is that user, who may be locked.
 */
import { auditChange } from '../../core/audit/events.ts';
import type { Gate, Knock, RefusalReason, Ticket } from '../../core/gate/types.ts';
import type { Journal } from '../../core/journal/types.ts';
import type { Account, UserSource } from '../../core/users/types.ts';
import { type Voucher, voucherLogin } from '../../core/vouchers/vouchers.ts';
import type { Clock } from '../../platform/clock.ts';
import { describeError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import type { Answer } from './binauth/answer.ts';
import type { BinAuth } from './binauth/binauth.ts';
import { type Bytes, bytesOfKbit, type Client } from './clients.ts';
import type { PortalSettings } from './config/model.ts';
import { type Sessions, UNLIMITED } from './sessions.ts';
import type { Reason } from './splash/words.ts';
import type { VoucherDesk } from './vouchers.ts';

export interface Credentials {
  readonly user: string;
  readonly password: string;
  /** Code of a voucher, as it was typed. */
  readonly voucher: string;
  /** Where he wanted to go, or what a FAS put in its place; empty: unknown. */
  readonly redir: string;
  readonly userAgent: string;
  /** The second step: the code that was sent, and what it belongs to. */
  readonly answer: { readonly transaction: string; readonly code: string } | undefined;
}

/** `code`: one was sent, and is asked for; `call`: the user is rung, and whoever waits says when to look. */
export type Outcome =
  | { readonly is: 'in' }
  | { readonly is: 'refused'; readonly reason: Reason }
  | { readonly is: 'code' | 'call'; readonly transaction: string; readonly prompt: string };

export interface LoginParts {
  readonly settings: Pick<
    PortalSettings,
    'login' | 'session_seconds' | 'preauth' | 'fas_port' | 'upload_kbit' | 'download_kbit'
  >;
  /** Undefined: none is configured. */
  readonly binauth: BinAuth | undefined;
  /** The users of this door. */
  readonly users: UserSource;
  readonly vouchers: VoucherDesk;
  readonly journal: Journal;
  readonly sessions: Sessions;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly log: Log;
}

/** Names longer than that nobody has; nothing is cut. */
const LONGEST = 255;
const LONGEST_REDIR = 4_096;
/** Others than that are not what browsers send. */
const LONGEST_AGENT = 4_096;

/** What somebody else than the gate allows; 0 is no limit. */
export interface Grant {
  readonly seconds: number;
  readonly most: Bytes;
  /** Bytes in a second; 0: as everybody. */
  readonly rate: Bytes;
}
const NO_GRANT: Grant = { seconds: 0, most: UNLIMITED, rate: UNLIMITED };

const REASON_OF: Readonly<Record<RefusalReason, Reason>> = {
  'unknown-user': 'wrong',
  'wrong-proof': 'wrong',
  replayed: 'wrong',
  locked: 'locked',
  policy: 'rule',
  slowed: 'slow',
  unavailable: 'busy',
  'new-place': 'rule',
  'not-sent': 'busy',
  'not-admitted': 'wrong',
};

const VOUCHER_REASON_OF: Readonly<Partial<Record<RefusalReason, Reason>>> = {
  'unknown-user': 'voucher',
  locked: 'used',
};

/** `grant`: what the FAS allows; what a program or a voucher allows counts before it. */
export type LogIn = (client: Client, given: Credentials, grant?: Grant) => Promise<Outcome>;

const IN: Outcome = { is: 'in' };

export function createLogIn(parts: LoginParts): LogIn {
  const { settings, sessions, binauth, users, vouchers, gate, journal, clock, log } = parts;
  /** What the program granted to those who are asked for a code now. */
  const granted = new WeakMap<Client, Grant>();

  return async function logIn(client, given, grant) {
    // Whoever presses the button twice asks for one session.
    if (client.session !== undefined) return IN;
    if (client.busy) return refused('busy');
    client.busy = true;
    try {
      return await decide(client, given, grant);
    } catch (error) {
      log.error('a login failed', { client: client.address, error: describeError(error) });
      return refused('busy');
    } finally {
      client.busy = false;
    }
  };

  async function decide(client: Client, given: Credentials, offered = NO_GRANT): Promise<Outcome> {
    if (sessions.full) return refused('full');
    if (given.user.length > LONGEST || given.password.length > LONGEST || given.userAgent.length > LONGEST_AGENT) {
      return refused('wrong');
    }
    if (given.redir.length > LONGEST_REDIR) return refused('again');
    if (settings.login === 'voucher' || (settings.login === 'password or voucher' && given.voucher !== ''))
      return byVoucher(client, given.voucher);
    let grant = granted.get(client) ?? offered;
    granted.delete(client);
    const verdict = await gate.prove(
      knockFor(client, given, (one) => {
        grant = one;
      }),
    );
    if (verdict.verdict === 'refused') return refused(REASON_OF[verdict.reason]);
    if (verdict.verdict === 'challenge') {
      granted.set(client, grant);
      const { transaction, prompt, via } = verdict;
      return { is: via === 'callback' ? 'call' : 'code', transaction, prompt };
    }
    return enter(client, verdict.ticket, grant);
  }

  /** His MAC address stands for who types a wrong code. */
  async function byVoucher(client: Client, typed: string): Promise<Outcome> {
    let voucher: Voucher | undefined;
    const source = sourceOf('voucher', async () => {
      voucher = await vouchers.find(typed);
      return voucher ? { ...stranger(voucherLogin(voucher), true), locked: voucher.revoked > 0 } : null;
    });
    const verdict = await gate.prove({
      ...knockOf(client, client.mac),
      proof: { kind: 'external', by: 'voucher' },
      source,
    });
    if (verdict.verdict === 'refused') return refused(VOUCHER_REASON_OF[verdict.reason] ?? REASON_OF[verdict.reason]);
    if (verdict.verdict === 'challenge' || voucher === undefined) return refused('rule');
    const good = voucher;
    return vouchers.inTurn(good, async () => {
      const grant = await vouchers.grant(good, client, (other) => sessions.close(other, 'ndsctl_deauth', 'replaced'));
      if (grant) return enter(client, verdict.ticket, grant);
      const fields = { door: 'portal', user: voucherLogin(good), client: client.address, reason: 'used-up' };
      journal.append([auditChange(clock.now(), 'refused', fields)]);
      return refused('used');
    });
  }

  async function enter(client: Client, ticket: Ticket, grant: Grant): Promise<Outcome> {
    const name = sessions.newName();
    const admission = await gate.admit(ticket, { session: name, place: client.address });
    if (!admission.admitted) return refused(admission.full ? 'many' : 'rule');
    // Others may have come in meanwhile.
    if (sessions.full) return refused('full');
    const { terms } = admission;
    const seconds = shorter(grant.seconds || settings.session_seconds, terms.seconds);
    const most = {
      sent: shorter(grant.most.sent, terms.upload),
      received: shorter(grant.most.received, terms.download),
    };
    const limit = bytesOfKbit(terms.uploadKbit ?? 0, terms.downloadKbit ?? 0);
    const all = bytesOfKbit(settings.upload_kbit, settings.download_kbit);
    const rate = {
      sent: rateFor(grant.rate.sent, limit.sent, all.sent),
      received: rateFor(grant.rate.received, limit.received, all.received),
    };
    const user = ticket.account.login;
    await sessions.open(client, { name, user, seconds, most, rate, event: 'client_auth' });
    return IN;
  }

  function knockFor(client: Client, given: Credentials, onGrant: (grant: Grant) => void): Knock {
    const { user, password, answer } = given;
    if (answer) return { ...knockOf(client, user || client.mac), proof: { kind: 'answer', ...answer } };
    if (binauth) {
      const source = programSource(client, given, binauth, onGrant);
      return { ...knockOf(client, user || client.mac), proof: { kind: 'password', password }, source };
    }
    if (settings.login === 'password' || settings.login === 'password or voucher')
      return { ...knockOf(client, user), proof: { kind: 'password', password } };
    const by = settings.preauth ? 'preauth' : settings.fas_port ? 'fas' : 'click';
    const source = sourceOf(by, async () => stranger(client.mac, undefined));
    return { ...knockOf(client, client.mac), proof: { kind: 'external', by }, source };
  }

  function programSource(
    client: Client,
    { user, password, redir, userAgent }: Credentials,
    program: BinAuth,
    onGrant: (grant: Grant) => void,
  ): UserSource {
    return sourceOf('binauth', async () => {
      const { mac, address } = client;
      const answer: Answer = await program.ask({ mac, user, password, redir, userAgent, address });
      if (answer.is === 'yes') onGrant(answer);
      const known = user === '' ? null : await users.find(user, '');
      const says = answer.is === 'yes';
      if (known === null) return stranger(user || mac, says);
      const { id, login, name, domain, locked } = known;
      return { ...stranger(login, says), id, name, domain, locked };
    });
  }

  function knockOf(client: Client, user: string): Omit<Knock, 'proof'> {
    return { door: 'portal', user, domain: '', client: { address: client.address, port: 0 }, time: clock.now() };
  }
}

function refused(reason: Reason): Outcome {
  return { is: 'refused', reason };
}

/** Finds one user, whoever is asked for. */
function sourceOf(name: string, find: () => Promise<Account | null>): UserSource {
  return { name, shared: false, ignoresCase: false, find };
}

/** Somebody whom no table knows. */
function stranger(login: string, isRight: boolean | undefined): Account {
  return {
    id: `portal:${login}`,
    login,
    name: login,
    domain: '',
    locked: false,
    values: [],
    ha1: () => undefined,
    checkPassword: () => isRight,
  };
}

/** What was granted, or else what holds for all, and within the limit of rules; 0: nobody said anything. */
function rateFor(granted: number, limit: number, all: number): number {
  if (limit === 0) return granted;
  return shorter(granted || all, limit);
}

/** 0 is no limit. */
function shorter(own: number, terms: number | undefined): number {
  if (terms === undefined) return own;
  return own === 0 ? terms : Math.min(own, terms);
}
