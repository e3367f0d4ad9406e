/** The `radius` section of gatehouse.yaml. */
import * as z from 'zod';
import type { RadiusClientFields, RadiusClientView } from '../../core/radius/clients.ts';
import { parseListenAddress } from '../../platform/listen-address.ts';
import { networkOf, networkText } from '../../platform/network.ts';

const address = read('an IP address and port such as 127.0.0.1:1812 or [::1]:1812', parseListenAddress);

const client = z.strictObject({
  name: read('a name of letters, digits, dots, dashes and underscores', (text) =>
    /^[\w.-]{1,64}$/.test(text) ? text : undefined,
  ).describe('What messages and the audit trail call it.'),
  address: read('an IP address or a network such as 192.0.2.0/24', networkOf).describe('Where its requests come from.'),
  secret: z.string().min(1).max(128).meta({ secret: true }).describe('The same as on the equipment; 16 or more.'),
  message_authenticator: z
    .enum(['required', 'optional'])
    .default('required')
    .describe('optional: old equipment that sends none; whoever is on the way can then forge answers.'),
  proof: z
    .enum(['password', 'otp'])
    .default('password')
    .describe('What users type there: their password, or PIN and one-time password.'),
  disconnect_port: z.int().min(1).max(65_535).default(3799).describe('Where the equipment takes Disconnect-Requests.'),
  may_disconnect: z
    .boolean()
    .default(false)
    .describe(
      "It may have anybody's session ended or given other terms: Disconnect- and CoA-Requests to `radius.dynamic`.",
    ),
});

export const radiusConfig = z.strictObject({
  listen: z
    .array(address)
    .min(1)
    .max(16)
    .prefault(['127.0.0.1:1812'])
    .describe('Where network equipment asks who may come in, once there are clients.'),
  accounting: z
    .array(address)
    .max(16)
    .prefault(['127.0.0.1:1813'])
    .describe('Where it tells of sessions that begin and end.'),
  dynamic: z
    .array(address)
    .max(16)
    .prefault(['127.0.0.1:3799'])
    .describe('Where clients with may_disconnect may have sessions ended or changed.'),
  eap: z
    .strictObject({
      address: address.describe('Its address and port.'),
      secret: z.string().min(1).max(128).meta({ secret: true }).describe('The one that it has for this server.'),
    })
    .optional()
    .describe('A RADIUS server that ends EAP; unset: EAP is refused.'),
  dictionaries: z
    .array(z.string().min(1))
    .max(100)
    .default([])
    .describe('Dictionaries as FreeRADIUS has them, for the attributes that policies add to answers.'),
  clients: z
    .array(client)
    .max(1000)
    .default([])
    .meta({ live: true })
    .describe('The equipment that may ask (docs/radius.md): name, address, secret, message_authenticator, proof.'),
});
export type RadiusConfig = z.output<typeof radiusConfig>;

/** Those of gatehouse.yaml, as the door takes them. */
export function configuredClients(clients: RadiusConfig['clients']): RadiusClientFields[] {
  return radiusClientViews(clients).map((one, i) => ({ ...one, secret: clients[i]!.secret }));
}

/** The same as administration shows them. */
export function radiusClientViews(clients: RadiusConfig['clients']): RadiusClientView[] {
  return clients.map((one) => ({
    name: one.name,
    network: networkText(one.address),
    messageAuthenticator: one.message_authenticator,
    proof: one.proof,
    disconnectPort: one.disconnect_port,
    mayDisconnect: one.may_disconnect,
  }));
}

function read<T>(allowed: string, take: (text: string) => T | undefined) {
  return z
    .string()
    .meta({ allowed })
    .transform((text, context) => {
      const taken = take(text);
      if (taken !== undefined) return taken;
      context.addIssue({ code: 'custom', message: `must be ${allowed}`, input: text });
      return z.NEVER;
    });
}
