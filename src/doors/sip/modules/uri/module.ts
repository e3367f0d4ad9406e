/** uri: questions about the Request-URI, To and the user, and parameters added to the Request-URI. */
import { parseUri, uriParam } from '../../message/uri.ts';
import type { Run } from '../../run.ts';
import type { FunctionSpec, SipModule } from '../../script/types.ts';

const WORD = /^[A-Za-z0-9!$%&'()*+./:[\]_~-]+$/;

const checkWord = (_index: number, text: string) =>
  WORD.test(text) ? undefined : `"${text}" cannot stand in a parameter of a URI`;

const about = (
  name: string,
  arity: readonly number[],
  describe: string,
  checkArgument?: FunctionSpec['checkArgument'],
): FunctionSpec => ({
  name,
  arity,
  routes: ['request', 'failure'],
  describe,
  ...(checkArgument && { checkArgument }),
});

export const uri: SipModule = {
  name: 'uri',
  describe: 'Asks about the Request-URI, the To tag and the user, and changes parameters of the Request-URI.',
  needs: [],
  parameters: [],
  functions: [
    about('has_totag', [0], 'Does To have a tag, as it has within a dialog? -1: no.'),
    about('is_user', [1], 'Is this the user who has authenticated? -1: somebody else has, or nobody.'),
    about(
      'uri_param',
      [1, 2],
      'Has the Request-URI this parameter, without a value or with the one given? -1: no.',
      checkWord,
    ),
    about(
      'add_uri_param',
      [1],
      'Adds the parameter, "name" or "name=value", to the Request-URI. -1: that is not of sip or sips.',
      (_index, text) =>
        text.split('=', 2).every((part) => WORD.test(part)) && text.split('=').length < 3
          ? undefined
          : `must be name or name=value, but is "${text}"`,
    ),
    about(
      'tel2sip',
      [0],
      'Makes sip:number@host;user=phone of a Request-URI of tel, with the host of From. -1: it cannot be made; 1 for any other URI too.',
    ),
  ],
  build: () => ({
    functions: {
      has_totag: () => (run) => (run.message.toTag === '' ? -1 : 1),
      is_user: (user) => (run) => (run.authorised?.user === user ? 1 : -1),
      uri_param(name, value = '') {
        const wanted = name!.toLowerCase();
        const text = value.toLowerCase();
        return (run) => {
          const target = run.requestUri;
          return target && uriParam(target, wanted)?.toLowerCase() === text ? 1 : -1;
        };
      },
      add_uri_param: (parameter) => (run) => addParameter(run, parameter!),
      tel2sip: () => tel2sip,
    },
  }),
};

function addParameter(run: Run, parameter: string): number {
  const target = run.requestUri;
  if (target === undefined || target.host === '') return -1;
  // Before the headers, if there are any.
  const mark = run.uri.length - target.headers.length - 1;
  const end = run.uri[mark] === '?' ? mark : run.uri.length;
  run.uri = `${run.uri.slice(0, end)};${parameter}${run.uri.slice(end)}`;
  return 1;
}

/** RFC 3261 section 19.1.6: all that tel says of the number becomes the user part. */
function tel2sip(run: Run): number {
  const target = run.requestUri;
  if (target === undefined) return -1;
  if (target.scheme !== 'tel') return 1;
  const host = run.message.fromUri?.host ?? '';
  const made = `sip:${target.user}${target.params}@${host};user=phone`;
  if (host === '' || parseUri(made) === undefined) return -1;
  run.uri = made;
  return 1;
}
