/** FreeRADIUS that asks Gatehouse by the Perl script among the examples; and its client. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { endWith } from './children.ts';
import type { Cleanup } from './cleanup.ts';
import { listening, startFreeRadius } from './freeradius.ts';

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
export async function startFreeRadiusOtp(t: Cleanup, port: number, url: string) {
  await startFreeRadius(t, {
    name: 'freeradius-otp',
    secret: SECRET,
    env: { GATEHOUSE_URL: url },
    sections: () => `modules {
 perl gatehouse {
  filename = ${SCRIPT}
 }
}
server default {
${listening('auth', port)} authorize {
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
