/** The `sip` section of gatehouse.yaml. What stands here wins over the same thing in ser.cfg. */
import { isIP, isIPv4, isIPv6 } from 'node:net';
import * as z from 'zod';

const listen = z
  .string()
  .regex(/^((udp|tcp|tls|ws|wss):)?(\[[0-9a-fA-F:.]+\]|[0-9.]+)(:[0-9]{1,5})?$/, {
    error: 'an address with port, like 192.0.2.1:5060, tls:192.0.2.1:5061 or [2001:db8::1]:5060',
  })
  .describe('Address to listen on: [udp:|tcp:|tls:|ws:|wss:]ADDRESS[:PORT].');

function isNameServer(text: string): boolean {
  if (isIP(text) !== 0) return true;
  const [, six, four, port = '53'] = /^(?:\[(.*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  return (isIPv6(six ?? '') || isIPv4(four ?? '')) && Number(port) >= 1 && Number(port) <= 65_535;
}

const pemFile = z.string().min(1).max(4096);

const tls = z.strictObject({
  certificate: pemFile
    .optional()
    .describe('PEM file: the certificate, then those of its authorities up to the root. Unset: no TLS.')
    .meta({ live: true }),
  key: pemFile
    .optional()
    .describe('PEM file with the private key, without a password; unset: it stands in the file of the certificate.')
    .meta({ live: true }),
  names: z
    .array(z.strictObject({ name: z.string().min(1).max(255), certificate: pemFile, key: pemFile.optional() }))
    .max(1000)
    .default([])
    .describe(
      'Other certificates, for clients that ask for this name: `{ name, certificate, key }`, name as example.com or *.example.com.',
    )
    .meta({ live: true }),
  ca: pemFile
    .optional()
    .describe('PEM file: the authorities whose certificates are believed. Unset: those that Node.js knows.')
    .meta({ live: true }),
  client_certificate: z
    .enum(['none', 'verify', 'require'])
    .default('none')
    .describe(
      'none: clients are not asked for one; verify: one that is shown must be good; require: one must be shown.',
    ),
  verify_server: z
    .boolean()
    .default(true)
    .describe('Whether servers that Gatehouse connects to must prove the host name of the URI.'),
  port: z.int().min(1).max(65_535).default(5061).describe('Port of TLS on addresses of sip.listen without a protocol.'),
});

const algorithms = z
  .array(z.enum(['SHA-512-256', 'SHA-256', 'MD5']))
  .min(1)
  .refine((list) => new Set(list).size === list.length, { error: 'each algorithm once' })
  .describe(
    'What challenges ask for, the preferred first: one challenge for each; nothing else is accepted. Some telephones give up when one of the challenges is new to them: try yours. Others than MD5 need the password itself, as users of our own have it, or calculate_ha1 1.',
  );
const authInt = z
  .boolean()
  .describe('Whether a challenge with qop also offers auth-int, where the digest covers the body of the request.');
const oneTimeNonces = z
  .boolean()
  .describe(
    'Whether a nonce is good for one proof: nothing can be played again then, without qop either, and each request takes one exchange more.',
  );

const digest = z.strictObject({
  algorithms: algorithms.default(['MD5']).meta({ live: true }),
  auth_int: authInt.default(false).meta({ live: true }),
  one_time_nonces: oneTimeNonces.default(false).meta({ live: true }),
  domains: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(255),
        algorithms: algorithms.optional(),
        auth_int: authInt.optional(),
        one_time_nonces: oneTimeNonces.optional(),
      }),
    )
    .max(10_000)
    .default([])
    .describe(
      'Domains (the realm of the challenge) that ask otherwise: `{ name, algorithms, auth_int, one_time_nonces }`.',
    )
    .meta({ live: true }),
});

function isPortRange(text: string): boolean {
  const [, first, last] = /^(\d{4,5})-(\d{4,5})$/.exec(text) ?? [];
  return Number(first) >= 1024 && Number(last) <= 65_535 && Number(last) - Number(first) >= 7;
}

const seconds = (least: number, most: number, preset: number) => z.int().min(least).max(most).default(preset);

const callBack = z.strictObject({
  telephones: z
    .enum(['proven', 'any', 'none'])
    .default('proven')
    .describe(
      'Which registered telephones of a user are rung. proven: those at places where he gave a code or took a call before; any: all, which proves nothing where the password of his telephone is the one that is guarded; none: his numbers alone.',
    )
    .meta({ live: true }),
  trunk: z
    .string()
    .regex(/^sips?:(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?(;transport=(udp|tcp|tls))?$/, {
      error: 'the URI of a gateway without a user, like sip:192.0.2.9 or sip:gw.example.com:5060;transport=tcp',
    })
    .optional()
    .describe(
      'URI of the gateway that the numbers of users are called by: sip:HOST[:PORT]. Unset: no numbers are called.',
    ),
  username: z.string().min(1).max(100).optional().describe('For the challenge of the gateway.'),
  password: z.string().max(200).optional().describe('The same.').meta({ secret: true }),
  caller: z
    .string()
    .regex(/^[A-Za-z0-9+_.-]{1,64}$/, { error: 'a name or number, like gatehouse or +493023125000' })
    .default('gatehouse')
    .describe(
      'Whom the call comes from: user part of From; many gateways want a number of theirs. It is never called itself.',
    ),
  ports: z
    .string()
    .refine(isPortRange, { error: 'a range of eight UDP ports or more from 1024 on, like 40000-40099' })
    .default('40000-40099')
    .describe('UDP ports of the sound, FIRST-LAST.'),
  ring: seconds(1, 120, 25).describe(
    'Seconds that it rings in all: half of them telephones, where there is a number, too.',
  ),
  key: seconds(1, 120, 20).describe('Seconds to press a key.'),
  at_once: z.int().min(1).max(30).default(4).describe('Calls at once.').meta({ live: true }),
  pause: seconds(0, 3600, 30).describe('Seconds between two calls to one user, or to one number.').meta({ live: true }),
  per_hour: z
    .int()
    .min(1)
    .max(100)
    .default(6)
    .describe('Calls to one user, and to one number, in an hour.')
    .meta({ live: true }),
  per_day: z.int().min(1).max(100_000).default(200).describe('Calls in all, in a day.').meta({ live: true }),
});

export const sipConfig = z.strictObject({
  script: z
    .string()
    .min(1)
    .optional()
    .describe('The ser.cfg to run; unset: the examples/ser.cfg that comes with Gatehouse.')
    .meta({ live: true }),
  listen: z
    .array(listen)
    .min(1)
    .max(32)
    .optional()
    .describe('Wins over the listen lines of ser.cfg; unset: those, else 127.0.0.1:5060.'),
  tls: tls.prefault({}),
  websocket: z
    .strictObject({
      origins: z
        .array(z.string().regex(/^https?:\/\/[^/]+$/, { error: 'an origin, like https://phone.example.com' }))
        .max(100)
        .default([])
        .describe(
          'Web pages that may connect by WebSocket, as https://phone.example.com; empty: all to the ws and wss listeners, and to the HTTP port those that come from it.',
        )
        .meta({ live: true }),
    })
    .prefault({}),
  dns: z
    .strictObject({
      servers: z
        .array(
          z.string().refine(isNameServer, {
            error: 'an address, with a port if it is not 53, like 192.0.2.53 or [2001:db8::53]:5353',
          }),
        )
        .max(8)
        .default([])
        .describe(
          'Name servers that are asked where a request goes (NAPTR, SRV, A, AAAA); empty: those of the system.',
        ),
      timeout_ms: z
        .int()
        .min(100)
        .max(20_000)
        .default(3000)
        .describe('Milliseconds that a request waits for names in all; what is not known then is answered 478.'),
    })
    .prefault({}),
  domains: z
    .array(z.string().min(1).max(255))
    .max(10_000)
    .default([])
    .describe('Domains served here besides the addresses: as alias lines in ser.cfg.')
    .meta({ live: true }),
  dialect: z
    .enum(['ser', 'openser'])
    .optional()
    .describe('How ser.cfg is read; unset: found out from the file.')
    .meta({ live: true }),
  digest: digest.prefault({}),
  native_udp: z
    .boolean()
    .default(true)
    .describe(
      "Whether UDP, of SIP and RADIUS, goes through the native module, which costs less, where there is one; false: Node's dgram.",
    ),
  call_back: callBack.prefault({}),
  longest_call: z
    .int()
    .min(60)
    .max(2_592_000)
    .default(43_200)
    .describe(
      'Seconds after which a call is ended for both sides: one that lasts as long was forgotten, or nobody will say that it is over.',
    ),
  preloaded_route: z
    .enum(['pass', 'challenge'])
    .optional()
    .describe(
      'What loose_route() does for a first request that brings Route headers along. pass: relays it as SER does; challenge: leaves it ' +
        'to the authentication that follows. Unset: what the script says with modparam("rr", "preloaded_route", ...), as our example does; else pass.',
    )
    .meta({ live: true }),
});
export type SipConfig = z.output<typeof sipConfig>;
