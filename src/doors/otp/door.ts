/**
 * The OTP door: LinOTP's HTTP interface, under the paths and on the port of the HTTP door (platform/http-route.ts). It has no listener
 * of its own, and nobody's session stands behind it: a check is an answer to somebody else's door.
 */
import type { Admins } from '../../core/admin/admins.ts';
import type { Administration } from '../../core/admin/types.ts';
import type { PolicyRules } from '../../core/policy/rules.ts';
import type { SystemConfig } from '../../core/tokens/types.ts';
import { GatehouseError } from '../../platform/errors.ts';
import type { HttpReply, HttpRequest, HttpRoutes } from '../../platform/http-route.ts';
import { tokenCalls } from './admin/calls.ts';
import type { TokenParts } from './admin/target.ts';
import { auditCalls, type SearchAudit } from './audit/search.ts';
import { type AdminCalls, answerAdmin, failed, requirePost, systemCalls } from './call.ts';
import { type Believed, ClientAddresses } from './client.ts';
import { AdminLogin } from './login/login.ts';
import { configCalls } from './system/config.ts';
import { policyCalls } from './system/policies.ts';
import { PROVIDER_CALLS } from './system/providers.ts';
import { REALM_CALLS, TEST_RESOLVER } from './system/realms.ts';
import { userserviceCalls } from './userservice/calls.ts';
import { type ValidateParts, validateCalls } from './validate/calls.ts';

const USERSERVICE = '/userservice';
type Reply = HttpReply | Promise<HttpReply>;

export interface OtpParts extends Omit<ValidateParts, 'clients'>, TokenParts {
  readonly config: SystemConfig;
  /** Whose word counts on where a user is; it changes with a reload. */
  believed(): Believed;
  /** Signs the sessions of administrators; the same over restarts. */
  readonly sessionKey: Buffer;
  readonly verifyAdmin: Admins['verify'];
  readonly policy: PolicyRules;
  readonly searchAudit: SearchAudit;
  /** The administration for who acts: the audit trail names them. */
  administration(actor: string): Administration;
}

export function createOtpDoor(parts: OtpParts): HttpRoutes {
  const { clock, log, sessionKey: key, verifyAdmin: verify } = parts;
  const login = new AdminLogin({ key, clock, verify });
  let believed = parts.believed();
  let listed = '';
  let addresses = new ClientAddresses(believed);
  const adminCalls: AdminCalls = {
    ...systemCalls({ ...PROVIDER_CALLS, ...policyCalls(clock), ...REALM_CALLS, ...configCalls(parts.config) }),
    ...tokenCalls(parts),
    '/admin/testresolver': TEST_RESOLVER,
    ...auditCalls(parts.searchAudit),
  };
  const logins: Readonly<Record<string, (request: HttpRequest) => Reply>> = {
    '/admin/login': (request) => {
      requirePost(request);
      return login.login(request);
    },
    '/admin/logout': (request) => login.logout(request),
    '/admin/getsession': (request) => login.getSession(request),
    '/admin/dropsession': (request) => login.dropSession(request),
  };
  const validate = validateCalls({ ...parts, clients });
  const userservice = userserviceCalls({ ...parts, clients });

  return { prefixes: ['/validate', '/admin', '/system', '/audit', USERSERVICE], handle };

  function handle(request: HttpRequest): Reply {
    const { path } = request;
    if (Object.hasOwn(validate, path)) return validate[path]!(request);
    if (Object.hasOwn(logins, path)) return atLogin(logins[path]!, request);
    if (Object.hasOwn(adminCalls, path)) return answerAdmin(adminCalls[path]!, request, { ...parts, login });
    const own = path.startsWith(`${USERSERVICE}/`) && userservice(path.slice(USERSERVICE.length + 1), request);
    if (own) return own;
    return failed(new GatehouseError('OTP_ROUTE', `there is no call ${path.slice(0, 80)}`), request, log);
  }

  /** `mayOverwriteClient` is LinOTP's way to list who may say where a user is. */
  function clients(): ClientAddresses {
    const now = parts.believed();
    const list = parts.config.get('mayOverwriteClient') ?? '';
    if (now === believed && list === listed) return addresses;
    believed = now;
    listed = list;
    const named = list.split(/[\s,;]+/);
    addresses = new ClientAddresses({ ...now, client_from: [...now.client_from, ...named] });
    return addresses;
  }

  async function atLogin(answer: (request: HttpRequest) => Reply, request: HttpRequest): Promise<HttpReply> {
    try {
      return await answer(request);
    } catch (error) {
      return failed(error, request, log);
    }
  }
}
