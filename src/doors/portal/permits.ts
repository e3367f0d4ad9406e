/** What root's helper starts for this door, and nothing else. */
import type { Permit } from '../../platform/helper/permit.ts';
import { METHOD } from './binauth/question.ts';
import type { PortalSettings } from './config/model.ts';
import { NEIGHBOUR_PERMIT } from './firewall/neighbours.ts';
import { NFT_PERMITS } from './firewall/nft.ts';
import { programPermit } from './program.ts';

export function portalPermits({ binauth, binauth_shell, preauth }: PortalSettings): Permit[] {
  return [
    ...NFT_PERMITS,
    NEIGHBOUR_PERMIT,
    ...(binauth ? [programPermit([...binauth_shell, binauth], [METHOD])] : []),
    ...(preauth ? [programPermit([preauth], [])] : []),
  ];
}
