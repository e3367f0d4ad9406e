/** FreeRADIUS in front: passes what it is asked, by password or by accounting, to another server. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endWith, folderFor } from './children.ts';
import type { Cleanup } from './cleanup.ts';

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
  const folder = folderFor(t, 'freeradius-proxy');
  const section = (type: 'auth' | 'acct') => ` listen {
  type = ${type}
  ipaddr = 127.0.0.1
  port = ${own[type]}
 }
`;
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
  writeFileSync(
    join(folder, 'radiusd.conf'),
    `prefix = /usr
logdir = ${folder}
run_dir = ${folder}
raddbdir = ${folder}
libdir = /usr/lib/freeradius
proxy_requests = yes
security {
 allow_vulnerable_openssl = yes
 reject_delay = 0
}
thread pool {
 start_servers = 1
 max_servers = 4
 min_spare_servers = 1
 max_spare_servers = 2
}
client lo {
 ipaddr = 127.0.0.1
 secret = "${secret}"
}
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
${section('auth')}${section('acct')} authorize {
  update control {
   &Proxy-To-Realm := HOME
  }
 }
 preacct {
  update control {
   &Proxy-To-Realm := HOME
  }
 }
}
`,
  );
  const args = ['-f', '-d', folder, '-n', 'radiusd', '-l', 'stdout'];
  const child = endWith(t, spawn('freeradius', args, { stdio: ['ignore', 'pipe', 'inherit'] }));
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', () => reject(new Error(`freeradius did not start:\n${said}`)));
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      said = (said + piece).slice(-8000);
      if (said.includes('Ready to process requests')) resolve();
    });
  });
}
