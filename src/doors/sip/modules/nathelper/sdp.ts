/** The SDP of a telephone behind a NAT, made to name the address that it was seen at (fix_nated_sdp). Source: RFC 4566. */
import type { Run } from '../../run.ts';

const ADD_DIRECTION = 1;
const CONNECTION = 2;
const NO_RTPPROXY = 4;
const ORIGIN = 8;
export const ALL_FIXES = 15;

/** 1, or -1 where there is no SDP. `address`: in place of the sender's. */
export function fixSdp(run: Run, fixes: number, address: string | undefined, mark: string): number {
  const body = run.edits.body ?? run.message.body;
  if (!body.startsWith('v=')) return -1;
  const host = address ?? run.source.address;
  const family = host.includes(':') ? 'IP6' : 'IP4';
  const lines = body.split(/\r?\n/).map((line) => {
    if ((fixes & CONNECTION) !== 0 && /^c=IN IP[46] /.test(line)) return `c=IN ${family} ${host}`;
    if ((fixes & ORIGIN) !== 0) return line.replace(/^(o=\S+ \S+ \S+ IN) IP[46] \S+/, `$1 ${family} ${host}`);
    return line;
  });
  const end = lines.at(-1) === '' ? lines.pop() : undefined;
  if ((fixes & ADD_DIRECTION) !== 0) lines.push('a=direction:active');
  if ((fixes & NO_RTPPROXY) !== 0) lines.push(mark);
  run.edits.setBody(run.message, `${lines.join('\r\n')}${end === undefined ? '' : '\r\n'}`);
  return 1;
}
