/** A challenge as replies tell it. */
import type { Challenged } from '../../../core/gate/types.ts';
import type { ChallengedToken } from '../../../core/tokens/types.ts';
import type { Json } from '../reply.ts';

const SEVERAL = 'Multiple challenges submitted.';

export function challengeDetail({ tokens, transaction }: Challenged): { readonly [name: string]: Json } {
  if (tokens.length === 1) return tokenDetail(tokens[0]!);
  const challenges = Object.fromEntries(tokens.map((one) => [one.serial, tokenDetail(one)]));
  return { challenges, transactionid: transaction, message: SEVERAL };
}

/** For those who take one line. */
export function challengeLine({ tokens, transaction }: Challenged): string {
  const [only] = tokens;
  return tokens.length === 1 ? `${only!.transaction} ${only!.message}` : `${transaction} ${SEVERAL}`;
}

function tokenDetail({ transaction, message, serial, type, description, again }: ChallengedToken) {
  return {
    transactionid: transaction,
    message,
    state: transaction,
    linotp_tokenserial: serial,
    linotp_tokentype: type,
    linotp_tokendescription: description,
    ...(again ? { info: 'challenge already submitted' } : {}),
  };
}
