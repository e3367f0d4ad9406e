/** FreeRADIUS as a peer: a process of its own on loopback that asks Gatehouse by the Perl script among the examples; and its client. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { endWith, folderFor } from './children.ts';
import type { Cleanup } from './cleanup.ts';

const SCRIPT = join(import.meta.dirname, '..', '..', 'examples', 'freeradius', 'gatehouse.pl');
const SECRET = 'testing123';

export interface RadiusReply {
  /** `Access-Accept`, `Access-Challenge`, `Access-Reject`; empty: none came. */
  readonly code: string;
  /** As radclient takes it: 0x and hex digits. */
  readonly state: string | undefined;
  readonly message: string | undefined;
}

/** `url`: of /validate/simplecheck. Resolves when it answers; gives what asks it. */
export async function startFreeRadius(t: Cleanup, port: number, url: string) {
  const folder = folderFor(t, 'freeradius');
  writeFileSync(
    join(folder, 'radiusd.conf'),
    `prefix = /usr
logdir = ${folder}
run_dir = ${folder}
raddbdir = ${folder}
libdir = /usr/lib/freeradius
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
 secret = ${SECRET}
}
modules {
 perl gatehouse {
  filename = ${SCRIPT}
 }
}
server default {
 listen {
  type = auth
  ipaddr = 127.0.0.1
  port = ${port}
 }
 authorize {
  update control {
   &Auth-Type := gatehouse
  }
 }
 authenticate {
  Auth-Type gatehouse {
   gatehouse
  }
 }
}
`,
  );
  const child = endWith(
    t,
    spawn('freeradius', ['-f', '-d', folder, '-n', 'radiusd', '-l', 'stdout'], {
      env: { ...process.env, GATEHOUSE_URL: url },
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  );
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', () => reject(new Error(`freeradius did not start:\n${said}`)));
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      said = (said + piece).slice(-8000);
      if (said.includes('Ready to process requests')) resolve();
    });
  });
  return { ask: (user: string, password: string, state?: string) => ask(t, port, user, password, state) };
}

async function ask(t: Cleanup, port: number, user: string, password: string, state?: string): Promise<RadiusReply> {
  const attributes = [`User-Name="${user}"`, `User-Password="${password}"`, 'NAS-IP-Address=192.0.2.99'];
  if (state !== undefined) attributes.push(`State=${state}`);
  const client = endWith(t, spawn('radclient', ['-x', '-r', '1', '-t', '20', `127.0.0.1:${port}`, 'auth', SECRET]));
  client.stdin.end(`${attributes.join(',')},Message-Authenticator=0x00\n`);
  const answer = await text(client.stdout);
  return {
    code: /Received (Access-\w+)/.exec(answer)?.[1] ?? '',
    state: /\n\s+State = (0x[0-9a-f]+)/.exec(answer.slice(answer.indexOf('Received')))?.[1],
    message: /Reply-Message = "(.*)"/.exec(answer)?.[1],
  };
}
