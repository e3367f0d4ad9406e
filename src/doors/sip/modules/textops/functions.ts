/** What textops' functions take, and where they may be used. */
import { Header, headerId } from '../../message/header-names.ts';
import type { RouteKind } from '../../script/route-kinds.ts';
import type { FunctionSpec } from '../../script/types.ts';
import { expression } from '../value-checks.ts';
import { PRIVACY_TYPES } from './privacy.ts';
import { checkSubstitution } from './substitution.ts';

const EVERYWHERE: readonly RouteKind[] = ['request', 'failure', 'reply', 'branch'];
const OF_REQUESTS: readonly RouteKind[] = ['request', 'failure', 'branch'];
const ANSWERING: readonly RouteKind[] = ['request', 'failure', 'error'];
/** Without them a message is none, or finds no way back. */
const NEEDED = new Set([Header.via, Header.from, Header.to, Header.callId, Header.cseq, Header.contentLength]);
/** Beside them nothing is put: they are made anew when the message goes on. */
const MADE = new Set([Header.via, Header.contentLength]);
const NAME = /^[\w!%*+.'`~-]+$/;
const LINES = /^[\w!%*+.'`~-]+[ \t]*:[^\r\n]*(\r\n[\w!%*+.'`~-]+[ \t]*:[^\r\n]*)*(\r\n)?$/;

type Check = NonNullable<FunctionSpec['checkArgument']>;

const aLine: Check = (_index, text) => (LINES.test(text) ? undefined : 'must look like "Name: value\\r\\n"');
const anExpression: Check = (_index, text) => expression(text);
const aSubstitution: Check = (_index, text) => checkSubstitution(text);
const aType: Check = (_index, text) =>
  /^[\w.+-]+\/[\w.+-]+$/.test(text) ? undefined : `must be a type such as "application/sdp", but is "${text}"`;

function aName(unfit: ReadonlySet<number>): Check {
  return (_index, text) => {
    if (!NAME.test(text)) return `must be the name of a header, but is "${text}"`;
    return unfit.has(headerId(text)) ? `must not be ${text}, which every message needs` : undefined;
  };
}

const putsIn = (name: string, describe: string): FunctionSpec => ({
  name,
  arity: [1, 2],
  routes: EVERYWHERE,
  describe,
  takesVariables: [0],
  checkArgument: (index, text) => (index === 0 ? aLine(index, text) : aName(MADE)(index, text)),
});

const looks = (name: string, describe: string): FunctionSpec => ({
  name,
  arity: [1],
  routes: EVERYWHERE,
  describe,
  checkArgument: anExpression,
});

const replaces = (name: string, describe: string): FunctionSpec => ({
  name,
  arity: [2],
  routes: EVERYWHERE,
  describe: `${describe} -1: there is none.`,
  takesVariables: [1],
  checkArgument: (index, text) => (index === 0 ? expression(text) : undefined),
});

const substitutes = (name: string, routes: readonly RouteKind[], describe: string): FunctionSpec => ({
  name,
  arity: [1],
  routes,
  describe: `${describe}: "/expression/replacement/flags". -1: it does not match.`,
  ownSyntax: [0],
  checkArgument: aSubstitution,
});

export const TEXTOPS_FUNCTIONS: readonly FunctionSpec[] = [
  putsIn(
    'append_hf',
    'Appends a header, "Name: value\\r\\n", to the message that goes on; behind the first one named, if one is.',
  ),
  putsIn('insert_hf', 'The same, but on top; or before the first one named.'),
  {
    name: 'append_urihf',
    arity: [2],
    routes: OF_REQUESTS,
    describe: 'Appends a header made of the first text, the Request-URI and the second text.',
    takesVariables: [0, 1],
    checkArgument: (index, text) =>
      index === 0 && !/^[\w!%*+.'`~-]+[ \t]*:[^\r\n]*$/.test(text) ? 'must begin like "Name: "' : undefined,
  },
  {
    name: 'remove_hf',
    arity: [1],
    routes: EVERYWHERE,
    describe: 'Removes all headers of this name from the message that goes on. -1: there are none.',
    checkArgument: aName(NEEDED),
  },
  {
    name: 'is_present_hf',
    arity: [1],
    routes: EVERYWHERE,
    describe: 'Whether the message has a header of this name.',
    checkArgument: aName(new Set()),
  },
  {
    name: 'append_to_reply',
    arity: [1],
    routes: ANSWERING,
    describe:
      'Appends a header, "Name: value\\r\\n", to the replies that this server itself gives to the request from here on.',
    takesVariables: [0],
    checkArgument: aLine,
  },
  {
    name: 'append_time',
    arity: [0],
    routes: ANSWERING,
    describe: 'Appends a Date header to these replies.',
  },
  {
    name: 'set_reply_body',
    arity: [2],
    routes: ANSWERING,
    describe: 'Gives these replies a body, and its Content-Type.',
    takesVariables: [0],
    checkArgument: (index, text) => (index === 1 ? aType(index, text) : undefined),
  },
  looks('search', 'Whether the expression matches a line of the message, the first one among them.'),
  looks('search_body', 'Whether the expression matches a line of the body.'),
  replaces('search_append', 'Puts the second text behind the first place in the headers that the expression matches.'),
  replaces('search_append_body', 'The same in the body.'),
  replaces('replace', 'Puts the second text in the first place in the headers that the expression matches.'),
  replaces('replace_all', 'The same in all places, 100 at most, and fewer where a long text makes it slow.'),
  replaces('replace_body', 'Puts the second text in the first place in the body that the expression matches.'),
  replaces('replace_body_all', 'The same in all places, 100 at most, and fewer where a long text makes it slow.'),
  substitutes('subst', EVERYWHERE, 'Changes the headers'),
  substitutes('subst_body', EVERYWHERE, 'Changes the body'),
  substitutes('subst_uri', OF_REQUESTS, 'Changes the Request-URI'),
  substitutes('subst_user', OF_REQUESTS, 'Changes the user part of the Request-URI'),
  {
    name: 'has_body',
    arity: [0, 1],
    routes: EVERYWHERE,
    describe: 'Whether there is a body, of this Content-Type if one is given.',
    checkArgument: aType,
  },
  {
    name: 'filter_body',
    arity: [1],
    routes: EVERYWHERE,
    describe: 'Leaves of a body of several parts the first one of this Content-Type. -1: there is none.',
    checkArgument: aType,
  },
  {
    name: 'set_body',
    arity: [2],
    routes: EVERYWHERE,
    describe: 'Puts another body in the place of the message’s own, and its Content-Type.',
    takesVariables: [0],
    checkArgument: (index, text) => (index === 1 ? aType(index, text) : undefined),
  },
  {
    name: 'is_audio_on_hold',
    arity: [0],
    routes: EVERYWHERE,
    describe: 'Whether the SDP in the body holds the sound: sendonly, inactive, or the address 0.0.0.0.',
  },
  {
    name: 'is_method',
    arity: [1],
    routes: EVERYWHERE,
    flow: 'method',
    describe: 'Whether the method is one of these, "INVITE|ACK"; of a reply, that of its request.',
    checkArgument: (_index, text) =>
      /^[A-Za-z]+(\|[A-Za-z]+)*$/.test(text) ? undefined : `must look like "INVITE|ACK", but is "${text}"`,
  },
  {
    name: 'is_privacy',
    arity: [1],
    routes: EVERYWHERE,
    describe: `Whether the Privacy header (RFC 3323) asks for this: ${PRIVACY_TYPES.join(', ')}. -1: it does not, or there is none.`,
    checkArgument: (_index, text) =>
      PRIVACY_TYPES.includes(text.toLowerCase()) ? undefined : `must be one of ${PRIVACY_TYPES.join(', ')}`,
  },
];
