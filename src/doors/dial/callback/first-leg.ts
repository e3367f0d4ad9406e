/**
 * A call that came in, from its first prompt to the plan of calling back. The line is hung up before anybody's answer is weighed, so that
 * neither words nor time tell a caller whom there is.
 */
import { auditChange } from '../../../core/audit/events.ts';
import type { CallBack, Gate } from '../../../core/gate/types.ts';
import type { Journal } from '../../../core/journal/types.ts';
import type { Policy } from '../../../core/policy/policy.ts';
import type { UserNumbers } from '../../../core/users/numbers.ts';
import type { UserSource } from '../../../core/users/types.ts';
import type { Clock } from '../../../platform/clock.ts';
import { describeError } from '../../../platform/errors.ts';
import type { Log } from '../../../platform/log.ts';
import type { Call } from '../modem/types.ts';
import { TextOrPpp } from '../ppp/text-or-ppp.ts';
import { askByPpp, pppLine } from './ppp-legs.ts';
import { askWhom, type Request } from './request.ts';
import { Terminal } from './terminal.ts';
import type { DialTexts } from './texts.ts';

export interface FirstLegParts {
  readonly gate: Pick<Gate, 'prove'>;
  readonly users: UserSource;
  readonly numbers: Pick<UserNumbers, 'shown' | 'list'>;
  readonly policy: Pick<Policy, 'grants'>;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  readonly texts: () => DialTexts;
  readonly timeoutMs: () => number;
  readonly stopping: AbortSignal;
  plan(to: CallBack, line: string): void;
}

export interface From {
  readonly line: string;
  readonly callerId: string | undefined;
}

/** Resolves when the line may be hung up; what follows goes on behind it. True: something was said last. */
export async function firstLeg(call: Call, from: From, parts: FirstLegParts): Promise<boolean> {
  const { numbers, users, journal, clock, texts, timeoutMs, stopping } = parts;
  const line = new TextOrPpp(call);
  const terminal = new Terminal(line, AbortSignal.any([call.ended, stopping, line.begun]));
  const place = placeOf(from);
  const said = await askWhom(terminal, {
    texts: texts(),
    timeoutMs: timeoutMs(),
    shown: async (user, domain) => {
      // Looked up for all alike; where it cannot be, a made-up list is as good as any.
      const account = await Promise.resolve(users.find(user, domain)).catch(() => null);
      return numbers.shown(user, account?.id);
    },
  });
  if (line.begun.aborted) {
    const over = AbortSignal.any([stopping, AbortSignal.timeout(timeoutMs())]);
    const request = await askByPpp(pppLine(call, line, place, over), parts);
    if (request !== undefined) judgeAside(request, place, from.line, parts);
    return true;
  }
  if (said === undefined) {
    const reason = call.ended.aborted ? 'hung-up' : 'no-answer';
    journal.append([auditChange(clock.now(), 'refused', { door: 'dial', user: '', client: place, reason })]);
    return false;
  }
  judgeAside(said, place, from.line, parts);
  return true;
}

function judgeAside(request: Request, place: string, line: string, parts: FirstLegParts): void {
  judge(request, place, line, parts).catch((error) =>
    parts.log.error('a request to be called back failed', { error: describeError(error) }),
  );
}

/** Refusals are in the audit trail; nobody else hears of them. */
async function judge({ user, domain, to }: Request, place: string, line: string, parts: FirstLegParts): Promise<void> {
  const { gate, clock, plan } = parts;
  const client = { address: place, port: 0 };
  const verdict = await gate.prove({
    ...{ door: 'dial', user, domain, client, time: clock.now() },
    proof: { kind: 'call-back', to },
  });
  if (verdict.verdict === 'challenge' && verdict.callBack) plan(verdict.callBack, line);
}

/** The number that calls, where the exchange tells it; else all who call on this line. */
function placeOf({ line, callerId }: From): string {
  return callerId !== undefined && /^\+?[0-9]{2,20}$/.test(callerId) ? callerId : line;
}
