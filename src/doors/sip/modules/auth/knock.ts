/**
 * Takes credentials to the gate and says its verdict in the numbers a script knows: 1 proven; -1 nobody has that name; -2 the
 * digest does not match; -3 it does, but the nonce has expired (RFC 2617's stale); 0 the request was answered, or is dropped
 * because its sender is over the limit; -5 it should have been answered and could not be, as it was before.
 *
 * Users are looked up by the text that the bytes of the name are; digests go over the bytes.
 */
import type { Gate, Verdict } from '../../../../core/gate/types.ts';
import { unicodeText } from '../../../../core/ser/wire-text.ts';
import type { Account, UserSource } from '../../../../core/users/types.ts';
import type { Log } from '../../../../platform/log.ts';
import type { Run } from '../../run.ts';
import { resumeWith } from '../resume-with.ts';
import type { Found } from './examine.ts';

/** Where the users are looked for. */
export interface UserBase {
  readonly source: UserSource;
  /** Users are looked up with the realm as their domain. */
  readonly useDomain: boolean;
  /** The user is proven: what the table holds besides goes to the script. */
  onProven?(run: Run, account: Account): void;
  /** The digest of a user who is known did not match. */
  onWrongProof(found: Found): void;
}

const UNAVAILABLE: Verdict = { verdict: 'refused', reason: 'unavailable', silent: false };

export function knock(run: Run, found: Found, base: UserBase, gate: Gate, log: Log): number {
  const { proof, user, time } = found;
  const answer = gate.prove({
    door: 'sip',
    user: unicodeText(user),
    domain: base.useDomain ? unicodeText(proof.realm) : '',
    client: { address: run.source.address, port: run.source.port },
    proof,
    source: base.source,
    time,
  });
  return answer instanceof Promise ? wait(run, found, base, answer, log) : conclude(run, found, base, answer);
}

/** Apart from `knock`, so that no closure is made where nothing is waited for. */
function wait(run: Run, found: Found, base: UserBase, answer: Promise<Verdict>, log: Log): number {
  return resumeWith(
    run,
    answer,
    log,
    (verdict) => conclude(run, found, base, verdict),
    () => conclude(run, found, base, UNAVAILABLE),
  );
}

function conclude(run: Run, found: Found, base: UserBase, verdict: Verdict): number {
  if (verdict.verdict === 'proven') {
    const { username, realm, expired } = found.proof;
    run.authorised = { header: found.header, username, user: found.user, realm, ticket: verdict.ticket };
    base.onProven?.(run, verdict.ticket.account);
    if (!expired) return 1;
    run.stale = true;
    return -3;
  }
  // Digests lead to no challenge.
  if (verdict.verdict === 'challenge') return run.reply(403, 'Forbidden') ? 0 : -5;
  if (verdict.silent) {
    run.dropped = true;
    return 0;
  }
  switch (verdict.reason) {
    case 'unknown-user':
      return -1;
    case 'wrong-proof':
      base.onWrongProof(found);
      return -2;
    case 'replayed':
      run.stale = true; // the client has the right password: let it compute anew without asking its user
      return -2;
    case 'slowed':
      return -2;
    case 'new-place':
      return run.reply(403, 'Code Needed First') ? 0 : -5;
    case 'locked':
    case 'policy':
    case 'not-admitted':
      return run.reply(403, 'Forbidden') ? 0 : -5;
    case 'unavailable':
    case 'not-sent':
      return run.reply(503, 'Service Unavailable', 'Retry-After: 5\r\n') ? 0 : -5;
  }
}
