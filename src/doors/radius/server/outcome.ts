/** What is to be answered to a request, before it is written for who asked. */

import type { Attribute } from '../../../platform/radius/attributes.ts';
import type { Code } from '../../../platform/radius/numbers.ts';

export interface Said {
  readonly code: Code;
  readonly attributes: readonly Attribute[];
}

/**
 * `silent`: nothing, nor when it is sent again. `later`: nothing now, so that the NAS asks another server or asks again, and then it is done
 * anew.
 */
export type Outcome = Said | 'silent' | 'later';

/** To who may come in, but not once more. */
export const TOO_MANY = 'You have as many sessions as you may have.';
