/**
 * The Callback Control Protocol as the side that calls back: offers what there is, takes what was chosen, and says so.
 *
 * The number that the user names stands last among what is offered: pppd as a client misreads what follows it. pppd says `0` there when it means the
 * number on file.
 *
 * Source: MS-CBCP sections 2.2 and 3.2.5; pppd's cbcp.c for what its clients do.
 */
import type { Link } from './link.ts';
import { type Option, readOptions, writeOptions } from './options.ts';

const CBCP = 0xc029;
const [REQUEST, RESPONSE, ACK] = [1, 2, 3];
const [USER_NUMBER, NUMBER_ON_FILE] = [2, 3];
const ASCII = 1;
const MOST_TRIES = 3;

export interface Offer {
  /** There is a number on file. */
  readonly onFile: boolean;
  /** What a number that the user names stands for; undefined: it is not called. */
  take(number: string): Promise<string | undefined>;
}

/** Empty: the number on file. Undefined: nothing that can be called was chosen. */
export async function chooseNumber(link: Link, { onFile, take }: Offer): Promise<string | undefined> {
  const delay = Buffer.of(0);
  const options: Option[] = [
    ...(onFile ? [{ type: NUMBER_ON_FILE, value: delay }] : []),
    { type: USER_NUMBER, value: Buffer.of(0, ASCII, 0) },
  ];
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const packet = await link.exchange({ protocol: CBCP, code: REQUEST, data: writeOptions(options) }, CBCP);
    if (packet === undefined) return undefined;
    if (packet.code !== RESPONSE || packet.identifier !== link.identifier) continue;
    const [chosen, ...others] = readOptions(packet.data) ?? [];
    if (chosen === undefined || others.length > 0) continue;
    const number = chosen.type === USER_NUMBER ? numberIn(chosen.value) : '';
    if (chosen.type !== USER_NUMBER && chosen.type !== NUMBER_ON_FILE) continue;
    const isOnFile = number === '' || number === '0';
    const to = isOnFile ? (onFile ? '' : undefined) : await take(number);
    if (to === undefined) continue;
    link.send({ protocol: CBCP, code: ACK, identifier: packet.identifier, data: packet.data });
    return to;
  }
  return undefined;
}

/** Delay, kind of address, the number, NUL. */
function numberIn(value: Buffer): string {
  const text = value.subarray(2);
  const end = text.indexOf(0);
  return text.toString('latin1', 0, end < 0 ? text.length : end);
}
