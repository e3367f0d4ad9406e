/** The script's functions that ask for credentials and take them out of the request again. */

import { Seldom } from '../../../../platform/seldom.ts';
import type { Run } from '../../run.ts';
import type { ParameterSpec, SipModule, TextFunctionBody } from '../../script/types.ts';
import { flag, lineText, numberText } from '../value-checks.ts';
import { challenge } from './challenge.ts';
import { examine } from './examine.ts';
import { GivenUsers } from './given-user.ts';
import { type HeaderPair, PROXY, WWW } from './header-pair.ts';
import { knock } from './knock.ts';
import { appendRemotePartyId, isE164 } from './remote-party-id.ts';
import { authSettings } from './settings.ts';

const results =
  '1: proven. -1: another user, -2: wrong password, -3: nonce expired or not ours, -4: no credentials for the realm, -5: what should be an HA1 is none, or no answer could be sent.';
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
      ends: true,
      takesVariables: [0],
      checkArgument: checkChallengeArgument,
    },
    {
      name: 'proxy_challenge',
      arity: [2],
      routes: ['request'],
      describe: 'Answers 407 with a challenge: realm ("" = the domain of From) and qop ("0" or "1"). Ends the script.',
      ends: true,
      takesVariables: [0],
      checkArgument: checkChallengeArgument,
    },
    {
      name: 'consume_credentials',
      arity: [0],
      routes: ['request'],
      describe: 'Takes the credentials just authorised out of the request that goes on. -1: there are none.',
    },
    {
      name: 'pv_www_authorize',
      arity: [1],
      routes: ['request'],
      flow: 'sender',
      describe: `Checks the Authorization header against the variables of username_spec and password_spec: realm ("" = from the request). ${results}`,
      takesVariables: [0],
      checkArgument: (_index, text) => checkRealm(text),
    },
    {
      name: 'pv_proxy_authorize',
      arity: [1],
      routes: ['request'],
      flow: 'sender',
      describe: `The same for the Proxy-Authorization header: realm ("" = the domain of From). ${results}`,
      takesVariables: [0],
      checkArgument: (_index, text) => checkRealm(text),
    },
    {
      name: 'append_rpid_hf',
      arity: [0, 2],
      routes: ['request', 'failure', 'branch'],
      describe:
        'Appends Remote-Party-ID with the value of rpid_avp, between rpid_prefix and rpid_suffix or the two arguments. -1: no value.',
      checkArgument: (_index, text) => lineText(text),
    },
    {
      name: 'is_rpid_user_e164',
      arity: [0],
      routes: ['request'],
      describe: 'Whether the URI in rpid_avp has a number as user: + and up to 15 digits.',
    },
  ],
  build(values, services, uses) {
    const settings = authSettings(values, services);
    const complaint = new Seldom(services.clock);
    const given = new GivenUsers(values, uses, services);
    const spec = String(values.rpid_avp ?? '');
    const rpid = spec.startsWith('$') ? uses.variable(spec) : undefined;
    return {
      functions: {
        consume_credentials: () => consume,
        is_rpid_user_e164: () => (run) => isE164(run, rpid),
        append_rpid_hf:
          (prefix = String(values.rpid_prefix), suffix = String(values.rpid_suffix)) =>
          (run) =>
            appendRemotePartyId(run, rpid, prefix, suffix),
      },
      texts: {
        www_challenge: challenging(WWW),
        proxy_challenge: challenging(PROXY),
        pv_www_authorize: authorizing(WWW),
        pv_proxy_authorize: authorizing(PROXY),
      },
    };

    function challenging(pair: HeaderPair): TextFunctionBody {
      return (realm, qop) => {
        const withQop = Number(qop!.constant) !== 0;
        return (run) => challenge(run, pair, realm!.read(run), withQop, settings, services.clock.now());
      };
    }

    function authorizing(pair: HeaderPair): TextFunctionBody {
      return (realm) => (run) => {
        const found = examine(run, pair, realm!.read(run), settings, services.clock.now());
        if (typeof found === 'number') return found;
        const user = given.of(run, found);
        return typeof user === 'number' ? user : knock(run, found, user, services.gate, services.log);
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
  return lineText(text);
}

function checkChallengeArgument(index: number, text: string): string | undefined {
  return index === 0 ? checkRealm(text) : numberText(text, 0, 0xff);
}

function checkVariable(value: string | number): string | undefined {
  return /^(|NULL|\$.+)$/.test(String(value)) ? undefined : `must be a variable like $avp(s:name), but is "${value}"`;
}
