/** Where tokens are kept. Core declares it, storage implements it; they are written through the journal (`put-own`). */
import type { OwnRows, OwnValues } from '../journal/own-table.ts';
import type { TokenQuery } from './types.ts';

export interface TokenStore extends OwnRows {
  /** Rows of TOKEN_TABLE, one page of them, and how many there are on all. Errors: STORAGE_UNAVAILABLE. */
  list(query: TokenQuery): Promise<{ rows: OwnValues[]; total: number }>;
}
