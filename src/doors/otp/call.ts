/**
 * A call of administration: who may make it, and how its outcome becomes a reply.
 *
 * Errors are replies too, with status 200 unless the parameter `httperror` wants another; but what no call of LinOTP's clients runs into
 * is told by its own status.
 */
import type { Administration } from '../../core/admin/types.ts';
import { GatehouseError } from '../../platform/errors.ts';
import type { HttpReply, HttpRequest } from '../../platform/http-route.ts';
import type { Log } from '../../platform/log.ts';
import type { Fields } from './fields.ts';
import type { AdminLogin, LoggedIn } from './login/login.ts';
import { errorReply, type Json, unauthorisedReply, valueReply } from './reply.ts';

export interface Caller {
  /** As the audit trail names who acts: `admin NAME from ADDRESS`. */
  readonly by: string;
  readonly administration: Administration;
}

/** `value` becomes that of the envelope; a reply goes out as it is. */
export type Outcome = { readonly value: Json; readonly detail?: Json } | HttpReply;

export interface AdminCall {
  /** Then a GET will not do. */
  readonly changes: boolean;
  run(fields: Fields, caller: Caller): Promise<Outcome>;
}

/** By path. */
export type AdminCalls = Readonly<Record<string, AdminCall>>;

export const reads = (run: AdminCall['run']): AdminCall => ({ changes: false, run });
export const changes = (run: AdminCall['run']): AdminCall => ({ changes: true, run });

export interface AnswerParts {
  readonly login: AdminLogin;
  readonly log: Log;
  administration(actor: string): Administration;
}

export async function answerAdmin(call: AdminCall, request: HttpRequest, parts: AnswerParts): Promise<HttpReply> {
  try {
    const who = await parts.login.who(request);
    if (!who) return unauthorisedReply();
    const reply = await run(call, request, who, parts);
    return who.cookies.length === 0 ? reply : { ...reply, headers: { ...reply.headers, 'set-cookie': who.cookies } };
  } catch (error) {
    return failed(error, request, parts.log);
  }
}

async function run(call: AdminCall, request: HttpRequest, who: LoggedIn, parts: AnswerParts): Promise<HttpReply> {
  const by = `admin ${who.name} from ${request.address}`;
  try {
    if (call.changes) requirePost(request);
    const outcome = await call.run(request.fields, { by, administration: parts.administration(by) });
    return 'status' in outcome ? outcome : valueReply(outcome.value, 1, outcome.detail);
  } catch (error) {
    return failed(error, request, parts.log);
  }
}

export function requirePost({ method }: HttpRequest): void {
  if (method !== 'POST') throw new GatehouseError('OTP_METHOD', 'this call must be a POST');
}

const STATUS: Readonly<Record<string, number>> = { OTP_ROUTE: 404, OTP_METHOD: 405, OTP_ORIGIN: 403 };

export function failed(error: unknown, { path, fields }: HttpRequest, log: Log): HttpReply {
  if (!(error instanceof GatehouseError))
    log.error('a call failed', { path, error: String((error as Error)?.stack ?? error) });
  const reply = errorReply(error, 1, fields.get('httperror'));
  const status = error instanceof GatehouseError ? STATUS[error.code] : undefined;
  return status === undefined ? reply : { ...reply, status };
}
