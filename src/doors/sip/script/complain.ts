/** How what binds a part of the script says that it cannot, and how a bound condition says that a value is missing. */
import type { Explanation, Span } from './diagnostics.ts';
import type { ScriptErrorCode } from './errors.ts';
import { WAIT } from './wait.ts';

export type Complain = (code: ScriptErrorCode, at: Span, message: string, explanation?: Explanation) => undefined;

/** A condition could not be evaluated. */
export const ERROR = WAIT + 1;
