/**
 * The OTP door: LinOTP's HTTP interface, under the paths and on the port of the HTTP door (platform/http-route.ts). It has no listener
 * of its own, and nobody's session stands behind it: a check is an answer to somebody else's door.
 */
import type { Admins } from '../../core/admin/admins.ts';
import type { Administration } from '../../core/admin/types.ts';
import type { PolicyRules } from '../../core/policy/rules.ts';
import type { Clock } from '../../platform/clock.ts';
import { GatehouseError } from '../../platform/errors.ts';
import type { HttpReply, HttpRequest, HttpRoutes } from '../../platform/http-route.ts';
import type { Log } from '../../platform/log.ts';
import { auditCalls, type SearchAudit } from './audit/search.ts';
import { type AdminCalls, answerAdmin, failed, requirePost, systemCalls } from './call.ts';
import { AdminLogin } from './login/login.ts';
import { policyCalls } from './system/policies.ts';
import { PROVIDER_CALLS } from './system/providers.ts';

export interface OtpParts {
  readonly clock: Clock;
  readonly log: Log;
  /** Signs the sessions of administrators; the same over restarts. */
  readonly sessionKey: Buffer;
  readonly verifyAdmin: Admins['verify'];
  /** What policies let administrators do. */
  readonly permissions: Pick<PolicyRules, 'permits'>;
  readonly searchAudit: SearchAudit;
  /** The administration for who acts: the audit trail names them. */
  administration(actor: string): Administration;
}

export function createOtpDoor(parts: OtpParts): HttpRoutes {
  const { clock, log, sessionKey: key, verifyAdmin: verify } = parts;
  const login = new AdminLogin({ key, clock, verify });
  const adminCalls: AdminCalls = {
    ...systemCalls({ ...PROVIDER_CALLS, ...policyCalls(clock) }),
    ...auditCalls(parts.searchAudit),
  };

  return { prefixes: ['/validate', '/admin', '/system', '/audit'], handle };

  function handle(request: HttpRequest): HttpReply | Promise<HttpReply> {
    const { path } = request;
    if (path === '/admin/login') return atLogin(request);
    if (path === '/admin/logout') return login.logout(request);
    if (Object.hasOwn(adminCalls, path)) return answerAdmin(adminCalls[path]!, request, { ...parts, login });
    return failed(new GatehouseError('OTP_ROUTE', `there is no call ${path.slice(0, 80)}`), request, log);
  }

  async function atLogin(request: HttpRequest): Promise<HttpReply> {
    try {
      requirePost(request);
      return await login.login(request);
    } catch (error) {
      return failed(error, request, log);
    }
  }
}
