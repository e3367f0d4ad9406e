/** textops: headers and text of the message. */

import { cleanHeaders, headerLine } from '../../message/header-text.ts';
import { parseUri } from '../../message/uri.ts';
import type { Run } from '../../run.ts';
import { Pattern } from '../../script/pattern.ts';
import { rewrites, rewriteUri } from '../../script/rewrite-uri.ts';
import type { SipModule } from '../../script/types.ts';
import type { Text } from '../../script/values/format.ts';
import { LONGEST_TEXT } from '../../script/values/types.ts';
import { filterBody, hasBody, isAudioOnHold, setBody } from './body.ts';
import { TEXTOPS_FUNCTIONS } from './functions.ts';
import { append, finder, insert, linesOf, remove } from './headers.ts';
import { isPrivacy } from './privacy.ts';
import { Rewriting } from './rewriting.ts';
import { substitution } from './substitution.ts';

/** As the originals read expressions here. */
const BY_LINES = { lines: true };
/** The longest that append_to_reply puts together for one request. */
const LONGEST_REPLY_HEADERS = 8192;

export const textops: SipModule = {
  name: 'textops',
  describe: 'Looks at the text of a message and changes it.',
  needs: [],
  parameters: [],
  functions: TEXTOPS_FUNCTIONS,
  build: (_parameters, { clock }, uses) => ({
    functions: {
      remove_hf: (name) => remove(name!),
      is_present_hf(name) {
        const find = finder(name!);
        return (run) => (find(run.message) < 0 ? -1 : 1);
      },
      append_time: () => (run) => appendToReply(run, headerLine('Date', new Date(clock.now()).toUTCString())),
      search: (text) => matching(text!, (run) => run.message.raw),
      search_body: (text) => matching(text!, (run) => run.message.body),
      subst(text) {
        const change = substitution(text!, uses);
        return (run) => change.headers(run);
      },
      subst_body(text) {
        const change = substitution(text!, uses);
        return (run) => change.body(run);
      },
      subst_uri(text) {
        const change = substitution(text!, uses);
        return (run) => setUri(run, change.text(run, run.uri));
      },
      subst_user(text) {
        const change = substitution(text!, uses);
        return (run) => {
          const user = change.text(run, parseUri(run.uri)?.user ?? '');
          return setUri(run, user === undefined ? undefined : rewriteUri(run.uri, rewrites.user(user)));
        };
      },
      has_body: (type) => (run) => hasBody(run, type?.toLowerCase()),
      filter_body: (type) => (run) => filterBody(run, type!.toLowerCase()),
      is_audio_on_hold: () => isAudioOnHold,
      is_method(text) {
        const methods = new Set(text!.toUpperCase().split('|'));
        return ({ message }) => (methods.has(message.method || (message.cseq?.method ?? '')) ? 1 : -1);
      },
      is_privacy: (type) => (run) => isPrivacy(run, type!.toLowerCase()),
    },
    texts: {
      append_hf: (text, beside) => append(linesOf(text!), beside?.constant),
      insert_hf: (text, beside) => insert(linesOf(text!), beside?.constant),
      append_urihf: (before, after) => {
        const line = linesOf({ constant: undefined, read: (run) => before!.read(run) + run.uri + after!.read(run) });
        return append(line, undefined);
      },
      append_to_reply(text) {
        const lines = linesOf(text!);
        return (run) => appendToReply(run, lines(run));
      },
      set_reply_body: (text, type) => (run) => setReplyBody(run, text!.read(run), type!.constant!),
      set_body: (text, type) => (run) => setBody(run, text!.read(run), type!.constant!),
      search_append: (expression, text) => inHeaders(expression!, text!, false, true),
      search_append_body: (expression, text) => inBody(expression!, text!, false, true),
      replace: (expression, text) => inHeaders(expression!, text!, false, false),
      replace_all: (expression, text) => inHeaders(expression!, text!, true, false),
      replace_body: (expression, text) => inBody(expression!, text!, false, false),
      replace_body_all: (expression, text) => inBody(expression!, text!, true, false),
    },
  }),
};

function matching(text: string, read: (run: Run) => string) {
  const pattern = new Pattern(text, BY_LINES);
  return (run: Run) => (pattern.test(read(run)) ? 1 : -1);
}

function inHeaders(expression: Text, text: Text, all: boolean, behind: boolean) {
  const change = replacing(expression, text, all, behind);
  return (run: Run) => change.headers(run);
}

function inBody(expression: Text, text: Text, all: boolean, behind: boolean) {
  const change = replacing(expression, text, all, behind);
  return (run: Run) => change.body(run);
}

function replacing(expression: Text, text: Text, all: boolean, behind: boolean): Rewriting {
  return new Rewriting(expression.constant ?? '', BY_LINES, all, (run, whole, [start, end]) =>
    behind ? whole.slice(start, end) + text.read(run) : text.read(run),
  );
}

function setUri(run: Run, uri: string | undefined): number {
  if (uri === undefined || uri.length > LONGEST_TEXT || parseUri(uri) === undefined) return -1;
  run.uri = uri;
  return 1;
}

function appendToReply(run: Run, lines: string): number {
  if (run.replyHeaders.length + lines.length > LONGEST_REPLY_HEADERS) return -1;
  run.replyHeaders += cleanHeaders(lines);
  return 1;
}

function setReplyBody(run: Run, body: string, type: string): number {
  if (run.replyBody !== '' || body === '') return -1;
  run.replyBody = body;
  return appendToReply(run, headerLine('Content-Type', type));
}
