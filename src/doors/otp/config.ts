/** The `otp` section of gatehouse.yaml. */
import * as z from 'zod';
import { isNetwork } from './addresses.ts';

const ALLOWED = 'an IP address or a network such as 192.0.2.0/24';

const sender = z.string().min(1).max(64).refine(isNetwork, `must be ${ALLOWED}`).meta({ allowed: ALLOWED });

export const otpOptions = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .describe(
      'Whether the HTTP port answers as LinOTP does, under /validate, /admin, /system, /audit and /userservice.',
    ),
  client_from: z
    .array(sender)
    .max(64)
    .default([])
    .describe('Who is believed that the parameter `client` is the address of the user: RADIUS servers, PAM hosts.')
    .meta({ live: true }),
  trusted_proxies: z
    .array(sender)
    .max(64)
    .default([])
    .describe('Proxies that are believed when X-Forwarded-For says from where a call came.')
    .meta({ live: true }),
});
