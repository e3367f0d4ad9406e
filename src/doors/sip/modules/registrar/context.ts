/** What the registrar's functions work with, besides the table that each of them names. */
import type { Transport } from '../../transport/types.ts';
import type { RegistrarOptions } from './parameters.ts';

export interface RegistrarContext {
  readonly options: RegistrarOptions;
  /** Seconds within which an equal CSeq counts as a retransmission. */
  readonly cseqDelay: number;
  readonly transport: Transport;
  /** Told of a user who has more contacts than are rung, or shown in a reply. */
  tooMany(aor: string): void;
}
