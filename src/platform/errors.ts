/**
 * The one error class of Gatehouse. What a user sees of it is code, message, place and hint; never a stack trace.
 *
 * `code` is stable and documented in docs/errors.md. `message` says what happened in lower case without a full stop,
 * `where` names the place (file:line:column, option path, address), `hint` says what to do.
 */
export interface ErrorDetails {
  hint?: string;
  where?: string;
  cause?: unknown;
}

export class GatehouseError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly where: string | undefined;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'GatehouseError';
    this.code = code;
    this.hint = details.hint;
    this.where = details.where;
  }

  /** The lines for a terminal or a log: `where: message [CODE]`, then the hint indented. */
  toText(): string {
    const first = `${this.where ? `${this.where}: ` : ''}${this.message} [${this.code}]`;
    return this.hint ? `${first}\n  ${this.hint}` : first;
  }
}

/** What any thrown value says in one line, for places that only log it. */
export function describeError(error: unknown): string {
  if (error instanceof GatehouseError) return error.toText().replaceAll('\n  ', '; ');
  return error instanceof Error ? error.message : String(error);
}
