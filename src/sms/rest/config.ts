/** Configuration of RestSMSProvider: the keys of LinOTP's manual 1.9.3. Errors: SMS_CONFIG. */
import * as z from 'zod';
import type { SmsConfig } from '../../core/sms/types.ts';
import { serverCertificateOption } from '../certificates.ts';
import { readConfig, timeoutOption } from '../config.ts';
import { proxyOption } from '../gateway.ts';
import { NUMBER_OPTIONS } from '../number.ts';

const EXAMPLE =
  '{"URL": "https://gateway.example/batches", "PAYLOAD": {"to": ["<phone>"], "body": "Your code is <message>"}, "SMS_TEXT_KEY": "body", "SMS_PHONENUMBER_KEY": "to"}';

const text = z.string().max(4096);

const schema = z.strictObject({
  ...NUMBER_OPTIONS,
  // LinOTP takes a list with commas and uses its first.
  URL: z
    .string()
    .transform((list) => list.split(',')[0]!.trim())
    .pipe(z.url({ protocol: /^https?$/, error: 'write an address that begins with http:// or https://' })),
  PAYLOAD: z.record(z.string(), z.json()),
  HEADERS: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String)).default({}),
  SMS_TEXT_KEY: text.min(1),
  SMS_PHONENUMBER_KEY: text.min(1),
  USERNAME: text.optional(),
  PASSWORD: text.optional(),
  AUTHENTICATION: z
    .string()
    .regex(/^(basic|digest)$/i, 'write "BASIC" or "DIGEST"')
    .transform((type) => type.toLowerCase() as 'basic' | 'digest')
    .default('basic'),
  PROXY: proxyOption.optional(),
  CLIENT_CERTIFICATE_FILE: text.optional(),
  SERVER_CERTIFICATE: serverCertificateOption,
  TIMEOUT: timeoutOption.optional(),
  timeout: timeoutOption.optional(),
});

export type RestConfig = z.output<typeof schema>;

export function readRestConfig(config: SmsConfig): RestConfig {
  return readConfig(schema, config, EXAMPLE);
}
