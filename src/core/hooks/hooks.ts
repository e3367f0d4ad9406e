/** External programs that may refuse a proven user or set terms before the session is opened. */
import { NO_TERMS } from '../gate/terms.ts';
import type { Admission, Answer, SessionName, Ticket } from '../gate/types.ts';

export interface Hooks {
  admit(ticket: Ticket, session: SessionName): Answer<Admission>;
}

export const ADMITTED: Admission = { admitted: true, terms: NO_TERMS };

/** No hook is configured. */
export const noHooks: Hooks = { admit: () => ADMITTED };
