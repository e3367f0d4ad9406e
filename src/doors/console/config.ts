/** The `http` section of gatehouse.yaml. */
import * as z from 'zod';
import { parseListenAddress } from '../../platform/listen-address.ts';

const ALLOWED = 'an IP address and port such as 127.0.0.1:8080 or [::1]:8080';

const address = z
  .string()
  .meta({ allowed: ALLOWED })
  .transform((text, context) => {
    const parsed = parseListenAddress(text);
    if (parsed) return parsed;
    context.addIssue({ code: 'custom', message: `must be ${ALLOWED}`, input: text });
    return z.NEVER;
  });

const pemFile = z.string().min(1).max(4096);

const tls = z.strictObject({
  certificate: pemFile
    .optional()
    .describe('PEM file: the certificate, then those of its authorities up to the root. Unset: no HTTPS.'),
  key: pemFile
    .optional()
    .describe('PEM file with the private key, without a password; unset: it stands in the file of the certificate.'),
  listen: z
    .array(address)
    .max(16)
    .prefault(['127.0.0.1:8443'])
    .describe('Where the same answers over TLS, once there is a certificate.'),
});

export const httpOptions = z.strictObject({
  listen: z
    .array(address)
    .max(16)
    .prefault(['127.0.0.1:8080'])
    .describe('Where health, metrics and the administration interface listen; an empty list: nowhere.'),
  names: z
    .array(z.string().min(1).max(255))
    .max(64)
    .default([])
    .describe(
      'Host names under which it may be called besides its addresses and localhost: those of a proxy, of the LAN.',
    )
    .meta({ live: true }),
  tls: tls.prefault({}),
});
