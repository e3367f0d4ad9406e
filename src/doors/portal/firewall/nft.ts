/**
 * Runs nft: one transaction each time, all of it or nothing, and the exit status tells. No word of a client is ever an argument.
 *
 * Errors: PORTAL_RIGHTS (no nft, no rights, no support in the kernel), PORTAL_FIREWALL (nft refuses the text).
 */
import { spawn } from 'node:child_process';
import { GatehouseError } from '../../../platform/errors.ts';

export interface Nft {
  /** Takes effect as a whole or not at all. */
  apply(text: string): Promise<void>;
  /** The table as `nft -j` prints it; undefined: there is none. */
  list(table: string): Promise<string | undefined>;
}

const DEADLINE_MS = 30_000;
const LARGEST_LISTING = 64 << 20;
/** nft stands where only root's PATH leads. */
const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;

export function systemNft(): Nft {
  return {
    async apply(text) {
      const { status, stderr } = await run(['-f', '-'], text);
      if (status !== 0) throw refusal(stderr);
    },
    async list(table) {
      const { status, stdout, stderr } = await run(['-j', 'list', 'table', ...table.split(' ')], '');
      if (status === 0) return stdout;
      if (stderr.includes('No such file or directory')) return undefined;
      throw refusal(stderr);
    },
  };
}

function refusal(stderr: string): GatehouseError {
  const said = stderr.split('\n').find((line) => line !== '') ?? 'nothing was said why';
  if (/Operation not permitted|you must be root|Protocol not supported|cache initialization failed/i.test(stderr)) {
    return new GatehouseError('PORTAL_RIGHTS', `the firewall cannot be changed: ${said}`, {
      hint: 'the Wi-Fi door wants root or CAP_NET_ADMIN, and a kernel with nf_tables',
    });
  }
  return new GatehouseError('PORTAL_FIREWALL', `nft refused the firewall: ${said}`, {
    hint: 'run `nft list ruleset`: are there rules or versions that do not go with ours?',
  });
}

async function run(
  args: readonly string[],
  input: string,
): Promise<{ status: number; stdout: string; stderr: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; stdout: string; stderr: string }>();
  const child = spawn('nft', args, { env: { PATH, LC_ALL: 'C' }, timeout: DEADLINE_MS, killSignal: 'SIGKILL' });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    stdout += piece;
    if (stdout.length > LARGEST_LISTING) child.kill('SIGKILL');
  });
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    if (stderr.length < 4096) stderr += piece;
  });
  child.on('error', (cause) => {
    const hint = 'install it: apt-get install nftables';
    reject(new GatehouseError('PORTAL_RIGHTS', `nft cannot be run: ${cause.message}`, { hint, cause }));
  });
  child.on('close', (code) => resolve({ status: code ?? -1, stdout, stderr }));
  // It may end before it has read everything; its exit status tells.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  return promise;
}
