/** FreeRADIUS in front: passes what it is asked, by password or by accounting, to another server. */
import type { Cleanup } from './cleanup.ts';
import { listening, startFreeRadius } from './freeradius.ts';

export interface ProxyPorts {
  readonly auth: number;
  readonly acct: number;
}

/** Resolves when it serves. */
export async function startFreeRadiusProxy(
  t: Cleanup,
  own: ProxyPorts,
  home: ProxyPorts,
  secret: string,
): Promise<void> {
  const homeServer = (type: 'auth' | 'acct') => `home_server ${type} {
 type = ${type}
 ipaddr = 127.0.0.1
 port = ${home[type]}
 secret = "${secret}"
 response_window = 20
 status_check = none
}
home_server_pool ${type} {
 type = fail-over
 home_server = ${type}
}
`;
  const toHome = `{
  update control {
   &Proxy-To-Realm := HOME
  }
 }
`;
  await startFreeRadius(t, {
    name: 'freeradius-proxy',
    secret,
    sections: () => `proxy_requests = yes
proxy server {
}
${homeServer('auth')}${homeServer('acct')}realm HOME {
 auth_pool = auth
 acct_pool = acct
 nostrip
}
modules {
}
server default {
${listening('auth', own.auth)}${listening('acct', own.acct)} authorize ${toHome} preacct ${toHome}}
`,
  });
}
