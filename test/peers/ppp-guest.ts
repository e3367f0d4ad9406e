/**
 * pppd in a virtual machine, for machines whose own kernel has no PPP: Debian's kernel and a root file system of busybox and pppd, in memory.
 *
 * The guest's second serial port is a Unix socket: whoever connects to it is at the other end of pppd's line. `serve` waits for a caller's
 * first frame as the document's start_ppp does, and gives out addresses; `call` says its password by PAP and asks to be called back, and when it
 * is to be, begins anew with a proof by CHAP, asks for an address, and pings the other end. What the guest says of itself goes to a file: PING lines of busybox, and pppd's log.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findProgram } from '../peers.ts';

export interface GuestImage {
  readonly kernel: string;
  readonly initrd: string;
}

export const SERVER_ADDRESS = '10.99.0.1';
export const CALLER_ADDRESS = '10.99.0.2';
/** Of userxyz. */
export const PASSWORD = 'open sesame';

const XZ_MAGIC = Buffer.from('fd377a585a00', 'hex');
const MODULES = ['slhc', 'ppp_generic', 'ppp_async'];
const INIT = `#!/bin/sh
export PATH=/bin:/usr/sbin
mount -t proc p /proc; mount -t sysfs s /sys; mount -t devtmpfs d /dev; mkdir -p /dev/pts; mount -t devpts x /dev/pts
ifconfig lo up
for m in ${MODULES.join(' ')}; do insmod /lib/$m.ko; done
part=$(sed -n 's/.*part=\\([a-z]*\\).*/\\1/p' /proc/cmdline)
stty -F /dev/ttyS1 raw -echo
echo "GUEST $part ready"
line="/dev/ttyS1 115200 nodetach local noauth debug noipdefault lcp-max-configure 100"
case $part in
  serve) pppd /dev/ttyS1 115200 nodetach local noauth debug silent ${SERVER_ADDRESS}:${CALLER_ADDRESS} ;;
  call)  pppd $line user userxyz refuse-chap refuse-mschap refuse-mschap-v2 callback 0; echo "GUEST hung up with $?"
         (until ping -c 3 -w 20 ${SERVER_ADDRESS}; do sleep 1; done; ifconfig ppp0; echo "GUEST pinged") &
         pppd $line user userxyz ;;
esac
echo "GUEST $part ended $?"
exec sleep 100000
`;

/** Errors: those of apt-get, dpkg-deb and cpio, with what they said. */
export function makeGuestImage(folder: string): GuestImage {
  const root = join(folder, 'root');
  const kernelFolder = join(folder, 'kernel');
  for (const name of ['bin', 'dev', 'proc', 'sys', 'tmp', 'run', 'lib', 'etc/ppp', 'usr/sbin', 'var/run', 'var/lock'])
    mkdirSync(join(root, name), { recursive: true });
  mkdirSync(kernelFolder);
  const wanted = `/(vmlinuz-[^/]*|(${MODULES.join('|')})\\.ko(\\.xz)?)$`;
  // Only what is needed of a package that holds some 4,000 modules.
  shell(
    `package=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: \\(linux-image[^ ]*\\).*/\\1/p' | head -1)
     apt-get download -q "$package" >&2
     dpkg-deb --fsys-tarfile ./*.deb > files.tar
     tar -tf files.tar | grep -E '${wanted}' > wanted
     tar -xf files.tar -T wanted --transform 's|.*/||'
     rm files.tar ./*.deb
     for m in ./*.xz; do [ ! -e "$m" ] || xz -d "$m"; done`,
    kernelFolder,
  );
  for (const name of MODULES) copyFileSync(join(kernelFolder, `${name}.ko`), join(root, 'lib', `${name}.ko`));
  const busybox = need('busybox');
  for (const applet of shell(`'${busybox}' --list`, root).split('\n'))
    if (applet && applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet));
  const pppd = need('pppd');
  const places: Readonly<Record<string, string>> = { [pppd]: '/usr/sbin/pppd', [busybox]: '/bin/busybox' };
  for (const file of [pppd, busybox, ...librariesOf(pppd), ...librariesOf(busybox)]) {
    const copy = join(root, places[file] ?? file);
    mkdirSync(dirname(copy), { recursive: true });
    copyFileSync(file, copy);
    chmodSync(copy, 0o755);
  }
  writeFileSync(join(root, 'etc/passwd'), 'root::0:0:root:/:/bin/sh\n');
  writeFileSync(join(root, 'etc/ppp/options'), '');
  for (const file of ['pap-secrets', 'chap-secrets'])
    writeFileSync(join(root, 'etc/ppp', file), `userxyz * "${PASSWORD}" *\n`, { mode: 0o600 });
  writeFileSync(join(root, 'init'), INIT, { mode: 0o755 });
  const initrd = join(folder, 'initrd.gz');
  shell(`find . | cpio -o -H newc --quiet | gzip -1 > '${initrd}'`, root);
  const kernel = readdirSync(kernelFolder).find((name) => name.startsWith('vmlinuz'));
  if (kernel === undefined) throw new Error('the package of the kernel has no vmlinuz');
  return { kernel: unpacked(join(kernelFolder, kernel)), initrd };
}

/** An emulated processor takes eight seconds to unpack it, ours one. */
function unpacked(kernel: string): string {
  const at = readFileSync(kernel).indexOf(XZ_MAGIC);
  if (at < 0) return kernel;
  shell(`tail -c +${at + 1} '${kernel}' | xz -dc --single-stream > '${kernel}.elf'`, '/');
  return `${kernel}.elf`;
}

export interface Guest {
  /** All that it has said so far. */
  said(): string;
  stop(): void;
}

export function startGuest(image: GuestImage, part: 'serve' | 'call', socket: string): Guest {
  const log = `${socket}.log`;
  writeFileSync(log, '');
  const child: ChildProcess = spawn(
    need('qemu-system-x86_64'),
    [
      ...['-accel', 'tcg', '-m', '128', '-smp', '1', '-nodefaults', '-no-reboot', '-display', 'none'],
      ...['-kernel', image.kernel, '-initrd', image.initrd],
      ...['-append', `console=ttyS0 quiet panic=1 mitigations=off nokaslr tsc=reliable no_timer_check part=${part}`],
      ...['-chardev', `file,id=c0,path=${log}`, '-serial', 'chardev:c0'],
      ...['-chardev', `socket,id=c1,path=${socket},server=on,wait=off`, '-serial', 'chardev:c1'],
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  return { said: () => readFileSync(log, 'latin1'), stop: () => void child.kill('SIGKILL') };
}

function librariesOf(program: string): string[] {
  return shell(`ldd '${program}' || true`, '/').match(/\/[^ )]+(?= \()/g) ?? [];
}

function need(program: string): string {
  const path = findProgram(program);
  if (path === undefined) throw new Error(`${program} is missing`);
  return path;
}

function shell(script: string, cwd: string): string {
  const done = spawnSync('/bin/sh', ['-ec', script], { cwd, encoding: 'utf8', timeout: 600_000 });
  if (done.status === 0) return done.stdout;
  throw new Error(`${script}\n${done.stdout}${done.stderr}`);
}
