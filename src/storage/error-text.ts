/** Errors as they cross between the threads: code, message and hint, nothing else. */
import { GatehouseError } from '../platform/errors.ts';
import type { ErrorText } from './protocol.ts';

export function toText(error: unknown): ErrorText {
  if (error instanceof GatehouseError) return { code: error.code, message: error.message, hint: error.hint };
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'STORAGE_REFUSED', message, hint: undefined };
}

export function fromText(text: ErrorText): GatehouseError {
  return new GatehouseError(text.code, text.message, text.hint === undefined ? {} : { hint: text.hint });
}
