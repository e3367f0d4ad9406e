/**
 * Whether a client may come in: by a click, or by name and password that the gate checks. Both are knocks at the one gate, so
 * that limits, policies, hooks and the audit trail hold for both.
 *
 * Who comes by a click has no account: his MAC address stands for him, so that rules can name it and limits count it.
 */
import type { Gate, Knock, Proof, RefusalReason } from '../../core/gate/types.ts';
import type { Account, UserSource } from '../../core/users/types.ts';
import type { Clock } from '../../platform/clock.ts';
import { describeError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import type { Client } from './clients.ts';
import type { PortalSettings } from './config/model.ts';
import type { Sessions } from './sessions.ts';
import type { Reason } from './splash/words.ts';

export interface Credentials {
  readonly user: string;
  readonly password: string;
  /** Where he wanted to go; empty: unknown. */
  readonly redir: string;
  readonly userAgent: string;
  /** The second step: the code that was sent, and what it belongs to. */
  readonly answer: { readonly transaction: string; readonly code: string } | undefined;
}

/** `code`: one was sent, and is asked for. */
export type Outcome =
  | { readonly is: 'in' }
  | { readonly is: 'refused'; readonly reason: Reason }
  | { readonly is: 'code'; readonly transaction: string; readonly prompt: string };

export interface LoginParts {
  readonly settings: Pick<PortalSettings, 'login'>;
  readonly sessions: Sessions;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly log: Log;
}

/** Names longer than that nobody has; nothing is cut. */
const LONGEST = 255;

const REASON_OF: Readonly<Record<RefusalReason, Reason>> = {
  'unknown-user': 'wrong',
  'wrong-proof': 'wrong',
  replayed: 'wrong',
  locked: 'locked',
  policy: 'rule',
  slowed: 'slow',
  unavailable: 'busy',
  'not-sent': 'busy',
};

export type LogIn = (client: Client, given: Credentials) => Promise<Outcome>;

const IN: Outcome = { is: 'in' };

export function createLogIn(parts: LoginParts): LogIn {
  const { settings, sessions, gate, clock, log } = parts;

  return async function logIn(client, given) {
    // Whoever presses the button twice asks for one session.
    if (client.session !== undefined) return IN;
    if (client.busy) return refused('busy');
    client.busy = true;
    try {
      return await decide(client, given);
    } catch (error) {
      log.error('a login failed', { client: client.address, error: describeError(error) });
      return refused('busy');
    } finally {
      client.busy = false;
    }
  };

  async function decide(client: Client, given: Credentials): Promise<Outcome> {
    if (sessions.full) return refused('full');
    const knock = knockFor(client, given);
    if (knock === undefined) return refused('wrong');
    const verdict = await gate.prove(knock);
    if (verdict.verdict === 'refused') return refused(REASON_OF[verdict.reason]);
    if (verdict.verdict === 'challenge') {
      return { is: 'code', transaction: verdict.transaction, prompt: verdict.prompt };
    }
    const name = sessions.newName();
    const admission = await gate.admit(verdict.ticket, { session: name });
    if (!admission.admitted) return refused('rule');
    // Others may have come in meanwhile.
    if (sessions.full) return refused('full');
    await sessions.open(client, verdict.ticket.account.login, name, undefined, admission.terms);
    return IN;
  }

  /** Undefined: nobody can be meant. */
  function knockFor(client: Client, { user, password, answer }: Credentials): Knock | undefined {
    const second: Proof | undefined = answer && { kind: 'answer', ...answer };
    if (settings.login === 'click') {
      const proof = second ?? { kind: 'external', by: 'click' };
      return { ...knockOf(client, client.mac), proof, source: sourceOf(client.mac) };
    }
    if (user === '' || user.length > LONGEST || password.length > LONGEST) return undefined;
    return { ...knockOf(client, user), proof: second ?? { kind: 'password', password } };
  }

  function knockOf(client: Client, user: string): Omit<Knock, 'proof'> {
    return { door: 'portal', user, domain: '', client: { address: client.address, port: 0 }, time: clock.now() };
  }
}

function refused(reason: Reason): Outcome {
  return { is: 'refused', reason };
}

/** Finds one user, whoever is asked for. */
function sourceOf(login: string): UserSource {
  const account: Account = {
    id: `portal:${login}`,
    login,
    name: login,
    domain: '',
    locked: false,
    values: [],
    ha1: () => undefined,
    checkPassword: () => undefined,
  };
  return { name: 'click', shared: false, ignoresCase: false, find: () => account };
}
