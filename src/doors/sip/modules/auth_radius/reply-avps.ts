/**
 * What an Accept gives to the script: each SIP-AVP as the AVP that it names, SIP-RPID as the value for Remote-Party-ID.
 *
 * A SIP-AVP is `name:text`, `name#number`, `#id:text` or `#id#number`; what is none is passed over. Source: avp_radius of OpenSER 1.3.
 */
import type { Packet } from '../../../../platform/radius/packet.ts';
import type { AvpName } from '../../script/values/avps.ts';

export interface ReplyNumbers {
  readonly sipAvp: number;
  readonly sipRpid: number;
}

export type GivenAvp = readonly [name: AvpName, value: string | number];

const FORM = /^(?:#(\d{1,9})|([^#:]+))(?::(.*)|#(-?\d{1,9}))$/s;

/** `rpid`: the AVP of rpid_avp; undefined: there is none. */
export function avpsIn(reply: Packet, numbers: ReplyNumbers, rpid: AvpName | undefined): GivenAvp[] {
  const given: GivenAvp[] = [];
  for (const { type, value } of reply.attributes()) {
    if (type === numbers.sipRpid && rpid !== undefined) given.push([rpid, value.toString('latin1')]);
    if (type !== numbers.sipAvp) continue;
    const [, id, name, text, number] = FORM.exec(value.toString('latin1')) ?? [];
    if (id === undefined && name === undefined) continue;
    given.push([id === undefined ? `s:${name}` : `i:${Number(id)}`, text ?? Number(number)]);
  }
  return given;
}
