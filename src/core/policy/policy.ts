/** What may be done by whom, once it is known who asks. */
import type { Terms, Ticket } from '../gate/types.ts';

export type Decision = { readonly allowed: true } | { readonly allowed: false; readonly rule: string };

export interface Policy {
  /** May the user use the door from here and now? The ticket is not given out yet. */
  decide(ticket: Ticket): Decision;
  /** What a session opened by this ticket may do. */
  terms(ticket: Ticket): Terms;
}
