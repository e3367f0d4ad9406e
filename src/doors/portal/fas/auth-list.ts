/**
 * The list of clients that a FAS of level 3 lets in, as openNDS's authmon and its pages speak of it. Asked by POST with `auth_get`, the
 * hash of the gateway's name, and a payload in base64, it answers nothing, or `*` and an entry for each client, percent-encoded as a whole:
 *
 *     RHID MINUTES UPLOAD-RATE DOWNLOAD-RATE UPLOAD-QUOTA DOWNLOAD-QUOTA CUSTOM
 *
 * Rates are in kbit/s, quotas in kB, taken for 1,000 bytes; 0 is no limit of its own; what is missing is 0. Errors: PORTAL_FAS_LIST.
 */
import { hash } from 'node:crypto';
import { GatehouseError } from '../../../platform/errors.ts';
import { type Bytes, bytesOfKbit } from '../clients.ts';
import { percentEncode } from '../percent.ts';

export interface Admitted {
  /** What says that the page let the client in: its token, or the hash that only the key can make. */
  readonly pass: string;
  /** 0: as long as everybody. */
  readonly seconds: number;
  readonly most: Bytes;
  /** 0: as everybody. */
  readonly rate: Bytes;
}

const NOTHING = 'none';
const LONGEST_SECONDS = 31_536_000;

/** Asks for the list, and leaves it as it is. */
export function viewRequest(name: string): string {
  return requestOf(name, NOTHING);
}

/** Says who is in, so that the FAS takes them off its list. */
export function acknowledgement(name: string, passes: readonly string[]): string {
  return requestOf(name, passes.map((pass) => `* ${pass}`).join('\n'));
}

function requestOf(name: string, payload: string): string {
  return new URLSearchParams({
    auth_get: 'view',
    // Of the name as it stands in the sealed query: pages hash what they find there.
    gatewayhash: hash('sha256', percentEncode(name)),
    payload: Buffer.from(payload).toString('base64'),
  }).toString();
}

/** Entries that are not of the form let nobody in, and keep nobody else out. */
export function parseList(text: string): Admitted[] {
  const [mark, ...entries] = text.trim().split(/\s+/);
  if (mark === '' && entries.length === 0) return [];
  if (mark !== '*')
    throw new GatehouseError('PORTAL_FAS_LIST', 'the FAS answered with something else than a list', {
      hint: 'the page has to keep a list as those for openNDS do, of hashes; a list of addresses would let in whoever has one by now',
    });
  return entries.flatMap((entry) => parseEntry(entry) ?? []);
}

function parseEntry(encoded: string): Admitted | undefined {
  let entry: string;
  try {
    entry = decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
  const [pass = '', ...terms] = entry.split(' ');
  const numbers = terms.slice(0, 5);
  if (!/^[0-9a-f]{32,64}$/.test(pass) || !numbers.every((one) => /^\d{1,12}$/.test(one))) return undefined;
  const [minutes = 0, up = 0, down = 0, upload = 0, download = 0] = numbers.map(Number);
  const seconds = Math.min(60 * minutes, LONGEST_SECONDS);
  return { pass, seconds, most: { sent: 1_000 * upload, received: 1_000 * download }, rate: bytesOfKbit(up, down) };
}
