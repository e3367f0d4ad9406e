/** The section `sms` of gatehouse.yaml. Limits count per calendar day in the zone of the server; 0: no limit. */
import * as z from 'zod';

const perDay = z.int().min(0).max(100_000_000);
const prefix = z
  .string()
  .regex(/^\+?[0-9]{1,15}$/, { error: 'digits, with + before them where they begin with a country: +49, 0170' });

export const smsOptions = z.strictObject({
  deadline_seconds: z
    .int()
    .min(5)
    .max(300)
    .default(30)
    .describe('How long all tries of a message may take together, over all providers.')
    .meta({ live: true }),
  at_once: z
    .int()
    .min(1)
    .max(1000)
    .default(16)
    .describe('Messages that are on their way to one provider at once; others wait.'),
  waiting: z
    .int()
    .min(0)
    .max(100_000)
    .default(256)
    .describe('Messages that wait for one provider at most; more go on to the next provider.'),
  per_number: perDay.default(0).describe('Messages to one number in a day; 0: no limit.').meta({ live: true }),
  per_user: perDay.default(0).describe('Messages for one user in a day; 0: no limit.').meta({ live: true }),
  per_client: perDay
    .default(0)
    .describe(
      'Messages that one client address asks for in a day; 0: no limit. Behind a RADIUS server or a proxy all may be one.',
    )
    .meta({ live: true }),
  per_day: perDay
    .default(0)
    .describe('The budget: messages in a day to all; from 80 % on the health says so; 0: no limit.')
    .meta({ live: true }),
  prefixes: z
    .array(z.strictObject({ prefix, per_day: perDay }))
    .max(1000)
    .default([])
    .describe('Limits for countries: `{ prefix: "+49", per_day: 1000 }`; the longest prefix of a number counts.')
    .meta({ live: true }),
  allowed_prefixes: z
    .array(prefix)
    .max(1000)
    .default([])
    .describe('How a number has to begin: +49, +4366, or 0 for one without a country; empty: all are allowed.')
    .meta({ live: true }),
});

export type SmsOptions = z.output<typeof smsOptions>;
