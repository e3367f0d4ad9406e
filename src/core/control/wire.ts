/** How an answer crosses a socket: `{"result": …}` with status 200, or `{"error": {code, message, hint, where}}`. */
import { GatehouseError } from '../../platform/errors.ts';

export interface WireError {
  code: string;
  message: string;
  hint?: string;
  where?: string;
}

/** An unexpected error says nothing of itself to the other side: it goes to the log. */
export function toWire(error: unknown): WireError {
  if (!(error instanceof GatehouseError)) {
    return { code: 'INTERNAL', message: 'an unexpected fault', hint: 'the server log has the details' };
  }
  const { code, message, hint, where } = error;
  return { code, message, ...(hint ? { hint } : {}), ...(where ? { where } : {}) };
}

export function fromWire(error: WireError): GatehouseError {
  const { hint, where } = error;
  return new GatehouseError(error.code, error.message, { ...(hint ? { hint } : {}), ...(where ? { where } : {}) });
}
