/** External programs that may refuse a proven user or set terms before the session is opened. */
import type { Admission, Answer, SessionName, Ticket } from '../gate/types.ts';

export interface Hooks {
  admit(ticket: Ticket, session: SessionName): Answer<Admission>;
}

const ADMITTED: Admission = { admitted: true, terms: {} };

/** No hook is configured. */
export const noHooks: Hooks = { admit: () => ADMITTED };
