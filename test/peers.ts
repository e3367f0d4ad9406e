/**
 * The real programs that tests talk to: which Debian package brings each, and how to see that it is there.
 *
 * A test file that needs some says so in one line, `// peers: mariadb sipp`; the runner reads it. Add a peer here and nowhere else.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

interface Peer {
  readonly program: string;
  readonly packages: readonly string[];
  /** A command that must succeed as well: this user and kernel allow what the tests do with it. */
  readonly allowed?: readonly string[];
}

export const peers: Readonly<Record<string, Peer>> = {
  baresip: { program: 'baresip', packages: ['baresip-core'] },
  busybox: { program: 'busybox', packages: ['busybox'] },
  chat: { program: 'chat', packages: ['ppp'] },
  chromium: { program: 'chromium', packages: ['chromium'] },
  eapoltest: { program: 'eapol_test', packages: ['eapoltest'] },
  fish: { program: 'fish', packages: ['fish'] },
  // Its Perl module asks over HTTP with what Perl itself brings (perl: not only perl-base).
  freeradius: { program: 'freeradius', packages: ['freeradius', 'freeradius-utils', 'perl'] },
  cpio: { program: 'cpio', packages: ['cpio'] },
  gcc: { program: 'gcc', packages: ['gcc', 'libc6-dev'] },
  iproute2: { program: 'ip', packages: ['iproute2'] },
  gnokii: { program: 'gnokii', packages: ['gnokii-cli'] },
  kamailio: { program: 'kamailio', packages: ['kamailio', 'kamailio-mysql-modules'] },
  kannel: { program: 'drive_smpp', packages: ['kannel-extras'] },
  mariadb: { program: 'mariadbd', packages: ['mariadb-server'] },
  mgetty: { program: 'mgetty', packages: ['mgetty'] },
  nftables: { program: 'nft', packages: ['nftables'], allowed: ['unshare', '-n', 'nft', 'list', 'ruleset'] },
  'php-cli': { program: 'php', packages: ['php-cli'] },
  ppp: { program: 'pppd', packages: ['ppp'] },
  qemu: { program: 'qemu-system-x86_64', packages: ['qemu-system-x86'] },
  npm: { program: 'npm', packages: ['npm'] },
  oathtool: { program: 'oathtool', packages: ['oathtool'] },
  radclient: { program: 'radclient', packages: ['freeradius-utils'] },
  postgres: { program: 'postgres', packages: ['postgresql'] },
  python3: { program: 'python3', packages: ['python3'] },
  slapd: { program: 'slapd', packages: ['slapd'] },
  sipsak: { program: 'sipsak', packages: ['sipsak'] },
  sipvicious: { program: 'svcrack', packages: ['sipvicious'] },
  sipp: { program: 'sipp', packages: ['sip-tester'] },
  strace: { program: 'strace', packages: ['strace'] },
  wvdial: { program: 'wvdial', packages: ['wvdial'] },
  xz: { program: 'xz', packages: ['xz-utils'] },
  zsh: { program: 'zsh', packages: ['zsh'] },
};

export type PeerName = string;

/** Full path of a program, looked for on PATH and where Debian keeps servers; the newest PostgreSQL of several. */
export function findProgram(program: string): string | undefined {
  const versions = globSync('/usr/lib/postgresql/*/bin').sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  const debian = ['/usr/sbin', '/sbin', '/usr/lib/kannel/test', ...versions];
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...debian];
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
}

export function missingPeers(names: Iterable<PeerName>): PeerName[] {
  return [...new Set(names)].filter((name) => {
    const peer = peers[name];
    if (!peer) throw new Error(`no peer is called ${name}; test/peers.ts lists them`);
    return findProgram(peer.program) === undefined || !isAllowed(peer);
  });
}

function isAllowed({ allowed }: Peer): boolean {
  if (allowed === undefined) return true;
  const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
  return spawnSync(allowed[0]!, allowed.slice(1), { env }).status === 0;
}

/** Installs packages with apt-get, starting none of their services. Throws with apt-get's last lines when that fails. */
export function installPeers(names: readonly PeerName[]): void {
  const packages = names.flatMap((name) => peers[name]?.packages ?? []);
  if (packages.length === 0) return;
  if (process.getuid?.() !== 0 || findProgram('apt-get') === undefined) {
    throw new Error(`install these first (root on Debian does it by itself): apt-get install ${packages.join(' ')}`);
  }
  // invoke-rc.d asks this script before it starts a service; 101 means no.
  const policy = '/usr/sbin/policy-rc.d';
  const ours = !existsSync(policy);
  if (ours) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    apt(['update', '-q']);
    apt(['install', '-y', '-q', '--no-install-recommends', ...packages]);
  } finally {
    if (ours) rmSync(policy, { force: true });
  }
}

function apt(args: string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const done = spawnSync('apt-get', args, { env, encoding: 'utf8', timeout: 600_000, maxBuffer: 64 << 20 });
  if (done.status === 0) return;
  const tail = `${done.stdout}${done.stderr}`.trim().split('\n').slice(-5).join('\n');
  throw new Error(`apt-get ${args[0]} failed:\n${tail}`);
}
