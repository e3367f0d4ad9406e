/** Other terms for a session that is open, whichever door it came in by. Errors: SESSION_UNKNOWN, SESSION_TERMS, and those of the door. */
import { GatehouseError } from '../../platform/errors.ts';
import type { SessionTerms } from '../doors/types.ts';
import type { SessionDirectory } from '../sessions/directory.ts';

export interface SessionCalls {
  /** Resolves when they are in force. */
  changeSession(session: string, terms: SessionTerms): Promise<void>;
}

export function sessionCalls(sessions: () => SessionDirectory, actor: string): SessionCalls {
  return {
    async changeSession(session, terms) {
      if (!(await sessions().change(session, { ...terms, by: actor })))
        throw new GatehouseError('SESSION_UNKNOWN', `there is no session ${session}`);
    },
  };
}
