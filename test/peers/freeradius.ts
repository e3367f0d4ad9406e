/** FreeRADIUS as a peer: a process of its own on loopback, with the sections that a test needs and the rest as small as it starts with. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endWith, folderFor } from './children.ts';
import type { Cleanup } from './cleanup.ts';

export interface FreeRadiusOptions {
  /** Of its folder. */
  readonly name: string;
  /** Of clients on loopback. */
  readonly secret: string;
  /** Started at once, and twice as many at most. */
  readonly threads?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** The configuration behind what all have; files that it names are written into the folder. */
  sections(folder: string): string;
}

/** Resolves when it serves. */
export async function startFreeRadius(t: Cleanup, options: FreeRadiusOptions): Promise<{ readonly pid: number }> {
  const { name, secret, threads = 1, env = {} } = options;
  const folder = folderFor(t, name);
  writeFileSync(
    join(folder, 'radiusd.conf'),
    `prefix = /usr
logdir = ${folder}
run_dir = ${folder}
raddbdir = ${folder}
libdir = /usr/lib/freeradius
max_requests = 65536
security {
 allow_vulnerable_openssl = yes
 reject_delay = 0
}
thread pool {
 start_servers = ${threads}
 max_servers = ${2 * threads}
 min_spare_servers = 1
 max_spare_servers = ${threads}
}
client lo {
 ipaddr = 127.0.0.1
 secret = "${secret}"
}
${options.sections(folder)}`,
  );
  const args = ['-f', '-d', folder, '-n', 'radiusd', '-l', 'stdout'];
  const child = spawn('freeradius', args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  endWith(t, child);
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', () => reject(new Error(`freeradius did not start:\n${said}`)));
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      said = (said + piece).slice(-8000);
      if (said.includes('Ready to process requests')) resolve();
    });
  });
  return { pid: child.pid! };
}

/** A port of a server, for its section. */
export function listening(type: 'auth' | 'acct', port: number): string {
  return ` listen {
  type = ${type}
  ipaddr = 127.0.0.1
  port = ${port}
 }
`;
}
