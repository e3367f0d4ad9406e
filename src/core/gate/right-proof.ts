/** Whether a proof fits an account. */
import { fitsChap } from '../proofs/chap.ts';
import { checkDigest } from '../proofs/digest.ts';
import { fitsMsChap } from '../proofs/ms-chap.ts';
import type { Account } from '../users/types.ts';
import type { Proof } from './types.ts';

/** Nobody's HA1: a name that nobody has costs the hashes that a known one costs. */
const DECOY_HA1 = '0'.repeat(32);

export function isRight(proof: Proof, account: Account): boolean {
  switch (proof.kind) {
    case 'digest': {
      const ha1 = account.ha1(proof.username, proof.realm, proof.algorithm);
      return checkDigest(proof, ha1 ?? DECOY_HA1) && ha1 !== undefined;
    }
    case 'password':
      return account.checkPassword(proof.password) === true;
    case 'chap':
      return account.checkChap?.(proof) === true;
    case 'called-back':
      return proof.owner === account.id;
    case 'ms-chap':
      return account.checkMsChap?.(proof) === true;
    case 'external':
      return true;
    case 'otp':
    case 'answer':
    case 'call-back':
      return false;
  }
}

/** Costs what `isRight` costs, for a name that nobody has. */
export function tryInVain(proof: Proof): void {
  if (proof.kind === 'digest') checkDigest(proof, DECOY_HA1);
  if (proof.kind === 'chap') fitsChap(proof, DECOY_HA1);
  if (proof.kind === 'ms-chap') fitsMsChap(proof, DECOY_HA1);
}
