/**
 * Delivery receipts: what the gateway says in a deliver_sm of a message that it took (SMPP 3.4, 4.6.1, 5.2.12 and appendix B).
 *
 * It says so in parameters, in the text `id:… stat:DELIVRD …`, or in both; the parameters count first. A text alone counts only where the gateway
 * marked it: anybody with a telephone can write one. Errors: RangeError where the PDU ends too early.
 */
import type { SmsReceipt } from '../../core/sms/types.ts';
import { FieldReader } from './fields.ts';

const RECEIPTED_MESSAGE_ID = 0x001e;
const NETWORK_ERROR_CODE = 0x0423;
const MESSAGE_PAYLOAD = 0x0424;
const MESSAGE_STATE = 0x0427;

const KIND = 0x3c;
const RECEIPT = 0x04;
const NOTIFICATION = 0x20;

/** By message_state, from 1 on. */
const STATES = ['ENROUTE', 'DELIVRD', 'EXPIRED', 'DELETED', 'UNDELIV', 'ACCEPTD', 'UNKNOWN', 'REJECTD'] as const;

const MEANING: Readonly<Record<string, SmsReceipt['state']>> = {
  ENROUTE: 'underway',
  ACCEPTD: 'underway',
  DELIVRD: 'delivered',
  EXPIRED: 'failed',
  DELETED: 'failed',
  UNDELIV: 'failed',
  REJECTD: 'failed',
};

const LOOKED_AT = 1024;
/** Of a message_id (5.2.23); what a gateway says beyond does not count. */
export const ID_LENGTH = 64;

/** Undefined: it is a message from a telephone, or a receipt that does not say of which message. */
export function readReceipt(deliverSm: Uint8Array): SmsReceipt | undefined {
  const { kind, text, parameters } = readDeliverSm(deliverSm);
  const said = kind === RECEIPT || kind === NOTIFICATION ? fieldsOf(text) : {};
  const id = textOf(parameters.get(RECEIPTED_MESSAGE_ID)) ?? said.id;
  if (id === undefined || id === '') return undefined;
  const word = STATES[(parameters.get(MESSAGE_STATE)?.[0] ?? 0) - 1] ?? said.stat ?? 'UNKNOWN';
  const code = parameters.get(NETWORK_ERROR_CODE);
  const error = code?.length === 3 ? String(code.readUInt16BE(1)) : said.err;
  const detail = error === undefined || /^0*$/.test(error) ? word : `${word}, error ${error}`;
  return { id, state: MEANING[word] ?? 'unknown', detail };
}

function readDeliverSm(body: Uint8Array) {
  const fields = new FieldReader(body);
  fields.text(); // service_type
  for (const _end of ['source', 'destination']) {
    fields.octets(2); // ton, npi
    fields.text();
  }
  const kind = fields.octet() & KIND;
  fields.octets(2); // protocol_id, priority_flag
  fields.text(); // schedule_delivery_time
  fields.text(); // validity_period
  fields.octets(4); // registered_delivery, replace_if_present_flag, data_coding, sm_default_msg_id
  const short = fields.octets(fields.octet());
  const parameters = fields.parameters();
  const text = short.length > 0 ? short : parameters.get(MESSAGE_PAYLOAD);
  return { kind, text: text?.toString('latin1', 0, LOOKED_AT) ?? '', parameters };
}

/** What stands before the beginning of the message, which the receipt repeats. */
function fieldsOf(text: string): { id?: string; stat?: string; err?: string } {
  const [said = ''] = text.split(/\btext:/i, 1);
  const found: Record<string, string> = {};
  for (const [, name, value] of said.matchAll(/(?<!\S)(id|stat|err):([\x21-\x7e]{1,64})/gi))
    found[name!.toLowerCase()] ??= value!;
  return found.stat === undefined ? found : { ...found, stat: found.stat.toUpperCase() };
}

function textOf(parameter: Buffer | undefined): string | undefined {
  return parameter?.toString('latin1').split('\0', 1)[0]?.slice(0, ID_LENGTH);
}
