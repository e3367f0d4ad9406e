/**
 * Runs nft: one transaction each time, all of it or nothing, and the exit status tells. No word of a client is ever an argument.
 *
 * Errors: PORTAL_RIGHTS (no nft, no rights, no support in the kernel), PORTAL_FIREWALL (nft refuses the text).
 */
import { GatehouseError } from '../../../platform/errors.ts';
import type { Permit } from '../../../platform/helper/permit.ts';
import type { Programs } from '../../../platform/helper/types.ts';
import { TABLE } from './elements.ts';

export interface Nft {
  /** Takes effect as a whole or not at all. */
  apply(text: string): Promise<void>;
  /** What `nft -j list WHAT` prints, `table inet x` for instance; undefined: there is none. */
  list(what: string): Promise<string | undefined>;
}

const DEADLINE_MS = 30_000;
const MOST_SAID = 4_096;
const LARGEST_LISTING = 16 << 20;
const ENV = { PATH: '/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' };

/** What of nft is needed: to look at everything, to change our table. */
export const NFT_PERMITS: readonly Permit[] = [
  { file: 'nft', args: ['-f', '-'], env: ENV, nftTable: TABLE },
  { file: 'nft', args: ['-j', 'list'], rest: /^\w+$/, env: ENV },
];

export function systemNft(programs: Programs): Nft {
  return {
    async apply(text) {
      const { exitCode, stderr } = await run(['-f', '-'], text, MOST_SAID);
      if (exitCode !== 0) throw refusal(stderr);
    },
    async list(what) {
      const { exitCode, stdout, stderr } = await run(['-j', 'list', ...what.split(' ')], '', LARGEST_LISTING);
      if (exitCode === 0) return stdout.toString('utf8');
      if (stderr.includes('No such file or directory')) return undefined;
      throw refusal(stderr);
    },
  };

  async function run(args: readonly string[], input: string, maxOutputBytes: number) {
    const request = { file: 'nft', args, stdin: Buffer.from(input), env: ENV, timeoutMs: DEADLINE_MS, maxOutputBytes };
    try {
      return await programs.run(request);
    } catch (cause) {
      if (!(cause instanceof GatehouseError) || cause.code !== 'PROGRAM_START') throw cause;
      const hint = 'install it: apt-get install nftables';
      throw new GatehouseError('PORTAL_RIGHTS', `nft cannot be run: ${cause.message}`, { hint, cause });
    }
  }
}

function refusal(stderr: Buffer): GatehouseError {
  const text = stderr.toString('utf8');
  const said = text.split('\n').find((line) => line !== '') ?? 'nothing was said why';
  if (/Operation not permitted|you must be root|Protocol not supported|cache initialization failed/i.test(text)) {
    return new GatehouseError('PORTAL_RIGHTS', `the firewall cannot be changed: ${said}`, {
      hint: 'the Wi-Fi door wants root or CAP_NET_ADMIN, and a kernel with nf_tables',
    });
  }
  return new GatehouseError('PORTAL_FIREWALL', `nft refused the firewall: ${said}`, {
    hint: 'run `nft list ruleset`: are there rules or versions that do not go with ours?',
  });
}
