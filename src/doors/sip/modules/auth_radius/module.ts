/** The script's functions that have credentials checked by a RADIUS server. */
import type { SipModule, TextFunctionBody } from '../../script/types.ts';
import { examine } from '../auth/examine.ts';
import { type HeaderPair, PROXY, WWW } from '../auth/header-pair.ts';
import { knock } from '../auth/knock.ts';
import { checkRealm } from '../auth/module.ts';
import { authSettings } from '../auth/settings.ts';
import { numberText } from '../value-checks.ts';
import { AskedUser } from './asked-user.ts';
import { RadiusSettings } from './settings.ts';

const results =
  '1: proven. -2: the server refuses, and does not say whether it is name or password; -3: nonce expired or not ours, -4: no credentials for the realm, -5: no answer could be sent. Where no server answers the request gets 503.';

export const authRadius: SipModule = {
  name: 'auth_radius',
  describe:
    'Checks digest credentials by asking RADIUS servers. Each SIP-AVP of their answer becomes an AVP, and SIP-RPID the one of rpid_avp. ' +
    'Requests are signed (Message-Authenticator), and answers must be.',
  needs: ['auth'],
  parameters: [
    {
      name: 'radius_config',
      type: 'string',
      default: '/usr/local/etc/radiusclient-ng/radiusclient.conf',
      describe:
        "The configuration of radiusclient-ng, from which authserver, servers, dictionary, radius_timeout, radius_retries, radius_deadtime and bindaddr are taken; relative to the script's folder.",
    },
    {
      name: 'service_type',
      type: 'int',
      default: 15,
      describe: 'Service-Type of the requests; 15: Sip-Session.',
      check: (value) => numberText(String(value), 0, 999_999_999),
    },
    {
      name: 'use_ruri_flag',
      type: 'int',
      default: -1,
      describe:
        'Requests with this flag (setflag) are asked about with their Request-URI in place of the uri of the credentials; -1: none.',
      check: (value) => (value === -1 ? undefined : numberText(String(value), 0, 31)),
    },
    {
      name: 'digest_attributes',
      type: 'string',
      default: null,
      describe:
        'How a digest is packed: "sterman" (Digest-Attributes 207 and Digest-Response 206, as OpenSER did) or "rfc5090" (103 to 122). Unset: rfc5090 where the dictionary has Digest-Realm as 104, else sterman.',
      check: (value) => oneOf(value, ['sterman', 'rfc5090']),
    },
    {
      name: 'message_authenticator',
      type: 'string',
      default: 'required',
      describe:
        '"optional" for old servers whose answers carry none; whoever is on the way can then make an Accept of a Reject (CVE-2024-3596).',
      check: (value) => oneOf(value, ['required', 'optional']),
    },
  ],
  functions: [
    {
      name: 'radius_www_authorize',
      arity: [1],
      routes: ['request'],
      flow: 'sender',
      describe: `Has the Authorization header checked: realm ("" = from the request). ${results}`,
      takesVariables: [0],
      checkArgument: (_index, text) => checkRealm(text),
    },
    {
      name: 'radius_proxy_authorize',
      arity: [1],
      routes: ['request'],
      flow: 'sender',
      describe: 'The same for the Proxy-Authorization header: realm ("" = the domain of From).',
      takesVariables: [0],
      checkArgument: (_index, text) => checkRealm(text),
    },
  ],
  build(parameters, services, uses) {
    const others = uses.parametersOf('auth')!; // `needs` has it loaded
    const settings = authSettings(others, services);
    const radius = new RadiusSettings(parameters, services, uses.avpName(String(others.rpid_avp)));
    return {
      functions: {},
      texts: { radius_www_authorize: authorizing(WWW), radius_proxy_authorize: authorizing(PROXY) },
      start: () => radius.open(),
      serve: () => radius.serve(),
    };

    function authorizing(pair: HeaderPair): TextFunctionBody {
      return (realm) => (run) => {
        const found = examine(run, pair, realm!.read(run), settings, services.clock.now());
        if (typeof found === 'number') return found;
        return knock(run, found, new AskedUser(run, found, radius.asking), services.gate, services.log);
      };
    }
  },
};

function oneOf(value: string | number, allowed: readonly string[]): string | undefined {
  return allowed.includes(String(value)) ? undefined : `must be ${allowed.join(' or ')}, but is "${value}"`;
}
