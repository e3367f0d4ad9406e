/** textops: headers and text of the message. */
import { Header, headerId } from '../../message/header-names.ts';
import { cleanHeaders, cleanValue } from '../../message/header-text.ts';
import type { Run } from '../../run.ts';
import { Pattern } from '../../script/pattern.ts';
import type { RouteKind } from '../../script/route-kinds.ts';
import type { SipModule } from '../../script/types.ts';
import type { Text } from '../../script/values/format.ts';
import { expression } from '../value-checks.ts';

const EVERYWHERE: readonly RouteKind[] = ['request', 'failure', 'reply', 'branch'];
/** Without them a message is none, or finds no way back. */
const NEEDED = new Set([Header.via, Header.from, Header.to, Header.callId, Header.cseq, Header.contentLength]);

export const textops: SipModule = {
  name: 'textops',
  describe: 'Looks at the text of a message; adds and removes headers.',
  needs: [],
  parameters: [],
  functions: [
    {
      name: 'append_hf',
      arity: [1],
      routes: EVERYWHERE,
      describe: 'Appends a header, "Name: value\\r\\n", to the message that goes on.',
      takesVariables: [0],
      checkArgument: (_index, text) =>
        /^[\w!%*+.'`~-]+[ \t]*:[^\r\n]*(\r\n[\w!%*+.'`~-]+[ \t]*:[^\r\n]*)*(\r\n)?$/.test(text)
          ? undefined
          : 'must look like "Name: value\\r\\n"',
    },
    {
      name: 'remove_hf',
      arity: [1],
      routes: EVERYWHERE,
      describe: 'Removes all headers of this name from the message that goes on. -1: there are none.',
      checkArgument: (_index, text) => checkName(text, true),
    },
    {
      name: 'is_present_hf',
      arity: [1],
      routes: EVERYWHERE,
      describe: 'Whether the message has a header of this name.',
      checkArgument: (_index, text) => checkName(text, false),
    },
    {
      name: 'search',
      arity: [1],
      routes: EVERYWHERE,
      describe: 'Whether the expression matches anywhere in the message, line ends included.',
      checkArgument: (_index, text) => expression(text),
    },
    {
      name: 'search_body',
      arity: [1],
      routes: EVERYWHERE,
      describe: 'Whether the expression matches anywhere in the body.',
      checkArgument: (_index, text) => expression(text),
    },
    {
      name: 'has_body',
      arity: [0, 1],
      routes: EVERYWHERE,
      describe: 'Whether there is a body, of this Content-Type if one is given.',
      checkArgument: (_index, text) =>
        /^[\w.+-]+\/[\w.+-]+$/.test(text) ? undefined : `must be a type such as "application/sdp", but is "${text}"`,
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
  ],
  absent: {
    append_to_reply: 'replies of our own get no further headers yet',
    insert_hf: 'write append_hf',
    append_urihf: 'write append_hf("Name: <$ru>\\r\\n")',
    replace: 'the text of a message is not rewritten',
    replace_body: 'the text of a message is not rewritten',
    replace_all: 'the text of a message is not rewritten',
    replace_body_all: 'the text of a message is not rewritten',
    subst: 'the text of a message is not rewritten; assign to $ru or its parts',
    subst_uri: 'assign to $ru or its parts',
    subst_user: 'assign to $rU',
    subst_body: 'the text of a message is not rewritten',
    search_append: 'write append_hf',
    search_append_body: 'the text of a message is not rewritten',
    set_body: 'the body of a message is not rewritten',
    set_reply_body: 'replies of our own have no body',
    is_privacy: 'write $hdr(Privacy)=~"id"',
    append_time: 'replies of our own get no further headers yet',
  },
  build: () => ({
    functions: {
      remove_hf: (name) => (run) => removeHeader(run, name!.toLowerCase()),
      is_present_hf: (name) => (run) => (run.message.valueNamed(name!) === undefined ? -1 : 1),
      search: (text) => matching(text!, (run) => run.message.raw),
      search_body: (text) => matching(text!, (run) => run.message.body),
      has_body: (type) => (run) => hasBody(run, type?.toLowerCase()),
      is_method(text) {
        const methods = new Set(text!.toUpperCase().split('|'));
        return ({ message }) => (methods.has(message.method || (message.cseq?.method ?? '')) ? 1 : -1);
      },
    },
    texts: { append_hf: (text) => appending(text!) },
  }),
};

/** A constant text may be several headers; what variables bring stays within one. */
function appending(text: Text) {
  const { constant } = text;
  const fixed = constant === undefined ? undefined : cleanHeaders(constant);
  return (run: Run) => {
    run.edits.bottom += fixed ?? `${cleanValue(text.read(run).replace(/\r\n$/, ''))}\r\n`;
    return 1;
  };
}

function removeHeader({ message, edits }: Run, name: string): number {
  const id = headerId(name);
  let removed = -1;
  for (let index = message.indexOf(id); index >= 0; index = message.indexOf(id, index + 1)) {
    if (id === Header.other && message.nameAt(index).toLowerCase() !== name) continue;
    edits.remove(index);
    removed = 1;
  }
  return removed;
}

function matching(text: string, read: (run: Run) => string) {
  const pattern = new Pattern(text);
  return (run: Run) => (pattern.test(read(run)) ? 1 : -1);
}

function hasBody({ message }: Run, type: string | undefined): number {
  if (message.body === '') return -1;
  if (type === undefined) return 1;
  const found = message.value(Header.contentType)?.toLowerCase() ?? '';
  return found === type || (found.startsWith(type) && /^[;\s]/.test(found.slice(type.length))) ? 1 : -1;
}

function checkName(text: string, removes: boolean): string | undefined {
  if (!/^[\w!%*+.'`~-]+$/.test(text)) return `must be the name of a header, but is "${text}"`;
  const name = text.toLowerCase();
  if (removes && NEEDED.has(headerId(name))) return `must not be ${text}, which every message needs`;
  return undefined;
}
