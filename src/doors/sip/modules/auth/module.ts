/** The script's functions that ask for credentials and take them out of the request again. */

import type { Run } from '../../run.ts';
import type { FunctionBody, ParameterSpec, SipModule } from '../../script/types.ts';
import { Seldom } from '../../seldom.ts';
import { flag, lineText, numberText } from '../value-checks.ts';
import { challenge } from './challenge.ts';
import { type HeaderPair, PROXY, WWW } from './header-pair.ts';
import { authSettings } from './settings.ts';

const LONGEST_LIFE = 86_400;

const parameters: readonly ParameterSpec[] = [
  {
    name: 'secret',
    type: 'string',
    default: null,
    secret: true,
    describe: 'What nonces are signed with; servers that share it accept each other’s. Unset: taken from the key file.',
    check: (value) => (value === '' ? 'must not be empty' : undefined),
  },
  {
    name: 'nonce_expire',
    type: 'int',
    default: 300,
    describe: 'Seconds a nonce may be used.',
    check: (value) => numberText(String(value), 1, LONGEST_LIFE),
  },
  {
    name: 'realm_prefix',
    type: 'string',
    default: '',
    describe: 'Taken off the front of a realm that is found out from the request, like "sip.".',
  },
  {
    name: 'rpid_prefix',
    type: 'string',
    default: '',
    describe: 'Stands before the value in Remote-Party-ID.',
    check: (value) => lineText(String(value)),
  },
  {
    name: 'rpid_suffix',
    type: 'string',
    default: ';party=calling;id-type=subscriber;screen=yes',
    describe: 'Stands behind the value in Remote-Party-ID.',
    check: (value) => lineText(String(value)),
  },
  {
    name: 'rpid_avp',
    type: 'string',
    default: '$avp(s:rpid)',
    describe: 'The AVP with the value for Remote-Party-ID; empty or NULL: none.',
    check: checkVariable,
  },
  {
    name: 'username_spec',
    type: 'string',
    default: null,
    describe: 'The variable with the user name for pv_www_authorize and pv_proxy_authorize.',
    check: checkVariable,
  },
  {
    name: 'password_spec',
    type: 'string',
    default: null,
    describe: 'The variable with the password, or HA1, for pv_www_authorize and pv_proxy_authorize.',
    check: checkVariable,
  },
  {
    name: 'calculate_ha1',
    type: 'int',
    default: 0,
    describe: '1: the variable of password_spec holds a clear password; 0: HA1 in hex.',
    check: flag,
  },
];

export const auth: SipModule = {
  name: 'auth',
  describe: 'Asks for digest credentials, as RFC 2617 has it.',
  needs: ['sl'],
  parameters,
  functions: [
    {
      name: 'www_challenge',
      arity: [2],
      routes: ['request'],
      describe: 'Answers 401 with a challenge: realm ("" = from the request) and qop ("0" or "1"). Ends the script.',
      checkArgument: checkChallengeArgument,
    },
    {
      name: 'proxy_challenge',
      arity: [2],
      routes: ['request'],
      describe: 'Answers 407 with a challenge: realm ("" = the domain of From) and qop ("0" or "1"). Ends the script.',
      checkArgument: checkChallengeArgument,
    },
    {
      name: 'consume_credentials',
      arity: [0],
      routes: ['request'],
      describe: 'Takes the credentials just authorised out of the request that goes on. -1: there are none.',
    },
  ],
  build(values, services) {
    const settings = authSettings(values, services);
    const complaint = new Seldom(services.clock);
    return {
      functions: {
        www_challenge: challenging(WWW),
        proxy_challenge: challenging(PROXY),
        consume_credentials: () => consume,
      },
    };

    function challenging(pair: HeaderPair): FunctionBody {
      return (realm, qop) => {
        const withQop = Number(qop) !== 0;
        return (run) => challenge(run, pair, realm!, withQop, settings, services.clock.now());
      };
    }

    function consume(run: Run): number {
      if (run.authorised) {
        run.edits.remove(run.authorised.header);
        return 1;
      }
      const { method } = run.message;
      if (method !== 'ACK' && method !== 'CANCEL' && complaint.due()) {
        services.log.warn('consume_credentials found none: call www_authorize or proxy_authorize before it');
      }
      return -1;
    }
  },
};

/** An explicit realm, as all functions of auth and auth_db take it. */
export function checkRealm(text: string): string | undefined {
  if (text.includes('$')) return 'variables in a realm are not supported yet; "" takes it from the request';
  return lineText(text);
}

function checkChallengeArgument(index: number, text: string): string | undefined {
  return index === 0 ? checkRealm(text) : numberText(text, 0, 0xff);
}

function checkVariable(value: string | number): string | undefined {
  return /^(|NULL|\$.+)$/.test(String(value)) ? undefined : `must be a variable like $avp(s:name), but is "${value}"`;
}
