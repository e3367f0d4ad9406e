/** How an answer crosses a socket: `{"result": …}` with status 200, or `{"error": {code, message, hint, where, problems}}`. */
import { GatehouseError } from '../../platform/errors.ts';
import { type Problem, ProblemsError } from '../../platform/problems.ts';

export interface WireError {
  code: string;
  message: string;
  hint?: string;
  where?: string;
  /** Of several that together are the error. */
  problems?: readonly Problem[];
}

/** An unexpected error says nothing of itself to the other side: it goes to the log. */
export function toWire(error: unknown): WireError {
  if (!(error instanceof GatehouseError)) {
    return { code: 'INTERNAL', message: 'an unexpected fault', hint: 'the server log has the details' };
  }
  const { code, message, hint, where } = error;
  const problems = error instanceof ProblemsError ? { problems: error.problems } : {};
  return { code, message, ...(hint ? { hint } : {}), ...(where ? { where } : {}), ...problems };
}

export function fromWire(error: WireError): GatehouseError {
  const { hint, where, problems } = error;
  if (problems) return new ProblemsError(error.code, problems);
  return new GatehouseError(error.code, error.message, { ...(hint ? { hint } : {}), ...(where ? { where } : {}) });
}
