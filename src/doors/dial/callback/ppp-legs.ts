/**
 * The two legs with a caller who speaks PPP from the start: on the first one he proves who he is and chooses a number by CBCP, on the second he
 * proves it again, and the line is pppd's.
 *
 * There is no way without the call back: who does not ask for it is let go. The gate's refusals are in the audit trail by themselves.
 */
import { auditChange } from '../../../core/audit/events.ts';
import type { Gate, Ticket, Verdict } from '../../../core/gate/types.ts';
import type { Journal } from '../../../core/journal/types.ts';
import type { Policy } from '../../../core/policy/policy.ts';
import type { UserNumbers } from '../../../core/users/numbers.ts';
import { telephoneNumber } from '../../../core/users/telephone-number.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { Call } from '../modem/types.ts';
import { type Claim, hearClaim } from '../ppp/authenticate.ts';
import { chooseNumber } from '../ppp/cbcp.ts';
import { Link } from '../ppp/link.ts';
import type { TextOrPpp } from '../ppp/text-or-ppp.ts';
import { type Called, isCalled, type LoginParts, refuseOther } from './login.ts';
import { loginOf, type Request } from './request.ts';

export interface PppRequestParts {
  readonly gate: Pick<Gate, 'prove'>;
  readonly numbers: Pick<UserNumbers, 'list'>;
  readonly policy: Pick<Policy, 'grants'>;
  readonly journal: Journal;
  readonly clock: Clock;
}

/** The line, what came of the first frame, and when it is over. */
export interface PppLine {
  readonly call: Call;
  readonly early: Buffer;
  readonly over: AbortSignal;
  readonly place: string;
}

export function pppLine(call: Call, { early }: TextOrPpp, place: string, over: AbortSignal): PppLine {
  return { call, early, place, over: AbortSignal.any([call.ended, over]) };
}

/** Undefined: nobody is to be called; why is in the audit trail. */
export async function askByPpp(
  { call, early, over, place }: PppLine,
  { gate, numbers, policy, journal, clock }: PppRequestParts,
): Promise<Request | undefined> {
  const link = new Link(call, early, over, { takesCallBack: true });
  const refuse = (reason: string, user = ''): undefined => {
    journal.append([auditChange(clock.now(), 'refused', { door: 'dial', user, client: place, reason })]);
  };
  try {
    const agreed = await link.establish();
    const claim = agreed?.callBack ? await hearClaim(link, agreed.method) : undefined;
    if (claim === undefined) {
      const left = call.ended.aborted ? 'hung-up' : 'no-answer';
      return refuse(agreed?.callBack === false ? 'no-call-back' : left);
    }
    const { user, domain } = loginOf(claim.name);
    const verdict = await prove(gate, clock, claim, place);
    const account = verdict.verdict === 'proven' ? verdict.ticket.account : undefined;
    claim.settle(account);
    if (verdict.verdict !== 'proven' || account === undefined) {
      // A code cannot be asked for here; the gate has said all others.
      return verdict.verdict === 'challenge' ? refuse('no-login', user) : undefined;
    }
    const { ticket } = verdict;
    const listed = numbers.list(account.id);
    const chosen = await chooseNumber(link, {
      onFile: listed.length > 0,
      take: async (number) => {
        const alias = listed.find((one) => bare(one.number) === bare(number))?.alias;
        if (alias !== undefined || !policy.grants('free_number', ticket)) return alias;
        return telephoneNumber(number, false).catch(() => undefined);
      },
    });
    if (chosen === undefined) return refuse(call.ended.aborted ? 'hung-up' : 'no-number', account.login);
    await link.hearEnd();
    return { user, domain, to: chosen === '' ? listed[0]!.alias : chosen };
  } finally {
    await link.terminate();
  }
}

/** Somebody who was let in, on a link that waits for whoever speaks IP. Undefined: nobody was, and the line is to be hung up. */
export async function logInByPpp(
  { call, early, over, place }: PppLine,
  called: Called,
  parts: Omit<LoginParts, 'texts' | 'tries' | 'timeoutMs'>,
): Promise<{ ticket: Ticket; link: Link } | undefined> {
  const link = new Link(call, early, over, { takesCallBack: false });
  const agreed = await link.establish();
  const claim = agreed && (await hearClaim(link, agreed.method));
  if (claim !== undefined) {
    const { user, domain } = loginOf(claim.name);
    const verdict = (await isCalled(user, domain, called, parts))
      ? await prove(parts.gate, parts.clock, called.suffices ? vouchedFor(claim, called) : claim, place)
      : refuseOther(claim.name, called, parts);
    const ticket = verdict.verdict === 'proven' ? verdict.ticket : undefined;
    claim.settle(ticket?.account);
    if (ticket !== undefined) return { ticket, link };
  }
  await link.terminate();
  return undefined;
}

type Proven = Pick<Claim, 'name'> & { readonly proof: Parameters<Gate['prove']>[0]['proof'] };

async function prove(
  gate: Pick<Gate, 'prove'>,
  clock: Clock,
  { name, proof }: Proven,
  place: string,
): Promise<Verdict> {
  const client = { address: place, port: 0 };
  return gate.prove({ door: 'dial', ...loginOf(name), client, proof, time: clock.now() });
}

function vouchedFor({ name }: Claim, { owner }: Called): Proven {
  return { name, proof: { kind: 'called-back', owner } };
}

/** As people write it, and as it is kept. */
function bare(number: string): string {
  return number.replace(/[^0-9+]/g, '');
}
