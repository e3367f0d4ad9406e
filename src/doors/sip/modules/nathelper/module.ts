/** nathelper: telephones behind a NAT, without a relay for their media. What is sent to keep their way open is usrloc's (pings.ts). */
import { isIP } from 'node:net';
import type { RouteKind } from '../../script/route-kinds.ts';
import type { FunctionSpec, ParameterSpec, SipModule } from '../../script/types.ts';
import { avpName } from '../../script/values/avp-variables.ts';
import { numberText } from '../value-checks.ts';
import { addReceived, fixContact, rememberSender } from './contact.ts';
import { ALL_TESTS, natUacTest } from './nat-test.ts';
import { PING_PARAMETERS } from './ping-parameters.ts';
import { ALL_FIXES, fixSdp } from './sdp.ts';

const WITHOUT =
  'there is no relay for media here. Let telephones find their addresses by STUN or ICE, or put an RTP relay in their path';
const EVERYWHERE: readonly RouteKind[] = ['request', 'failure', 'reply', 'branch'];

const ignored = (name: string, type: 'string' | 'int', why = 'there is no relay for media.'): ParameterSpec => ({
  name,
  type,
  default: null,
  describe: `Accepted without effect: ${why}`,
});

const noArguments = (name: string, routes: readonly RouteKind[], describe: string): FunctionSpec => ({
  name,
  arity: [0],
  routes,
  describe,
});

export const nathelper: SipModule = {
  name: 'nathelper',
  describe: 'Finds telephones behind a NAT, corrects what they say of their address, and keeps the way to them open.',
  needs: [],
  parameters: [
    ...PING_PARAMETERS,
    {
      name: 'received_avp',
      type: 'string',
      orNumber: true,
      default: null,
      describe: 'The AVP in which fix_nated_register leaves the sender; the same as received_avp of registrar.',
      check: (value) => (avpOf(value) === undefined ? `must be an AVP like $avp(i:42), but is "${value}"` : undefined),
    },
    {
      name: 'nortpproxy_str',
      type: 'string',
      default: 'a=nortpproxy:yes',
      describe: 'The line that fix_nated_sdp adds with flag 4.',
      check: (value) =>
        /^[a-z]=[^\r\n]+(\r?\n)?$/.test(String(value)) ? undefined : 'must be a line of SDP such as "a=nortpproxy:yes"',
    },
    ignored('natping_processes', 'int', 'one process sends the pings.'),
    ignored('natping_socket', 'string', 'a ping leaves by the socket that the contact was registered over.'),
    ignored('force_socket', 'string', 'a ping leaves by the socket that the contact was registered over.'),
    ignored('rtpproxy_sock', 'string'),
    ignored('rtpproxy_disable', 'int'),
    ignored('rtpproxy_disable_tout', 'int'),
    ignored('rtpproxy_tout', 'int'),
    ignored('rtpproxy_retr', 'int'),
  ],
  functions: [
    {
      name: 'nat_uac_test',
      arity: [1],
      routes: ['request', 'failure', 'reply'],
      describe:
        'Whether the sender is behind a NAT, by the tests whose sum is given. 1: private address in Contact; 2: Via names another address ' +
        'than the sender’s; 4: private address in Via; 8: private address in the SDP; 16: Via names another port; 32: Contact names ' +
        'another address.',
      checkArgument: (_index, text) => numberText(text, 1, ALL_TESTS),
    },
    noArguments(
      'fix_nated_contact',
      EVERYWHERE,
      'Puts the address and port of the sender into the Contact that goes on, and that save() stores. -1: there is none.',
    ),
    noArguments('fix_contact', EVERYWHERE, 'The same, as mediaproxy calls it.'),
    noArguments(
      'add_rcv_param',
      ['request'],
      'Adds ;received= with the URI of the sender to the Contact that goes on.',
    ),
    noArguments(
      'fix_nated_register',
      ['request'],
      'Remembers the URI of the sender in received_avp, so that save() keeps it with the contact.',
    ),
    {
      name: 'fix_nated_sdp',
      arity: [1, 2],
      routes: EVERYWHERE,
      describe:
        'Corrects the SDP. 1: adds a=direction:active; 2: the sender’s address, or the one given, in c=; 4: adds nortpproxy_str; 8: the ' +
        'address in o=. The numbers are added. -1: there is no SDP.',
      checkArgument: (index, text) =>
        index === 0
          ? numberText(text, 1, ALL_FIXES)
          : isIP(text) === 0
            ? `must be an IP address, but is "${text}"`
            : undefined,
    },
  ],
  absent: {
    force_rtp_proxy: WITHOUT,
    unforce_rtp_proxy: WITHOUT,
    start_recording: WITHOUT,
    rtpproxy_offer: WITHOUT,
    rtpproxy_answer: WITHOUT,
    use_media_proxy: WITHOUT,
    end_media_session: WITHOUT,
    client_nat_test: 'write nat_uac_test("7")',
  },
  build(parameters) {
    const avp = avpOf(parameters.received_avp);
    const mark = String(parameters.nortpproxy_str).trimEnd();
    return {
      functions: {
        nat_uac_test(text) {
          const tests = Number(text);
          return (run) => natUacTest(run, tests);
        },
        fix_nated_contact: () => fixContact,
        fix_contact: () => fixContact,
        add_rcv_param: () => addReceived,
        fix_nated_register: () => (run) => (avp === undefined ? -1 : rememberSender(run, avp)),
        fix_nated_sdp(text, address) {
          const fixes = Number(text);
          return (run) => fixSdp(run, fixes, address, mark);
        },
      },
    };
  },
};

/** `$avp(i:42)`, `i:42`, or SER's 42. */
function avpOf(value: string | number | null | undefined) {
  const text = String(value ?? '');
  return avpName(/^\$avp\((.*)\)$/.exec(text)?.[1] ?? text, NO_ALIASES);
}

const NO_ALIASES: ReadonlyMap<string, string> = new Map();
