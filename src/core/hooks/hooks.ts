/** External programs that may refuse a proven user or set terms before the session is opened. */
import type { Admission, Answer, Ticket } from '../gate/types.ts';

export interface Hooks {
  admit(ticket: Ticket, session: string): Answer<Admission>;
}

const ADMITTED: Admission = { admitted: true, terms: {} };

/** No hook is configured. */
export const noHooks: Hooks = { admit: () => ADMITTED };
