/**
 * Configuration of SMPPSMSProvider: the keys of LinOTP's manual 1.9.3, those that LinOTP has besides, and ours for how the gateway is bound to.
 *
 * Errors: SMS_CONFIG.
 */
import * as z from 'zod';
import type { SmsConfig } from '../../core/sms/types.ts';
import { serverCertificateOption } from '../certificates.ts';
import { badConfig, readConfig, timeoutOption } from '../config.ts';
import { NUMBER_OPTIONS } from '../number.ts';
import type { Alphabet } from './text.ts';

const EXAMPLE =
  '{"server": "smpp.example", "port": "2775", "system_id": "login", "password": "secret", "source_addr": "Gatehouse", "source_addr_npi": "0", "source_addr_ton": "5"}';

const ALPHABETS: Readonly<Record<string, Alphabet>> = {
  iso88591: 'latin1',
  latin1: 'latin1',
  gsm7: 'gsm7',
  gsm0338: 'gsm7',
  ucs2: 'ucs2',
  utf16be: 'ucs2',
};

/** As fields that end with a zero can hold it. */
const text = (most: number) =>
  z
    .string()
    .max(most, `write at most ${most} characters`)
    .regex(/^[\x20-\x7e\xa0-\xff]*$/, 'write no control characters, and none that Latin-1 lacks');

/** A number, also as text. */
function number(least: number, most: number, what = 'a whole number') {
  const error = `write ${what} from ${least} to ${most}`;
  return z
    .union([z.int(error), z.string().regex(/^[0-9]{1,9}$/, error)], error)
    .transform(Number)
    .pipe(z.number().min(least, error).max(most, error));
}

const flag = z.union([z.boolean(), z.stringbool({ truthy: ['true'], falsy: ['false'] })], 'write "True" or "False"');

const octet = number(0, 255).default(1);

const schema = z.strictObject({
  ...NUMBER_OPTIONS,
  server: z
    .string()
    .transform((host) => host.trim().replace(/^\[(.*)\]$/, '$1'))
    .pipe(z.string().regex(/^[A-Za-z0-9_.:-]{1,255}$/, 'write the name or address of a host, and nothing else'))
    .refine((host) => !/^[^:]*:[0-9]+$/.test(host), 'write the port under "port"'),
  port: number(1, 65_535, 'the number of a port,').default(5100),
  system_id: text(64),
  password: text(64),
  system_type: text(64).default(''),
  // SMPP has 20 at most; the sample of LinOTP's manual has 24, and it is for the gateway to refuse them.
  source_addr: text(64),
  source_addr_ton: octet,
  source_addr_npi: octet,
  dest_addr_ton: octet,
  dest_addr_npi: octet,
  target_encoding: z
    .string()
    .transform((name) => ALPHABETS[name.toLowerCase().replace(/[-_ .]/g, '')])
    .pipe(z.enum(['latin1', 'gsm7', 'ucs2'], 'write "ISO8859-1", "GSM7" or "UCS2"'))
    .default('latin1'),
  bind_mode: z
    .string()
    .transform((mode) => mode.toLowerCase().replaceAll(' ', ''))
    .pipe(
      z.enum(
        ['transceiver', 'transmitter', 'transmitter+receiver'],
        'write "transceiver", "transmitter" or "transmitter+receiver"; a receiver alone sends nothing',
      ),
    )
    .default('transceiver'),
  registered_delivery: z
    .union([flag.transform(Number), number(0, 2)], {
      error: 'write "True" for a report of each message, "2" for those of failure only, or "False"',
    })
    .default(0),
  keep_session: flag.default(true),
  enquire_link: number(1, 3600, 'seconds').default(30),
  window: number(1, 1000).default(10),
  use_tls: flag.default(false),
  SERVER_CERTIFICATE: serverCertificateOption,
  CLIENT_CERTIFICATE_FILE: z.string().max(4096).optional(),
  TIMEOUT: timeoutOption.optional(),
  timeout: timeoutOption.optional(),
});

export type SmppConfig = z.output<typeof schema>;

export function readSmppConfig(config: SmsConfig): SmppConfig {
  const read = readConfig(schema, config, EXAMPLE);
  const { registered_delivery: receipts, bind_mode: mode } = read;
  if (receipts !== 0 && mode === 'transmitter') {
    throw badConfig(
      'bind_mode',
      'a transmitter hears of no delivery, and registered_delivery asks for it',
      'write "transceiver", or "transmitter+receiver" for gateways that have no transceivers',
    );
  }
  if (receipts !== 0 && !read.keep_session && mode === 'transceiver') {
    throw badConfig(
      'keep_session',
      'delivery receipts come later, when there would be no session any more',
      'leave keep_session out, or write "transmitter+receiver" as bind_mode',
    );
  }
  for (const key of ['SERVER_CERTIFICATE', 'CLIENT_CERTIFICATE_FILE'] as const) {
    if (read[key] && !read.use_tls)
      throw badConfig(key, 'certificates are for TLS, which is off', 'add "use_tls": "True"');
  }
  return read;
}
