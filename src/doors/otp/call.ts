/**
 * A call of administration: who may make it, and how its outcome becomes a reply.
 *
 * Errors are replies too, with status 200 unless the parameter `httperror` wants another; but what no call of LinOTP's clients runs into
 * is told by its own status.
 */
import type { Administration } from '../../core/admin/types.ts';
import type { PolicyRules } from '../../core/policy/rules.ts';
import type { Clock } from '../../platform/clock.ts';
import { GatehouseError } from '../../platform/errors.ts';
import type { HttpReply, HttpRequest } from '../../platform/http-route.ts';
import type { Log } from '../../platform/log.ts';
import type { Fields } from './fields.ts';
import type { AdminLogin, LoggedIn } from './login/login.ts';
import { errorReply, type Json, valueReply } from './reply.ts';

export interface Caller {
  readonly name: string;
  /** As the audit trail names who acts: `admin NAME from ADDRESS`. */
  readonly by: string;
  readonly address: string;
  readonly administration: Administration;
  /** Whether a policy keeps the administrator from this; `realms` of whom or what it is done to. Errors: OTP_FORBIDDEN. */
  require(scope: OfficeScope, action: string, realms?: readonly string[]): void;
}

type OfficeScope = 'admin' | 'system' | 'audit';

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

/** Calls that have all the same two rights, as those of /system do. */
export function systemCalls(calls: AdminCalls): AdminCalls {
  const guarded = (call: AdminCall): AdminCall => ({
    ...call,
    async run(fields, caller) {
      caller.require('system', call.changes ? 'write' : 'read');
      return call.run(fields, caller);
    },
  });
  return Object.fromEntries(Object.entries(calls).map(([path, call]) => [path, guarded(call)]));
}

export interface AnswerParts {
  readonly login: AdminLogin;
  readonly log: Log;
  readonly clock: Clock;
  /** Says what administrators may do. */
  readonly policy: Pick<PolicyRules, 'permits'>;
  administration(actor: string): Administration;
}

export async function answerAdmin(call: AdminCall, request: HttpRequest, parts: AnswerParts): Promise<HttpReply> {
  try {
    const who = await parts.login.who(request);
    if (!who) return parts.login.refuse(request);
    const reply = await run(call, request, who, parts);
    return who.cookies.length === 0 ? reply : { ...reply, headers: { ...reply.headers, 'set-cookie': who.cookies } };
  } catch (error) {
    return failed(error, request, parts.log);
  }
}

async function run(call: AdminCall, request: HttpRequest, who: LoggedIn, parts: AnswerParts): Promise<HttpReply> {
  try {
    if (call.changes) requirePost(request);
    const outcome = await call.run(request.fields, callerOf(who, request, parts));
    return 'status' in outcome ? outcome : valueReply(outcome.value, 1, outcome.detail);
  } catch (error) {
    return failed(error, request, parts.log);
  }
}

/** A token that is in no realm is for those only who may in all realms: no realm has this name. */
const NO_REALM = ['/'];

function callerOf({ name }: LoggedIn, { address }: HttpRequest, parts: AnswerParts): Caller {
  const by = `admin ${name} from ${address}`;
  return { name, by, address, administration: parts.administration(by), require };

  function require(scope: OfficeScope, action: string, realms?: readonly string[]): void {
    const asker = { name, client: address, time: new Date(parts.clock.now()) };
    const askers = (realms?.length === 0 ? NO_REALM : realms)?.map((realm) => ({ ...asker, realm })) ?? [asker];
    if (askers.some((one) => parts.policy.permits(scope, action, one).allowed)) return;
    throw new GatehouseError('OTP_FORBIDDEN', `no policy lets the administrator ${name} do this: ${scope}/${action}`);
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
