/**
 * The second leg: the whole login of whoever answers at the number that was called, and nobody's but his who is to be called there.
 *
 * What is wrong is not said, save to who gave the right proof. Errors: none; the gate says `unavailable` where it cannot ask.
 */
import { auditChange } from '../../../core/audit/events.ts';
import type { Gate, Knock, Proof, RefusalReason, Ticket, Verdict } from '../../../core/gate/types.ts';
import type { Journal } from '../../../core/journal/types.ts';
import type { UserSource } from '../../../core/users/types.ts';
import type { Clock } from '../../../platform/clock.ts';
import { insist, loginOf } from './request.ts';
import type { Terminal } from './terminal.ts';
import type { DialTexts } from './texts.ts';

export interface LoginParts {
  readonly gate: Pick<Gate, 'prove'>;
  readonly users: UserSource;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly texts: DialTexts;
  readonly timeoutMs: number;
  readonly tries: number;
}

/** Who was called, and on which line. */
export interface Called {
  /** Id of the account. */
  readonly owner: string;
  readonly login: string;
  /** What limits count per place. */
  readonly place: string;
  /** A policy lets the number do instead of a password. */
  readonly suffices: boolean;
}

/** Only who gave the right proof hears more than that he is refused. */
const TOLD: Partial<Record<RefusalReason, string>> = {
  locked: 'This user is locked.\n',
  policy: 'You may not come in here, or not now.\n',
  'not-sent': 'You could not be sent a code, or not be called.\n',
  'not-admitted': 'You were not let in by telephone.\n',
};

/** Undefined: nobody was let in, and the line is to be hung up. */
export async function logIn(terminal: Terminal, called: Called, parts: LoginParts): Promise<Ticket | undefined> {
  const { texts } = parts;
  terminal.say(texts.welcome);
  for (let i = 0; i < parts.tries; i++) {
    const name = await insist(terminal, texts.login, parts.timeoutMs);
    if (name === undefined) return undefined;
    const verdict = await identify(terminal, name, called, parts);
    if (verdict === undefined) return undefined;
    if (verdict.verdict === 'proven') return verdict.ticket;
    const told = verdict.verdict === 'refused' ? TOLD[verdict.reason] : undefined;
    terminal.say(told ?? texts.wrong);
    if (told !== undefined) return undefined;
  }
  return undefined;
}

/** Undefined: nobody is there any more, or what was asked for did not come. */
async function identify(
  terminal: Terminal,
  name: string,
  called: Called,
  parts: LoginParts,
): Promise<Verdict | undefined> {
  const { gate, texts, timeoutMs, clock } = parts;
  const { user, domain } = loginOf(name);
  const prove = (proof: Proof) => {
    const client = { address: called.place, port: 0 };
    return gate.prove({ door: 'dial', user, domain, client, proof, time: clock.now() } satisfies Knock);
  };
  const isHe = await isCalled(user, domain, called, parts);
  let verdict: Verdict | undefined;
  if (isHe && called.suffices) verdict = await prove({ kind: 'called-back', owner: called.owner });
  else {
    const password = await terminal.ask({ prompt: texts.password, echo: false, timeoutMs });
    if (password === undefined) return undefined;
    verdict = isHe ? await prove({ kind: 'password', password }) : refuseOther(name, called, parts);
  }
  while (verdict.verdict === 'challenge') {
    const { transaction, prompt, via } = verdict;
    // Who is rung presses his key there, and here any.
    const code = await terminal.ask({
      prompt: `${prompt}\n${via === 'callback' ? '' : texts.code}`,
      echo: true,
      timeoutMs,
    });
    if (code === undefined) return undefined;
    verdict = await prove({ kind: 'answer', transaction, code: code.trim() });
  }
  return verdict;
}

export async function isCalled(
  user: string,
  domain: string,
  { owner }: Called,
  { users }: Pick<LoginParts, 'users'>,
): Promise<boolean> {
  try {
    return (await users.find(user, domain))?.id === owner;
  } catch {
    return false;
  }
}

/** Nothing is checked: a call to one user's number is no way to try another one's password. */
export function refuseOther(
  name: string,
  { login, place }: Called,
  { journal, clock }: Pick<LoginParts, 'journal' | 'clock'>,
): Verdict {
  const fields = { door: 'dial', user: name, client: place, reason: 'not-called', called: login };
  journal.append([auditChange(clock.now(), 'refused', fields)]);
  return { verdict: 'refused', reason: 'wrong-proof', silent: false };
}
