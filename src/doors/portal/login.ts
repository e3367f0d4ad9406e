/**
 * Whether a client may come in: by a click, or by name and password that the gate checks. Both are knocks at the one gate, so
 * that limits, policies, hooks and the audit trail hold for both.
 *
 * Who comes by a click has no account: his MAC address stands for him, so that rules can name it and limits count it.
 */
import type { Gate, Knock, RefusalReason, Verdict } from '../../core/gate/types.ts';
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
}

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
};

/** Undefined: the client is in. */
export type LogIn = (client: Client, given: Credentials) => Promise<Reason | undefined>;

export function createLogIn(parts: LoginParts): LogIn {
  const { settings, sessions, gate, clock, log } = parts;

  return async function logIn(client, given) {
    // Whoever presses the button twice asks for one session.
    if (client.session !== undefined) return undefined;
    if (client.busy) return 'busy';
    client.busy = true;
    try {
      return await decide(client, given);
    } catch (error) {
      log.error('a login failed', { client: client.address, error: describeError(error) });
      return 'busy';
    } finally {
      client.busy = false;
    }
  };

  async function decide(client: Client, given: Credentials): Promise<Reason | undefined> {
    if (sessions.full) return 'full';
    const knock = settings.login === 'click' ? clickKnock(client) : passwordKnock(client, given);
    if (knock === undefined) return 'wrong';
    const verdict: Verdict = await gate.prove(knock);
    if (verdict.verdict === 'refused') return REASON_OF[verdict.reason];
    const name = sessions.newName();
    const admission = await gate.admit(verdict.ticket, { session: name });
    if (!admission.admitted) return 'rule';
    // Others may have come in meanwhile.
    if (sessions.full) return 'full';
    await sessions.open(client, verdict.ticket.account.login, name, undefined, admission.terms);
    return undefined;
  }

  function clickKnock(client: Client): Knock {
    return { ...knockOf(client, client.mac), proof: { kind: 'external', by: 'click' }, source: sourceOf(client.mac) };
  }

  function passwordKnock(client: Client, { user, password }: Credentials): Knock | undefined {
    if (user === '' || user.length > LONGEST || password.length > LONGEST) return undefined;
    return { ...knockOf(client, user), proof: { kind: 'password', password } };
  }

  function knockOf(client: Client, user: string): Omit<Knock, 'proof'> {
    return { door: 'portal', user, domain: '', client: { address: client.address, port: 0 }, time: clock.now() };
  }
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
