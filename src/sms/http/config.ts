/** Configuration of HttpSMSProvider: the keys of LinOTP's manual 1.9.3, and the few that LinOTP has besides. Errors: SMS_CONFIG. */
import * as z from 'zod';
import type { SmsConfig } from '../../core/sms/types.ts';
import { serverCertificateOption } from '../certificates.ts';
import { badConfig, readConfig, timeoutOption } from '../config.ts';
import { proxyOption } from '../gateway.ts';
import { NUMBER_OPTIONS } from '../number.ts';
import { RETURN_TESTS } from '../reply-test.ts';

const EXAMPLE =
  '{"URL": "https://gateway.example/send", "PARAMETER": {"account": "me"}, "SMS_TEXT_KEY": "text", "SMS_PHONENUMBER_KEY": "to", "HTTP_Method": "GET", "RETURN_SUCCESS": "ID"}';

const field = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const text = z.string().max(4096);

const schema = z.strictObject({
  ...NUMBER_OPTIONS,
  URL: z.url({ protocol: /^https?$/, error: 'write an address that begins with http:// or https://' }),
  PARAMETER: z.record(z.string(), field).default({}),
  SMS_PHONENUMBER_KEY: text.default('phone'),
  SMS_TEXT_KEY: text.default('sms'),
  HTTP_Method: z
    .string()
    .regex(/^(get|post)$/i, 'write "GET" or "POST"')
    .transform((method) => method.toUpperCase() as 'GET' | 'POST')
    .default('POST'),
  USERNAME: text.optional(),
  PASSWORD: text.optional(),
  AUTH_TYPE: z
    .string()
    .regex(/^(basic|digest)$/i, 'write "basic" or "digest"')
    .transform((type) => type.toLowerCase() as 'basic' | 'digest')
    .default('basic'),
  HEADERS: z.record(z.string(), field).default({}),
  PREFERRED_HTTPLIB: text.optional(),
  PROXY: proxyOption.optional(),
  RETURN_SUCCESS_REGEX: text.optional(),
  RETURN_FAIL_REGEX: text.optional(),
  RETURN_SUCCESS: text.optional(),
  RETURN_FAIL: text.optional(),
  RETURN_STATUS: z
    .union([
      z.int().min(100).max(599).transform(String),
      z.string().regex(/^[1-5](?:[0-9]{2}|xx)(?:,[1-5](?:[0-9]{2}|xx))*$/, 'write "2xx" or "200,202"'),
    ])
    .optional(),
  SERVER_CERTIFICATE: serverCertificateOption,
  CLIENT_CERTIFICATE_FILE: text.optional(),
  TIMEOUT: timeoutOption.optional(),
  timeout: timeoutOption.optional(),
});

export type HttpConfig = z.output<typeof schema>;

export function readHttpConfig(config: SmsConfig): HttpConfig {
  const read = readConfig(schema, config, EXAMPLE);
  if (RETURN_TESTS.every((test) => read[test] === undefined) && read.RETURN_STATUS === undefined) {
    throw badConfig(
      'RETURN_SUCCESS',
      'nothing says how the gateway tells that it took a message',
      `give one of ${RETURN_TESTS.join(', ')}, RETURN_STATUS`,
    );
  }
  return read;
}
