/**
 * What auth_radius was told: its parameters, the configuration of radiusclient-ng, its dictionary.
 *
 * Names of servers are resolved once for each edition of the script. Errors: RADIUS_CLIENT_CONFIG, RADIUS_DICTIONARY; SIP_RADIUS, a name
 * has no address.
 */
import { lookup } from 'node:dns/promises';
import { resolve } from 'node:path';
import { GatehouseError } from '../../../../platform/errors.ts';
import type { Peer } from '../../../../platform/radius/asker.ts';
import { type RadiusClientConfig, readClientConfig } from '../../../../platform/radius/client-config.ts';
import { Dictionary } from '../../../../platform/radius/dictionary/dictionary.ts';
import { readDictionary } from '../../../../platform/radius/dictionary/read.ts';
import { RadiusServers } from '../../../../platform/radius/servers.ts';
import type { ParameterValues } from '../../script/types.ts';
import type { AvpName } from '../../script/values/avps.ts';
import type { Services } from '../../services.ts';
import { Lasting } from '../lasting.ts';
import type { Asking } from './asked-user.ts';
import type { DigestForm } from './digest-attributes.ts';

/** As the dictionary of OpenSER has them. */
const NUMBERS = { sipUriUser: 208, sipRpid: 213, sipAvp: 225 };
const RFC5090_REALM = 104;

/** The servers of the edition that serves; those before it go when nobody waits for them any more. */
const serving = new Lasting(({ atEnd }) => {
  const held: { servers: RadiusServers | undefined } = { servers: undefined };
  atEnd(() => held.servers?.close());
  return held;
});

export class RadiusSettings {
  readonly #config: RadiusClientConfig;
  readonly #parameters: ParameterValues;
  readonly #services: Services;
  readonly #fixed: Omit<Asking, 'servers'>;
  #asking: Asking | undefined;
  #servers: RadiusServers | undefined;

  constructor(parameters: ParameterValues, services: Services, rpid: AvpName | undefined) {
    this.#config = readClientConfig(resolve(services.options.folder, String(parameters.radius_config)));
    this.#parameters = parameters;
    this.#services = services;
    const dictionary = new Dictionary();
    if (this.#config.dictionary !== undefined) readDictionary(this.#config.dictionary, dictionary);
    const numberOf = (name: string, usual: number) => {
      const { vendor = 0, type = 0 } = dictionary.attribute(name) ?? {};
      return vendor === 0 && type > 0 && type < 256 ? type : usual;
    };
    const flag = Number(parameters.use_ruri_flag);
    this.#fixed = {
      form: formOf(parameters, dictionary),
      serviceType: Number(parameters.service_type),
      sipUriUser: numberOf('Sip-Uri-User', NUMBERS.sipUriUser),
      sipRpid: numberOf('Sip-Rpid', NUMBERS.sipRpid),
      sipAvp: numberOf('SIP-AVP', NUMBERS.sipAvp),
      ruriFlags: flag < 0 ? 0 : 1 << flag,
      rpid,
    };
  }

  async open(): Promise<void> {
    const signs = this.#parameters.message_authenticator !== 'optional';
    const peers = await Promise.all(this.#config.servers.map((one) => peerOf(one, signs)));
    this.#servers = new RadiusServers(peers, this.#config, this.#services);
    this.#asking = { ...this.#fixed, servers: this.#servers };
  }

  serve(): void {
    const held = serving.of(this.#services);
    held.servers?.close();
    held.servers = this.#servers;
  }

  get asking(): Asking {
    if (this.#asking === undefined) throw new Error('auth_radius was not opened');
    return this.#asking;
  }
}

/** Where the script does not say it the dictionary does, as it did for OpenSER: there the numbers decide how a digest is packed. */
function formOf({ digest_attributes: said }: ParameterValues, dictionary: Dictionary): DigestForm {
  if (said === 'sterman' || said === 'rfc5090') return said;
  return dictionary.attribute('Digest-Realm')?.type === RFC5090_REALM ? 'rfc5090' : 'sterman';
}

async function peerOf({ host, port, secret }: RadiusClientConfig['servers'][number], signs: boolean): Promise<Peer> {
  try {
    const { address } = await lookup(host);
    return { address, port, secret: Buffer.from(secret, 'latin1'), signs };
  } catch (cause) {
    throw new GatehouseError('SIP_RADIUS', `the RADIUS server ${host} has no address`, { cause });
  }
}
