/** The `sip` section of gatehouse.yaml. What stands here wins over the same thing in ser.cfg. */
import * as z from 'zod';

const listen = z
  .string()
  .regex(/^((udp|tcp):)?(\[[0-9a-fA-F:.]+\]|[0-9.]+)(:[0-9]{1,5})?$/, {
    error: 'an address with port, like 192.0.2.1:5060, udp:192.0.2.1:5060 or [2001:db8::1]:5060',
  })
  .describe('Address to listen on: [udp:|tcp:]ADDRESS[:PORT]; without a protocol both, without a port 5060.');

export const sipConfig = z.strictObject({
  script: z
    .string()
    .min(1)
    .optional()
    .describe('The ser.cfg to run; unset: the examples/ser.cfg that comes with Gatehouse.'),
  listen: z
    .array(listen)
    .min(1)
    .max(32)
    .optional()
    .describe('Wins over the listen lines of ser.cfg; unset: those, else 127.0.0.1:5060.'),
  domains: z
    .array(z.string().min(1).max(255))
    .max(10_000)
    .default([])
    .describe('Domains served here besides the addresses: as alias lines in ser.cfg.'),
  dialect: z.enum(['ser', 'openser']).optional().describe('How ser.cfg is read; unset: found out from the file.'),
  native_udp: z
    .boolean()
    .default(true)
    .describe("Whether UDP goes through the native module, which costs less, where there is one; false: Node's dgram."),
  preloaded_route: z
    .enum(['pass', 'challenge'])
    .optional()
    .describe(
      'What loose_route() does for a first request that brings Route headers along. pass: relays it as SER does; challenge: leaves it ' +
        'to the authentication that follows. Unset: what the script says with modparam("rr", "preloaded_route", ...), as our example does; else pass.',
    ),
});
export type SipConfig = z.output<typeof sipConfig>;
