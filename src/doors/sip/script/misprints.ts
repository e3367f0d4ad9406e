/**
 * Takes out of the tokens what printing, mailing or copying a listing put in: callout numbers beside the code, figures
 * glued to words, mail links. Each gets one explanation, and the parser never sees it.
 *
 * Errors: SCRIPT_MISPRINT.
 */
import type { Problems } from './diagnostics.ts';
import type { Token } from './lexer.ts';

const BEFORE_STATEMENT = new Set([';', '{', '}']);

export function removeMisprints(tokens: readonly Token[], problems: Problems): Token[] {
  const kept: Token[] = [];
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index]!;
    const next = tokens[index + 1];
    if (token.kind === 'callout' || isPlainCallout(token, kept.at(-1))) {
      explainCallout(token, next);
    } else if (token.text === '[' && next?.text === 'mailto') {
      const last = mailLinkEnd(tokens, index);
      explainMailLink(token, tokens[last]!);
      index = last;
    } else {
      if (token.kind === 'string' && token.text.includes('[mailto:')) explainMailLink(token, token);
      kept.push(token);
    }
  }
  return kept;

  function explainCallout(token: Token, next: Token | undefined): undefined {
    const glued = next?.kind === 'identifier' && next.offset === token.offset + token.length;
    const message = glued
      ? `the number ${token.text} is glued to \`${next.text}\``
      : `the number ${token.text} beside the code does not belong to it`;
    problems.error('SCRIPT_MISPRINT', token, message, {
      cause: 'it is a callout number of the printed listing, which refers to an explanation below it',
      cure: glued
        ? `remove the callout number ${token.text}: write ${next.text}`
        : `remove the callout number ${token.text}`,
    });
  }

  function explainMailLink(from: Token, to: Token): undefined {
    problems.error(
      'SCRIPT_MISPRINT',
      { ...from, length: to.offset + to.length - from.offset },
      'a mail link stands in the text',
      {
        cause: 'a mail program or web page has put [mailto:...] behind an address',
        cure: 'remove everything from [mailto: to the bracket that closes it',
      },
    );
  }
}

/** No statement begins with a number: one behind `;` or a brace, or at the very start, was a callout. */
function isPlainCallout(token: Token, previous: Token | undefined): boolean {
  if (token.kind !== 'number' || !/^[0-9]{1,3}$/.test(token.text)) return false;
  return previous === undefined || (previous.kind === 'operator' && BEFORE_STATEMENT.has(previous.text));
}

function mailLinkEnd(tokens: readonly Token[], start: number): number {
  const line = tokens[start]!.line;
  let index = start;
  while (tokens[index + 1]?.line === line && tokens[index]!.text !== ']') index++;
  return index;
}
