/** Configuration of SmtpSMSProvider: the keys of LinOTP's manual 1.9.3, and the few that LinOTP has besides. Errors: SMS_CONFIG. */
import { createSecureContext } from 'node:tls';
import * as z from 'zod';
import type { SmsConfig } from '../../core/sms/types.ts';
import { readPem, serverCertificateOption, serverTrust } from '../certificates.ts';
import { badConfig, readConfig, timeoutOption } from '../config.ts';
import { NUMBER_OPTIONS } from '../number.ts';
import { readMailbox } from './mailbox.ts';
import type { SmtpServer } from './session.ts';

const EXAMPLE =
  '{"mailserver": "smtp.example.com", "mailsender": "otp@example.com", "mailto": "gateway@sms.example", "subject": "<phone>", "body": "Your code is <otp>"}';
const TIMEOUTS = { connect: 5_000, total: 5_000 };
const PORTS = { none: 25, starttls: 587, tls: 465 } as const;

const text = z.string().max(4096);
const line = text.regex(/^[^\r\n\0]*$/, 'write it in one line');

/** LinOTP takes any other word for False; here it is a fault, since what it switches is encryption. */
const flag = z
  .union([z.boolean(), z.string().regex(/^(true|false|)$/i, 'write "True" or "False"')])
  .transform((value) => String(value).toLowerCase() === 'true');

const port = z
  .union([z.number(), z.string().transform((value) => (value === '' ? undefined : Number(value)))])
  .pipe(z.int().min(1).max(65_535).optional().catch(Number.NaN))
  .refine((value) => !Number.isNaN(value), 'write a port, such as 25, 465 or 587');

const schema = z.strictObject({
  ...NUMBER_OPTIONS,
  mailserver: line.min(1),
  mailserver_port: port.optional(),
  mailsender: line.min(1),
  mailto: line.min(1),
  subject: line.default('[LinOTP]'),
  body: text.default('<otp>'),
  mailuser: text.default(''),
  mailpassword: text.default(''),
  start_tls: flag.default(false),
  use_ssl: flag.optional(),
  user_ssl: flag.optional(),
  certfile: text.default(''),
  keyfile: text.default(''),
  SERVER_CERTIFICATE: serverCertificateOption,
  TIMEOUT: timeoutOption.optional(),
  timeout: timeoutOption.optional(),
  raise_exception: flag.default(true),
  allow_unauthenticated: flag.default(false),
});

export type SmtpConfig = z.output<typeof schema>;

export function readSmtpConfig(config: SmsConfig): SmtpConfig {
  const read = readConfig(schema, config, EXAMPLE);
  for (const key of ['mailsender', 'mailto'] as const) {
    if (readMailbox(read[key].replaceAll('<phone>', '+491701234567')) !== undefined) continue;
    throw badConfig(key, 'it is no mail address in ASCII', 'write otp@example.com, or Name <otp@example.com>');
  }
  return read;
}

/** Where mail goes, and how the way there is secured. */
export function serverOf(config: SmtpConfig): SmtpServer {
  const implicit = config.use_ssl ?? config.user_ssl ?? false;
  const security = implicit ? 'tls' : config.start_tls ? 'starttls' : 'none';
  const named = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(config.mailserver);
  const host = named?.[1] ?? named?.[2] ?? config.mailserver;
  if (!/^[A-Za-z0-9._:%-]+$/.test(host)) {
    throw badConfig('mailserver', 'it is no name of a server', 'write smtp.example.com or smtp.example.com:587');
  }
  if (config.mailuser !== '' && config.mailpassword === '') {
    throw badConfig('mailpassword', 'it is missing', 'mailuser and mailpassword are given together');
  }
  return {
    host,
    port: config.mailserver_port ?? (named?.[3] === undefined ? PORTS[security] : Number(named[3])),
    security,
    tls: { ...serverTrust(config.SERVER_CERTIFICATE), ...clientCertificateOf(config, security) },
    timeouts: config.TIMEOUT ?? config.timeout ?? TIMEOUTS,
    login: config.mailuser === '' ? undefined : { user: config.mailuser, password: config.mailpassword },
    allowUnauthenticated: config.allow_unauthenticated,
  };
}

function clientCertificateOf({ certfile, keyfile }: SmtpConfig, security: SmtpServer['security']) {
  if (certfile === '') {
    if (keyfile === '') return {};
    throw badConfig('certfile', 'there is a keyfile without it', 'give both, or one PEM file with both as certfile');
  }
  if (security === 'none') {
    throw badConfig('certfile', 'it is never shown, since nothing is encrypted', 'add "start_tls": "True"');
  }
  const pair = { cert: readPem('certfile', certfile), key: readPem('keyfile', keyfile === '' ? certfile : keyfile) };
  try {
    createSecureContext(pair);
  } catch (cause) {
    throw badConfig(
      'keyfile',
      `it does not go with certfile: ${(cause as Error).message}`,
      'give the private key of the certificate, without a passphrase',
    );
  }
  return pair;
}
