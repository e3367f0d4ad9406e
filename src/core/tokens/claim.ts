/** A proof at the gate, and whose it is as tokens see it. */
import type { Claim } from '../gate/codes.ts';
import type { Asker } from '../policy/linotp/conditions.ts';
import type { Person } from '../realms/types.ts';
import type { TokenOwner } from './types.ts';

export interface CodeClaim extends Claim {
  readonly person: Person | null;
  readonly owner: Pick<TokenOwner, 'source' | 'id'> | null;
  /** Of a token that nobody owns. */
  readonly lone: string | undefined;
  /** Whom policies are asked about. */
  readonly asker: Asker;
}
